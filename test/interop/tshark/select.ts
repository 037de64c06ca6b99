import { readFileSync } from "node:fs";
import { Packet } from "#packet/dissect.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { CaptureFrame } from "#packet-tools/capture-source.ts";
import { firstOf } from "#packet-tools/queries.ts";

/** The numbers of the packets that a query selects: by the compiled way and by the thorough one. */
export function selectedNumbers(
  registry: Registry,
  file: string,
  text: string,
): { readonly quick: readonly number[]; readonly slow: readonly number[] } {
  const query = new Query(registry, text);
  const reader = new CaptureReader();
  reader.push(readFileSync(file));
  reader.end();
  const frame = new CaptureFrame(reader);
  const quick: number[] = [];
  const slow: number[] = [];
  while (reader.next()) {
    frame.follow();
    const { bytes, start, stop } = reader;
    const first = firstOf(registry, reader.linkType);
    if (query.matcher(first)(bytes, start, stop, frame)) quick.push(frame.number);
    const packet = new Packet(registry, first, bytes, { start, stop, originalLength: frame.length });
    if (query.matches(packet, frame)) slow.push(frame.number);
    frame.leave();
  }
  return { quick, slow };
}
