import type { BpfProgram } from "#base/bpf.ts";

/** A packet as the kernel's filters see it: without its outermost VLAN tag, which is known beside it. */
export interface FilteredPacket {
  readonly bytes: Uint8Array;
  readonly vlan: { readonly tpid: number; readonly tci: number } | undefined;
  /** sll_pkttype: 0 to this machine, 1 broadcast, 2 multicast, 3 to another machine, 4 outgoing. */
  readonly kind: number;
}

/**
 * Runs classic BPF as Linux does: how many bytes to keep, 0 for none. Reading beyond the packet ends with 0. Throws Error
 * for what the kernel would have refused: this stands in for it in simulations, where no speed is needed.
 */
export function runFilter(program: BpfProgram, packet: FilteredPacket): number {
  const state = new FilterState(packet);
  for (let at = 0; ; at++) {
    const step = program[at];
    if (step === undefined) throw new Error("a filter that runs past its end");
    const { code, jt, jf, k } = step;
    switch (code & 0x07) {
      case 0x00:
        if (!state.load(code, k)) return 0;
        break;
      case 0x01:
        if (!state.loadX(code, k)) return 0;
        break;
      case 0x02:
        state.memory[k & 15] = state.a;
        break;
      case 0x03:
        state.memory[k & 15] = state.x;
        break;
      case 0x04:
        if (!state.compute(code, k)) return 0;
        break;
      case 0x05:
        at += (code & 0xf0) === 0 ? k : state.holds(code, k) ? jt : jf;
        break;
      case 0x06:
        return code === 0x06 ? k >>> 0 : state.a;
      default:
        if ((code & 0xf8) === 0x80) state.a = state.x;
        else state.x = state.a;
    }
  }
}

class FilterState {
  a = 0;
  x = 0;
  readonly memory = new Uint32Array(16);
  readonly #packet: FilteredPacket;

  constructor(packet: FilteredPacket) {
    this.#packet = packet;
  }

  /** False when the packet ends before. */
  load(code: number, k: number): boolean {
    const mode = code & 0xe0;
    if (mode === 0x00) return this.#set(k);
    if (mode === 0x60) return this.#set(this.memory[k & 15]!);
    if (mode === 0x80) return this.#set(this.#packet.bytes.length);
    const at = mode === 0x40 ? (this.x + k) >>> 0 : k >>> 0;
    if (mode === 0x20 && at >= ANCILLARY) return this.#set(this.#ancillary(at - ANCILLARY));
    const size = [4, 2, 1][(code & 0x18) >> 3];
    if (size === undefined || at + size > this.#packet.bytes.length) return false;
    let value = 0;
    for (let i = at; i < at + size; i++) value = value * 256 + this.#packet.bytes[i]!;
    return this.#set(value);
  }

  loadX(code: number, k: number): boolean {
    const mode = code & 0xe0;
    if (mode === 0xa0) {
      // The length of an IPv4 header.
      if (k >= this.#packet.bytes.length) return false;
      this.x = (this.#packet.bytes[k]! & 15) * 4;
    } else
      this.x = mode === 0x60 ? this.memory[k & 15]! : mode === 0x80 ? this.#packet.bytes.length : k >>> 0;
    return true;
  }

  /** False for a division by zero. */
  compute(code: number, k: number): boolean {
    const { a } = this;
    const by = (code & 0x08) === 0 ? k >>> 0 : this.x;
    const operation = code & 0xf0;
    if ((operation === 0x30 || operation === 0x90) && by === 0) return false;
    const results: Readonly<Record<number, () => number>> = {
      0x00: () => a + by,
      0x10: () => a - by,
      0x20: () => Math.imul(a, by),
      0x30: () => Math.floor(a / by),
      0x40: () => a | by,
      0x50: () => a & by,
      // The lowest 5 bits of `by` count, as here so in Linux.
      0x60: () => a << by,
      0x70: () => a >>> by,
      0x80: () => -a,
      0x90: () => a % by,
      0xa0: () => a ^ by,
    };
    const result = results[operation];
    if (!result) throw new Error(`a filter with the instruction 0x${code.toString(16)}`);
    return this.#set(result());
  }

  holds(code: number, k: number): boolean {
    const by = (code & 0x08) === 0 ? k >>> 0 : this.x;
    switch (code & 0xf0) {
      case 0x10:
        return this.a === by;
      case 0x20:
        return this.a > by;
      case 0x30:
        return this.a >= by;
      case 0x40:
        return (this.a & by) !== 0;
      default:
        throw new Error(`a filter with the instruction 0x${code.toString(16)}`);
    }
  }

  /** What is known of a packet beside its bytes (SKF_AD_…, linux/filter.h). */
  #ancillary(what: number): number {
    const { bytes, vlan, kind } = this.#packet;
    switch (what) {
      case 0:
        return ((bytes[12] ?? 0) << 8) | (bytes[13] ?? 0);
      case 4:
        return kind;
      case 44:
        return vlan?.tci ?? 0;
      case 48:
        return vlan ? 1 : 0;
      case 60:
        return vlan?.tpid ?? 0;
      default:
        return 0;
    }
  }

  #set(value: number): true {
    this.a = value >>> 0;
    return true;
  }
}

/** SKF_AD_OFF: -0x1000 as a 32-bit number. */
const ANCILLARY = 0xffff_f000;
