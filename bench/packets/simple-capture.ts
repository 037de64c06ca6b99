import { closeSync, openSync, writeSync } from "node:fs";
import { seededRandom, type Random } from "#base/random.ts";

/**
 * A pcap file of Ethernet and IPv4: 10 % DNS (queries and answers), 20 % other UDP, 70 % TCP with the timestamps
 * option; 60 to 140 bytes, 65,536 hosts. TCP's checksums are 0, as hardware leaves them.
 */
export function writeSimpleCapture(path: string, count: number, seed = 1): void {
  const random = seededRandom(seed);
  const out = new Uint8Array(BUFFER_BYTES);
  const file = openSync(path, "w");
  let filled = putFileHeader(out);
  let microseconds = 0;
  for (let i = 0; i < count; i++) {
    if (filled > BUFFER_BYTES - MOST_RECORD_BYTES) {
      writeSync(file, out, 0, filled);
      filled = 0;
    }
    microseconds += 1 + random.below(20);
    const length = putFrame(out, filled + 16, random);
    put32Little(out, filled, 1_790_000_000 + Math.floor(microseconds / 1_000_000));
    put32Little(out, filled + 4, microseconds % 1_000_000);
    put32Little(out, filled + 8, length);
    put32Little(out, filled + 12, length);
    filled += 16 + length;
  }
  writeSync(file, out, 0, filled);
  closeSync(file);
}

const BUFFER_BYTES = 4 * 1024 * 1024;
const MOST_RECORD_BYTES = 256;

function putFileHeader(out: Uint8Array): number {
  put32Little(out, 0, 0xa1b2c3d4);
  out.set([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0], 4);
  put32Little(out, 16, 262_144);
  put32Little(out, 20, 1);
  return 24;
}

/** Writes one frame and returns its length. */
function putFrame(out: Uint8Array, at: number, random: Random): number {
  const kind = random.below(10);
  const [client, server] = [random.below(65_536), random.below(65_536)];
  const isAnswer = random.below(2) === 1;
  out.set(MACS, at);
  const header = at + 14;
  const payload = header + 20;
  const size =
    kind === 0 ? putDns(out, payload, random, isAnswer) : putOther(out, payload, random, kind > 2, isAnswer);
  const total = 20 + size;
  out.set([0x45, 0, total >> 8, total & 0xff, random.below(256), random.below(256), 0x40, 0, 64], header);
  out[header + 9] = kind > 2 ? 6 : 17;
  put16(out, header + 10, 0);
  out.set([10, 1, client >> 8, client & 0xff], header + (isAnswer ? 16 : 12));
  out.set([198, 18 + (server >> 15), (server >> 8) & 0x7f, server & 0xff], header + (isAnswer ? 12 : 16));
  put16(out, header + 10, headerChecksum(out, header));
  return 14 + total;
}

const MACS = [2, 0, 0x5e, 0x10, 0, 1, 2, 0, 0x5e, 0x10, 0, 2, 8, 0];
const WORDS = ["www", "mail", "api", "cdn", "static", "login", "img", "news"].map((word) => [
  word.length,
  ...Array.from(word, (letter) => letter.charCodeAt(0)),
]);

/** A question, or its answer with one address; returns the datagram's size. */
function putDns(out: Uint8Array, at: number, random: Random, isAnswer: boolean): number {
  const body = at + 8;
  const flags = isAnswer ? [0x81, 0x80] : [1, 0];
  out.set([random.below(256), random.below(256), ...flags, 0, 1, 0, isAnswer ? 1 : 0, 0, 0, 0, 0], body);
  let end = body + 12;
  const name = [WORDS[random.below(8)]!, [5, 104, 48 + random.below(10), 48 + random.below(10), 45, 120]];
  for (const label of [...name, [7, 101, 120, 97, 109, 112, 108, 101], [3, 99, 111, 109], [0]]) {
    out.set(label, end);
    end += label.length;
  }
  out.set([0, 1, 0, 1], end);
  end += 4;
  if (isAnswer) {
    out.set([0xc0, 12, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4, 203, 0, 113, random.below(256)], end);
    end += 16;
  }
  const port = 1_024 + random.below(60_000);
  putUdp(out, at, isAnswer ? 53 : port, isAnswer ? port : 53, end - at);
  return end - at;
}

function putOther(out: Uint8Array, at: number, random: Random, isTcp: boolean, isAnswer: boolean): number {
  const port = 1_024 + random.below(60_000);
  const service = isTcp ? TCP_PORTS[random.below(4)]! : UDP_PORTS[random.below(4)]!;
  const [source, destination] = isAnswer ? [service, port] : [port, service];
  const header = isTcp ? 32 : 8;
  const size = Math.max(26, header + random.below(107 - header));
  if (!isTcp) putUdp(out, at, source, destination, size);
  else {
    put16(out, at, source);
    put16(out, at + 2, destination);
    for (let i = 4; i < 12; i++) out[at + i] = random.below(256);
    out.set([0x80, TCP_FLAGS[random.below(8)]!, 0x10, 0, 0, 0, 0, 0, 1, 1, 8, 10], at + 12);
    for (let i = 24; i < 32; i++) out[at + i] = random.below(256);
  }
  for (let i = header; i < size; i++) out[at + i] = i;
  return size;
}

const TCP_PORTS = [443, 80, 22, 8_443];
const UDP_PORTS = [443, 51_820, 3_478, 6_881];
const TCP_FLAGS = [0x10, 0x10, 0x10, 0x10, 0x18, 0x18, 0x02, 0x11];

function putUdp(out: Uint8Array, at: number, source: number, destination: number, size: number): void {
  put16(out, at, source);
  put16(out, at + 2, destination);
  put16(out, at + 4, size);
  put16(out, at + 6, 0);
}

function headerChecksum(out: Uint8Array, at: number): number {
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += (out[at + i]! << 8) | out[at + i + 1]!;
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
}

function put16(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value & 0xff;
}

function put32Little(out: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) out[at + i] = (value >>> (8 * i)) & 0xff;
}
