import { readIpv4, writeIpv4, type Ipv4 } from "#base/ipv4.ts";
import { LSA_HEADER, OSPF_HEADER } from "#ospf/constants.ts";
import { Lsa } from "#ospf/lsa.ts";

/** RFC 2328 A.3.1; with the names that counters use. */
export const PACKET_TYPES = [
  "",
  "hello",
  "database-description",
  "request",
  "update",
  "acknowledgment",
] as const;
export const HELLO = 1;
export const DATABASE_DESCRIPTION = 2;
export const REQUEST = 3;
export const UPDATE = 4;
export const ACKNOWLEDGMENT = 5;

/** Bits of Options. RFC 2328 A.2, RFC 5250. */
export const OPTION_EXTERNAL = 0x02;
export const OPTION_OPAQUE = 0x40;

/** RFC 2328 A.3.2. Times in seconds. */
export interface Hello {
  readonly mask: Ipv4;
  readonly helloInterval: number;
  readonly options: number;
  readonly priority: number;
  readonly deadInterval: number;
  readonly designated: Ipv4;
  readonly backup: Ipv4;
  readonly neighbors: readonly Ipv4[];
}

/** RFC 2328 A.3.3. */
export interface DatabaseDescription {
  readonly mtu: number;
  readonly options: number;
  readonly isInit: boolean;
  readonly hasMore: boolean;
  readonly isMaster: boolean;
  readonly sequence: number;
  /** Headers. */
  readonly lsas: readonly Lsa[];
}

/** RFC 2328 A.3.4. */
export interface Request {
  readonly type: number;
  readonly id: Ipv4;
  readonly advertisingRouter: Ipv4;
}

/** Undefined: the body is too short, or does not end where it should. */
export function readHello(body: Uint8Array): Hello | undefined {
  if (body.length < 20 || body.length % 4 !== 0) return undefined;
  const neighbors: Ipv4[] = [];
  for (let at = 20; at < body.length; at += 4) neighbors.push(readIpv4(body, at));
  return {
    mask: readIpv4(body, 0),
    helloInterval: (body[4]! << 8) | body[5]!,
    options: body[6]!,
    priority: body[7]!,
    deadInterval: readIpv4(body, 8),
    designated: readIpv4(body, 12),
    backup: readIpv4(body, 16),
    neighbors,
  };
}

export function writeHello(hello: Hello): Uint8Array {
  const body = new Uint8Array(20 + hello.neighbors.length * 4);
  writeIpv4(body, 0, hello.mask);
  body[4] = hello.helloInterval >> 8;
  body[5] = hello.helloInterval;
  body[6] = hello.options;
  body[7] = hello.priority;
  writeIpv4(body, 8, hello.deadInterval);
  writeIpv4(body, 12, hello.designated);
  writeIpv4(body, 16, hello.backup);
  for (const [i, neighbor] of hello.neighbors.entries()) writeIpv4(body, 20 + i * 4, neighbor);
  return body;
}

export function readDatabaseDescription(body: Uint8Array, now: number): DatabaseDescription | undefined {
  if (body.length < 8) return undefined;
  const lsas = readHeaders(body, 8, now);
  return (
    lsas && {
      mtu: (body[0]! << 8) | body[1]!,
      options: body[2]!,
      isInit: (body[3]! & 4) !== 0,
      hasMore: (body[3]! & 2) !== 0,
      isMaster: (body[3]! & 1) !== 0,
      sequence: readIpv4(body, 4),
      lsas,
    }
  );
}

export function writeDatabaseDescription(description: DatabaseDescription, now: number): Uint8Array {
  const { mtu, options, isInit, hasMore, isMaster, sequence, lsas } = description;
  const body = new Uint8Array(8 + lsas.length * LSA_HEADER);
  body[0] = mtu >> 8;
  body[1] = mtu;
  body[2] = options;
  body[3] = (isInit ? 4 : 0) | (hasMore ? 2 : 0) | (isMaster ? 1 : 0);
  writeIpv4(body, 4, sequence);
  writeHeaders(body, 8, lsas, now);
  return body;
}

export function readRequests(body: Uint8Array): Request[] | undefined {
  if (body.length === 0 || body.length % 12 !== 0) return undefined;
  const requests: Request[] = [];
  for (let at = 0; at < body.length; at += 12)
    requests.push({
      type: readIpv4(body, at),
      id: readIpv4(body, at + 4),
      advertisingRouter: readIpv4(body, at + 8),
    });
  return requests;
}

export function writeRequests(requests: readonly Request[]): Uint8Array {
  const body = new Uint8Array(requests.length * 12);
  for (const [i, { type, id, advertisingRouter }] of requests.entries()) {
    writeIpv4(body, i * 12, type);
    writeIpv4(body, i * 12 + 4, id);
    writeIpv4(body, i * 12 + 8, advertisingRouter);
  }
  return body;
}

/** The LSAs of an Update. Undefined: their lengths do not fit the packet. */
export function readUpdate(body: Uint8Array, now: number): Lsa[] | undefined {
  if (body.length < 4) return undefined;
  const count = readIpv4(body, 0);
  const lsas: Lsa[] = [];
  const memory = new SharedMemory(body, now);
  let at = 4;
  for (let i = 0; i < count; i++) {
    if (at + LSA_HEADER > body.length) return undefined;
    const length = (body[at + 18]! << 8) | body[at + 19]!;
    if (length < LSA_HEADER || at + length > body.length) return undefined;
    lsas.push(memory.lsa(at, length));
    at += length;
  }
  return at === body.length ? lsas : undefined;
}

/** The Update with these LSAs, each `transmitDelay` seconds older than here. */
export function writeUpdate(lsas: readonly Lsa[], now: number, transmitDelay: number): Uint8Array {
  let size = 4;
  for (const { length } of lsas) size += length;
  const body = new Uint8Array(size);
  writeIpv4(body, 0, lsas.length);
  let at = 4;
  for (const lsa of lsas) at = lsa.writeTo(body, at, now, transmitDelay);
  return body;
}

export function readAcknowledgment(body: Uint8Array, now: number): Lsa[] | undefined {
  return readHeaders(body, 0, now);
}

export function writeAcknowledgment(lsas: readonly Lsa[], now: number): Uint8Array {
  const body = new Uint8Array(lsas.length * LSA_HEADER);
  writeHeaders(body, 0, lsas, now);
  return body;
}

/** How many LSA headers fit behind `fixed` octets of a packet's body. */
export function headersThatFit(bodyLimit: number, fixed: number): number {
  return Math.max(1, Math.floor((bodyLimit - fixed) / LSA_HEADER));
}

function readHeaders(body: Uint8Array, start: number, now: number): Lsa[] | undefined {
  if ((body.length - start) % LSA_HEADER !== 0) return undefined;
  const lsas: Lsa[] = [];
  const memory = new SharedMemory(body, now);
  for (let at = start; at < body.length; at += LSA_HEADER) lsas.push(memory.lsa(at, LSA_HEADER));
  return lsas;
}

/** Copies of LSAs that came together, side by side in pieces: the last LSA that is kept keeps a piece and no more. */
class SharedMemory {
  readonly #body: Uint8Array;
  readonly #now: number;
  #piece = new Uint8Array(0);
  #start = 0;

  constructor(body: Uint8Array, now: number) {
    this.#body = body;
    this.#now = now;
  }

  lsa(at: number, size: number): Lsa {
    if (at + size > this.#start + this.#piece.length) {
      this.#piece = this.#body.slice(at, at + Math.max(size, PIECE));
      this.#start = at;
    }
    return new Lsa(this.#piece, this.#now, at - this.#start, size);
  }
}

/** Octets; an Ethernet frame's LSAs fit in one. */
const PIECE = 1_500;

function writeHeaders(body: Uint8Array, start: number, lsas: readonly Lsa[], now: number): void {
  let at = start;
  for (const lsa of lsas) at = lsa.writeTo(body, at, now, 0, true);
}

/** Of every packet. RFC 2328 A.3.1. */
export interface Header {
  readonly type: number;
  readonly routerId: Ipv4;
  readonly areaId: Ipv4;
}

/** Room for the body: the caller fills it in behind OSPF_HEADER; checksum and authentication are left to sign. */
export function frame({ type, routerId, areaId }: Header, body: Uint8Array): Uint8Array {
  const packet = new Uint8Array(OSPF_HEADER + body.length);
  packet[0] = 2;
  packet[1] = type;
  packet[2] = packet.length >> 8;
  packet[3] = packet.length;
  writeIpv4(packet, 4, routerId);
  writeIpv4(packet, 8, areaId);
  packet.set(body, OSPF_HEADER);
  return packet;
}
