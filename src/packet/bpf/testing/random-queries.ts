import type { Random } from "#base/random.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf, type PacketFact } from "#packet/facts.ts";
import type { Message } from "#packet/message.ts";
import { hexText } from "#packet/primitive.ts";
import type { Registry } from "#packet/registry.ts";

/** Queries about fields and values that packets have, so that they often match. */
export class RandomQueries {
  readonly #registry: Registry;
  readonly #random: Random;
  readonly #names: readonly string[];

  constructor(registry: Registry, random: Random) {
    this.#registry = registry;
    this.#random = random;
    this.#names = [...registry.queryFields.keys()];
  }

  /** A query with tests about these packets. */
  about(packets: readonly Uint8Array[], first: Message): string {
    const facts = packets.flatMap((bytes) => factsOf(new Packet(this.#registry, first, bytes)));
    return this.#query(facts, 1 + this.#random.below(3));
  }

  #one<T>(from: readonly T[]): T {
    return from[this.#random.below(from.length)]!;
  }

  #query(facts: readonly PacketFact[], depth: number): string {
    const random = this.#random;
    if (depth === 0 || random.below(4) === 0) return this.#test(facts);
    const left = this.#query(facts, depth - 1);
    if (random.below(4) === 0) return `not (${left})`;
    const operator = this.#one(["and", "and", "or", "or", "xor"]);
    return `(${left}) ${operator} (${this.#query(facts, depth - 1)})`;
  }

  #test(facts: readonly PacketFact[]): string {
    const random = this.#random;
    if (random.below(12) === 0 || facts.length === 0) return this.#one(this.#names);
    if (random.below(16) === 0) return `frame.len ${this.#one(["==", ">", "<="])} ${20 + random.below(100)}`;
    const fact = this.#one(facts);
    const { query, type, value } = fact;
    if (type === "protocol") return this.#protocolTest(fact);
    const text = this.#literal(fact);
    if (value === undefined || text === undefined || random.below(6) === 0) return query;
    const kind = random.below(8);
    const isNumber = type === "number" || type === "boolean";
    const quantifier = this.#one(["", "", "", "any ", "all "]);
    if (kind === 0 && isNumber) return `${query} & ${this.#mask(Number(value))}`;
    if (kind === 1 && isNumber)
      return `${query} & ${this.#mask(Number(value))} == ${this.#mask(Number(value))}`;
    if (kind === 2 && type === "mac") return `${query}[0:3] == ${text.slice(0, 8)}`;
    if (kind === 3) return `${quantifier}${query} in {${this.#set(fact, text)}}`;
    if (type === "ipv4" || type === "ipv6") {
      const bits = random.below(3) === 0 ? `/${random.below(type === "ipv4" ? 33 : 129)}` : "";
      return `${quantifier}${query} ${this.#one(["==", "==", "!=", "<", ">="])} ${text}${bits}`;
    }
    if (kind === 4 && (type === "bytes" || type === "text")) return `${query} contains ${text}`;
    return `${quantifier}${query} ${this.#one(["==", "==", "==", "!=", "<", ">", "<=", ">="])} ${text}`;
  }

  #protocolTest({ query, value }: PacketFact): string {
    const random = this.#random;
    if (random.below(4) > 0 || !(value instanceof Uint8Array) || value.length < 4) return query;
    const from = random.below(Math.min(value.length - 2, 30));
    const size = 1 + random.below(Math.min(8, value.length - from));
    return `${query}[${from}:${size}] ${this.#one(["==", "!="])} ${bytesLiteral(value.subarray(from, from + size))}`;
  }

  #mask(value: number): number {
    return this.#random.below(2) === 0 ? value % 2 ** 31 : 1 << this.#random.below(16);
  }

  #set({ type, value }: PacketFact, text: string): string {
    if (type === "ipv4") return `${text}/24, 10.0.0.1`;
    if (type === "ipv6") return `${text}/64, fe80::1`;
    const near = typeof value === "number" ? `${value}..${value + 5}, 0` : text;
    return this.#random.below(2) === 0 ? text : near;
  }

  #literal({ type, value }: PacketFact): string | undefined {
    if (value instanceof Uint8Array)
      return value.length > 0 && value.length < 40 ? bytesLiteral(value) : undefined;
    if (typeof value === "string") {
      if (type === "ipv4" || type === "ipv6" || type === "mac") return value;
      return type === "text" && /^[\x20-\x7e]*$/.test(value) ? JSON.stringify(value) : undefined;
    }
    if (type !== "number" && type !== "boolean") return undefined;
    return value === undefined ? undefined : String(value);
  }
}

function bytesLiteral(bytes: Uint8Array): string {
  return bytes.length === 1 ? `0x${hexText(bytes)}` : hexText(bytes, 0, bytes.length, ":");
}
