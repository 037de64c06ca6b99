import type { PacketTable } from "#packet/bpf/sure.ts";

export interface TablePacket {
  readonly bytes: Uint8Array;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly originalLength: number;
}

/** Packets as a ring has them: four words, some other bytes, the packet. */
export function packetTable(packets: readonly TablePacket[]): PacketTable {
  const [starts, heads]: [number[], number[]] = [[], []];
  let size = 0;
  for (const { bytes } of packets) {
    heads.push(size / 4);
    starts.push(size + 19);
    size += (19 + bytes.length + 3) & ~3;
  }
  const words = new Uint32Array(size / 4);
  const all = new Uint8Array(words.buffer);
  for (const [i, { bytes, seconds, nanoseconds, originalLength }] of packets.entries()) {
    words.set([seconds, nanoseconds, bytes.length, originalLength], heads[i]!);
    all.set(bytes, starts[i]!);
  }
  return { bytes: all, words, starts: Uint32Array.from(starts), heads: Uint32Array.from(heads) };
}
