import { closeSync, openSync, writeSync } from "node:fs";

/** Ports of which frames of uniformCapture are: of every four packets two to the first, one to one of the others. */
export const ASKED_PORTS: readonly number[] = [53, ...Array.from({ length: 99 }, (_, i) => 2_000 + 7 * i)];

/** A pcap file of UDP datagrams in Ethernet frames of one size, without the checksum behind them. */
export function writeUniformCapture(path: string, frameBytes: number, count: number): void {
  const record = 16 + frameBytes;
  const out = Buffer.alloc(24 + record * count);
  out.set([0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0]);
  out.writeUInt32LE(262_144, 16);
  out.writeUInt32LE(1, 20);
  for (let i = 0; i < count; i++) {
    const at = 24 + i * record;
    out.writeUInt32LE(1_790_000_000 + Math.floor(i / 1e6), at);
    out.writeUInt32LE(i % 1e6, at + 4);
    out.writeUInt32LE(frameBytes, at + 8);
    out.writeUInt32LE(frameBytes, at + 12);
    putFrame(out.subarray(at + 16, at + record), i);
  }
  const file = openSync(path, "w");
  writeSync(file, out);
  closeSync(file);
}

function putFrame(frame: Buffer, number: number): void {
  const total = frame.length - 14;
  frame.set([2, 0, 0x5e, 0x10, 0, 1, 2, 0, 0x5e, 0x10, 0, 2, 8, 0, 0x45, 0, total >> 8, total & 255]);
  frame.writeUInt16BE(number & 0xffff, 18);
  frame.set([0x40, 0, 64, 17, 0, 0, 10, 1, (number >> 8) & 255, number & 255, 198, 18, 0, 1], 20);
  const others = ASKED_PORTS.length - 1;
  const port = number % 2 === 0 ? 53 : number % 4 === 1 ? ASKED_PORTS[1 + ((number >> 2) % others)]! : 61_000;
  frame.writeUInt16BE(62_000, 34);
  frame.writeUInt16BE(port, 36);
  frame.writeUInt16BE(total - 20, 38);
}
