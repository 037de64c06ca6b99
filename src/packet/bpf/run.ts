import type { BpfProgram } from "#base/bpf.ts";
import * as op from "#packet/bpf/opcodes.ts";

/** What the kernel knows of a packet beside its bytes. */
export interface BpfMetadata {
  /** The VLAN tag that the kernel took out of the frame: its 16 bits, and the type before it (0x8100). */
  readonly vlanTci?: number;
  readonly vlanPresent?: boolean;
  readonly vlanTpid?: number;
  /** Ethernet type of the payload (skb->protocol). */
  readonly protocol?: number;
  /** Bytes on the wire; absent: the packet's. */
  readonly length?: number;
  /** PACKET_HOST, PACKET_OUTGOING… */
  readonly pktType?: number;
  /** Absent: the packet has no interface, and a program that asks for it ends with what the accumulator holds. */
  readonly interfaceIndex?: number;
  /** Where the network header starts; absent: 14. */
  readonly networkOffset?: number;
}

/**
 * Runs a program that verifyBpf found right as the kernel does (net/core/filter.c): a load beyond the packet, and a
 * division by zero, reject; numbers are unsigned with 32 bits. Of ancillary values nobody told, the answer is 0.
 */
export function runBpf(program: BpfProgram, packet: Uint8Array, metadata: BpfMetadata = {}): number {
  const memory = new Uint32Array(op.MEMORY_WORDS);
  const length = metadata.length ?? packet.length;
  let [a, x] = [0, 0];
  for (let pc = 0; pc < program.length; pc++) {
    const { code, jt, jf, k } = program[pc]!;
    switch (code & 7) {
      case op.LD: {
        const value = load(code, k, x, packet, memory, length, metadata, a);
        if (value === undefined) return isOfInterface(code, k) ? a : 0;
        a = value;
        break;
      }
      case op.LDX: {
        const value = loadIndex(code, k, packet, memory, length, metadata);
        if (value === undefined) return 0;
        x = value;
        break;
      }
      case op.ST:
        memory[k] = a;
        break;
      case op.STX:
        memory[k] = x;
        break;
      case op.ALU: {
        const value = calculate(code & 0xf0, a, code & op.X ? x : k);
        if (value === undefined) return 0;
        a = value;
        break;
      }
      case op.JMP:
        if ((code & 0xf0) === op.JA) pc += k;
        else pc += holds(code & 0xf0, a, code & op.X ? x : k) ? jt : jf;
        break;
      case op.RET:
        return code & op.A ? a : k;
      default:
        if (code & op.TXA) a = x;
        else x = a;
    }
  }
  return 0;
}

function load(
  code: number,
  k: number,
  x: number,
  packet: Uint8Array,
  memory: Uint32Array,
  length: number,
  metadata: BpfMetadata,
  a: number,
): number | undefined {
  const size = (code & 0x18) === op.WORD ? 4 : (code & 0x18) === op.HALF ? 2 : 1;
  switch (code & 0xe0) {
    case op.IMM:
      return k;
    case op.MEM:
      return memory[k];
    case op.LEN:
      return length;
    case op.IND:
      return readPacket(packet, (k + x) >>> 0, size, metadata);
    default:
      return k >= op.ANCILLARY
        ? ancillary(k - op.ANCILLARY, { packet, metadata, a, x })
        : readPacket(packet, k, size, metadata);
  }
}

function loadIndex(
  code: number,
  k: number,
  packet: Uint8Array,
  memory: Uint32Array,
  length: number,
  metadata: BpfMetadata,
): number | undefined {
  switch (code & 0xe0) {
    case op.IMM:
      return k;
    case op.MEM:
      return memory[k];
    case op.LEN:
      return length;
    default: {
      const byte = readPacket(packet, k, 1, metadata);
      return byte === undefined ? undefined : 4 * (byte & 0xf);
    }
  }
}

/** Whether a load asks for the interface: without one, the kernel returns A as it stands (convert_bpf_extensions). */
function isOfInterface(code: number, k: number): boolean {
  return (code & 0xe0) === op.ABS && (k === op.ANCILLARY + 8 || k === op.ANCILLARY + 28);
}

/** Reads from the packet; offsets below 0 count from the network header or from the start, and behind the end is none. */
function readPacket(
  bytes: Uint8Array,
  offset: number,
  size: number,
  { networkOffset = 14 }: BpfMetadata,
): number | undefined {
  let at = offset;
  if (offset >= op.NETWORK_HEADER) at = offset - op.NETWORK_HEADER + networkOffset;
  else if (offset >= op.LINK_HEADER) at = offset - op.LINK_HEADER;
  if (at + size > bytes.length) return undefined;
  let value = 0;
  for (let i = 0; i < size; i++) value = ((value << 8) | bytes[at + i]!) >>> 0;
  return value;
}

interface AncillaryInput {
  readonly packet: Uint8Array;
  readonly metadata: BpfMetadata;
  readonly a: number;
  readonly x: number;
}

function ancillary(what: number, { packet, metadata, a, x }: AncillaryInput): number | undefined {
  switch (what) {
    case 0:
      return metadata.protocol ?? 0;
    case 4:
      return metadata.pktType ?? 0;
    case 8:
      return metadata.interfaceIndex;
    case 12:
      return findAttribute(packet, a, packet.length, x);
    case 16:
      return findNested(packet, a, x);
    // The interface's kind: Ethernet, where there is an interface.
    case 28:
      return metadata.interfaceIndex === undefined ? undefined : 1;
    case 40:
      return (a ^ x) >>> 0;
    case 44:
      return metadata.vlanTci ?? 0;
    case 48:
      return metadata.vlanPresent ? 1 : 0;
    case 60:
      return metadata.vlanTpid ?? (metadata.vlanPresent ? 0x8100 : 0);
    default:
      return 0;
  }
}

/** Where the first netlink attribute of a type lies between `at` and `end`, or 0. */
function findAttribute(bytes: Uint8Array, at: number, end: number, type: number): number {
  if (end > bytes.length || at + 4 > bytes.length) return 0;
  for (let next = at; next + 4 <= end;) {
    const size = bytes[next]! | (bytes[next + 1]! << 8);
    if (size < 4 || next + size > end) return 0;
    if (((bytes[next + 2]! | (bytes[next + 3]! << 8)) & 0x3fff) === (type & 0xffff_ffff)) return next;
    next += (size + 3) & ~3;
  }
  return 0;
}

function findNested(bytes: Uint8Array, at: number, type: number): number {
  if (at + 4 > bytes.length) return 0;
  const size = bytes[at]! | (bytes[at + 1]! << 8);
  if (size < 4 || at + size > bytes.length) return 0;
  return findAttribute(bytes, at + 4, at + size, type);
}

function calculate(operation: number, a: number, b: number): number | undefined {
  switch (operation) {
    case op.ADD:
      return (a + b) >>> 0;
    case op.SUB:
      return (a - b) >>> 0;
    case op.MUL:
      return Math.imul(a, b) >>> 0;
    case op.DIV:
      return b === 0 ? undefined : Math.floor(a / b);
    case op.MOD:
      return b === 0 ? undefined : a % b;
    case op.OR:
      return (a | b) >>> 0;
    case op.AND:
      return (a & b) >>> 0;
    case op.XOR:
      return (a ^ b) >>> 0;
    case op.LSH:
      return (a << (b & 31)) >>> 0;
    case op.RSH:
      return a >>> (b & 31);
    default:
      return -a >>> 0;
  }
}

function holds(comparison: number, a: number, b: number): boolean {
  switch (comparison) {
    case op.JEQ:
      return a === b;
    case op.JGT:
      return a > b;
    case op.JGE:
      return a >= b;
    default:
      return (a & b) !== 0;
  }
}
