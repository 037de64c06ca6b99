// Parts of the programs that packet-socket.test.ts runs inside a network namespace.
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import type { BpfProgram } from "#base/bpf.ts";
import type { PacketSocket, PacketSocketOptions, ReceivedPacket } from "#host/packet-sockets.ts";
import { systemHost } from "#system/host.ts";

export const { packetSockets, rawIp } = systemHost();

export type Mode = PacketSocketOptions["mode"];
export const MODES: readonly Mode[] = ["latency", "bulk"];

/** What `ip` says to a command. */
export function ip(command: string): string {
  return execFileSync("ip", command.split(" "), { encoding: "utf8" });
}

/** Two ends of one cable, va and vb, that are up and silent. */
export function makePair(mtu = 1500): void {
  for (const each of ["all", "default"]) {
    execFileSync("sysctl", ["-qw", `net.ipv6.conf.${each}.disable_ipv6=1`]);
  }
  ip("link add va type veth peer name vb");
  for (const name of ["va", "vb"]) ip(`link set ${name} mtu ${mtu} up arp off`);
}

/** Resolves when both ends carry packets: the kernel tells of a carrier up to a second late, and drops them till then. */
export async function whenUp(): Promise<void> {
  const isUp = (name: string): boolean => ip(`-br link show ${name}`).split(/\s+/)[1] === "UP";
  await until(() => isUp("va") && isUp("vb"), "the carrier");
}

export async function until(done: () => boolean, what: string): Promise<void> {
  const limit = performance.now() + 10_000;
  while (!done()) {
    if (performance.now() > limit) throw new Error(`never came: ${what}`);
    await sleep(1);
  }
}

/** A packet that was received, kept. */
export interface Kept {
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly time: number;
  readonly outgoing: boolean;
  readonly partial: boolean;
}

/** A socket that keeps what comes. */
export class Box {
  readonly kept: Kept[] = [];
  readonly errors: Error[] = [];
  drains = 0;
  socket!: PacketSocket;

  static async open(name: string, mode: Mode, options: Partial<PacketSocketOptions> = {}): Promise<Box> {
    const box = new Box();
    const keep = (packet: ReceivedPacket): void => {
      const { bytes, start, stop, originalLength: length, outgoing, checksumPartial: partial } = packet;
      const time = packet.seconds * 1_000 + packet.nanoseconds / 1_000_000;
      box.kept.push({ bytes: bytes.slice(start, stop), length, time, outgoing, partial });
    };
    box.socket = await packetSockets.open(
      { interface: name, mode, ...options },
      { received: keep, drained: () => box.drains++, failed: (error) => box.errors.push(error) },
    );
    return box;
  }

  /** The numbers of the frames that came. */
  get numbers(): number[] {
    return this.kept.map(({ bytes }) => numberOf(bytes));
  }
}

/** A broadcast of a type for experiments, or another one, that carries a number. */
export function frame(number: number, length = 64, type = 0x88b5, to = BROADCAST): Uint8Array {
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  bytes.set(to);
  bytes.set([2, 0, 0, 0, 9, number & 255], 6);
  view.setUint16(12, type);
  view.setUint32(14, number);
  for (let i = 18; i < length; i++) bytes[i] = i;
  return bytes;
}

export function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(14);
}

export const BROADCAST: readonly number[] = [255, 255, 255, 255, 255, 255];

/** What has that EtherType, which classic BPF finds at 12. */
export function typeFilter(type: number): BpfProgram {
  return [
    { code: 0x28, jt: 0, jf: 0, k: 12 },
    { code: 0x15, jt: 0, jf: 1, k: type },
    { code: 0x06, jt: 0, jf: 0, k: 0x4_0000 },
    { code: 0x06, jt: 0, jf: 0, k: 0 },
  ];
}

/** Sends everything, waiting where the kernel has no room. */
export async function sendAll(socket: PacketSocket, packets: readonly Uint8Array[]): Promise<void> {
  for (let sent = 0; sent < packets.length;) {
    const taken = socket.send(packets.slice(sent));
    sent += taken;
    if (taken === 0) await sleep(1);
  }
}
