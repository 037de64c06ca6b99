import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { capturedPackets, type CapturedPacket } from "#packet/file/packets.ts";
import type { Ended, Lab } from "./live.ts";

/** Packets of a file, as far as they do not depend on the socket that took them. */
export function bytesIn(file: string): string[] {
  return packetsIn(file).map(({ bytes }) => Buffer.from(bytes).toString("hex"));
}

export function packetsIn(file: string): CapturedPacket[] {
  return [...capturedPackets(readFileSync(file))];
}

/** [packets, bytes of them] as capinfos counts. */
export function capinfos(lab: Lab, file: string): number[] {
  const table = lab.home.run("capinfos", "-T", "-r", "-c", "-d", file).trim().split("\t");
  return table.slice(1).map(Number);
}

/** What `parley packets capture` says in the end: [captured, passed, dropped]. */
export function captureCounts({ stderr }: Ended): number[] {
  const found = /^(\d+) packets captured, (\d+) passed the kernel's filter, (\d+) dropped$/m.exec(stderr);
  assert.ok(found, stderr);
  return found.slice(1).map(Number);
}
