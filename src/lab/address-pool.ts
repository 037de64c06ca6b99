import { maskOf, parseIpv4, type Ipv4 } from "#base/ipv4.ts";

/** A network. */
export interface Block {
  readonly network: Ipv4;
  readonly length: number;
}

/** Networks for links that have none of their own: 10.0.1.0, 10.0.2.0 …, past those that are taken. */
export class AddressPool {
  readonly #taken: Block[];
  #next = FIRST;

  constructor(taken: readonly Block[]) {
    this.#taken = [...taken];
  }

  /** `length`: 24 or more. */
  next(length: number): Block {
    // Every link gets a third octet of its own, so that addresses can be told apart at a glance.
    for (;;) {
      const block = { network: this.#next, length };
      this.#next += STEP;
      if (this.#taken.some((each) => overlaps(each, block))) continue;
      this.#taken.push(block);
      return block;
    }
  }
}

export function isInside({ network, length }: Block, address: Ipv4): boolean {
  return (address & maskOf(length)) >>> 0 === network;
}

export function overlaps(a: Block, b: Block): boolean {
  return isInside(a, b.network) || isInside(b, a.network);
}

/** How many addresses a network has for hosts; a /31 has two, RFC 3021. */
export function hostsOf({ length }: Block): number {
  return length >= 31 ? 2 ** (32 - length) : 2 ** (32 - length) - 2;
}

/** Whether an address of a network is for a host. */
export function isHost(block: Block, address: Ipv4): boolean {
  const first = firstHost(block);
  return address >= first && address < first + hostsOf(block);
}

/** The lowest of them, at most as many as a link has ends. */
export function hostAddresses(block: Block): Ipv4[] {
  const first = firstHost(block);
  return Array.from({ length: Math.min(hostsOf(block), MOST) }, (_, i) => first + i);
}

function firstHost({ network, length }: Block): Ipv4 {
  return length >= 31 ? network : network + 1;
}

const FIRST = parseIpv4("10.0.1.0")!;
const STEP = 256;
const MOST = 64;
