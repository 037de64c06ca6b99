import { readIpv4, type Ipv4 } from "#base/ipv4.ts";
import { LSA_HEADER, MAX_AGE } from "#ospf/constants.ts";

/** What names an LSA, whatever instance of it. RFC 2328 12.1. */
export interface LsaIdentity {
  readonly type: number;
  readonly id: Ipv4;
  readonly advertisingRouter: Ipv4;
}

/** A key for maps, short and cheap to make; equal for the same type, Link State ID and Advertising Router only. */
export function lsaKey(type: number, id: Ipv4, advertisingRouter: Ipv4): string {
  return String.fromCharCode(
    type,
    id >>> 16,
    id & 0xffff,
    advertisingRouter >>> 16,
    advertisingRouter & 0xffff,
  );
}

/** What tells instances of one LSA apart. RFC 2328 13.1. */
export interface LsaInstance extends LsaIdentity {
  readonly key: string;
  readonly options: number;
  /** Signed, from INITIAL_SEQUENCE to MAX_SEQUENCE. */
  readonly sequence: number;
  readonly checksum: number;
  /** Octets, with the header. */
  readonly length: number;
  /** Seconds, 0 to MAX_AGE, at `now` (ms). */
  ageAt(now: number): number;
}

/** One instance of an LSA as its bytes: only what is asked of it is read. There may be very many, so each is small. */
export class Lsa implements LsaInstance {
  readonly key: string;
  /** ms when it came or was made. */
  readonly at: number;
  /** How many octets of it there are: `length`, or only a header. */
  readonly size: number;
  readonly #memory: Uint8Array;
  readonly #start: number;

  /**
   * At least LSA_HEADER octets of `memory` from `start` on; nobody writes to them afterwards. What is beside them may be
   * other LSAs: a Uint8Array for each, or a field for each number, would cost several times what the LSA says.
   */
  constructor(memory: Uint8Array, at: number, start = 0, size = memory.length - start) {
    this.#memory = memory;
    this.#start = start;
    this.size = size;
    this.at = at;
    this.key = lsaKey(this.type, this.id, this.advertisingRouter);
  }

  get options(): number {
    return this.octet(2);
  }

  get type(): number {
    return this.octet(3);
  }

  get id(): Ipv4 {
    return this.word(4);
  }

  get advertisingRouter(): Ipv4 {
    return this.word(8);
  }

  get sequence(): number {
    return this.word(12) | 0;
  }

  get checksum(): number {
    return (this.octet(16) << 8) | this.octet(17);
  }

  get length(): number {
    return (this.octet(18) << 8) | this.octet(19);
  }

  /** The LSA, or its header only, as it came; the age in it is that of `at`. Made for each who asks. */
  get bytes(): Uint8Array {
    return this.#memory.subarray(this.#start, this.#start + this.size);
  }

  /** One of `bytes`. */
  octet(at: number): number {
    return this.#memory[this.#start + at]!;
  }

  /** Four of them, as a number. */
  word(at: number): number {
    return readIpv4(this.#memory, this.#start + at);
  }

  /** When it came. The highest bit is DoNotAge (RFC 1793), which nobody here speaks: such an LSA ages as any other. */
  get #age(): number {
    return Math.min(MAX_AGE, ((this.octet(0) & 0x7f) << 8) | this.octet(1));
  }

  ageAt(now: number): number {
    return Math.min(MAX_AGE, this.#age + Math.max(0, Math.floor((now - this.at) / 1_000 + A_HAIR)));
  }

  isMaxAgeAt(now: number): boolean {
    return this.ageAt(now) === MAX_AGE;
  }

  /** When it reaches an age, ms. */
  timeOfAge(seconds: number): number {
    return this.at + (seconds - this.#age) * 1_000;
  }

  /** A copy with another age, as it leaves for a neighbor or is flushed; the checksum leaves the age out. */
  withAge(seconds: number, at: number): Lsa {
    const bytes = this.bytes.slice();
    bytes[0] = seconds >> 8;
    bytes[1] = seconds;
    return new Lsa(bytes, at);
  }

  /** Writes it (or its header) to `target` with the age of `now` and `more` seconds (InfTransDelay). */
  writeTo(target: Uint8Array, start: number, now: number, more: number, headerOnly = false): number {
    const size = headerOnly ? LSA_HEADER : this.size;
    for (let i = 0; i < size; i++) target[start + i] = this.#memory[this.#start + i]!;
    const age = Math.min(MAX_AGE, this.ageAt(now) + more);
    target[start] = age >> 8;
    target[start + 1] = age;
    return start + size;
  }
}

/** Seconds. Times have fractions: what was computed to be a full second later may be less by a rounding. */
const A_HAIR = 1e-6;

/** A link of a router-LSA. RFC 2328 A.4.2. */
export interface RouterLink {
  /** 1 point-to-point, 2 transit network, 3 stub network, 4 virtual link. */
  readonly type: number;
  /** Neighbor's router id; the designated router's address; the network. */
  readonly id: Ipv4;
  /** The router's own address (or interface index); for stub networks the mask. */
  readonly data: Ipv4;
  readonly metric: number;
}

/** What an LSA says, in numbers; `other` for types that nothing is computed of. */
export type LsaContent =
  | {
      readonly type: "router";
      readonly isBorder: boolean;
      readonly isAsBoundary: boolean;
      readonly isVirtualEndpoint: boolean;
      readonly links: readonly RouterLink[];
    }
  | { readonly type: "network"; readonly mask: Ipv4; readonly routers: readonly Ipv4[] }
  | { readonly type: "summary"; readonly mask: Ipv4; readonly metric: number }
  | {
      readonly type: "external";
      readonly mask: Ipv4;
      /** Metrics of type 2 count before any path inside. */
      readonly isType2: boolean;
      readonly metric: number;
      /** 0: the router that says so. */
      readonly forwardingAddress: Ipv4;
      readonly tag: number;
    }
  | { readonly type: "other" };
