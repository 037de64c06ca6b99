import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import { hexText } from "#packet/primitive.ts";
import type { Registry } from "#packet/registry.ts";
import { checkQuery } from "#packet/query/check.ts";
import type { Checked } from "#packet/query/checked.ts";
import { evaluateQuery, PacketValues, type Regexes } from "#packet/query/evaluate.ts";
import type { Frame } from "#packet/query/frame.ts";
import { compileSingle, singleSource } from "#packet/query/single.ts";
import { parseQuery } from "#packet/query/syntax.ts";

/** Whether a packet, the bytes from `start` to `stop`, is selected. Never throws for a packet. */
export type Matcher = (bytes: Uint8Array, start: number, stop: number, frame: Frame) => boolean;

/**
 * A question about packets in the syntax of Wireshark's display filters: `udp.port == 53 and ip.src in {192.0.2.0/24}`.
 * It takes every packet for itself: nothing is reassembled.
 */
export class Query {
  readonly text: string;
  readonly checked: Checked;
  readonly #registry: Registry;
  readonly #regexes: Regexes = new Map();
  readonly #matchers = new Map<Message, Matcher>();

  /** Throws QueryError with the place of the mistake. */
  constructor(registry: Registry, text: string) {
    this.#registry = registry;
    this.text = text;
    this.checked = checkQuery(parseQuery(text), registry.queryFields);
  }

  /** Answers for a packet that was taken apart: the slow way, whatever is wrong with the packet. */
  matches(packet: Packet, frame: Frame): boolean {
    return evaluateQuery(this.checked, new PacketValues(packet, frame), this.#regexes);
  }

  /** The compiled question for packets that start with `first`: reads the bytes where they lie and builds nothing. */
  matcher(first: Message): Matcher {
    const known = this.#matchers.get(first);
    if (known) return known;
    const match = compileSingle(this.#registry, this.checked, first, this.#regexes);
    const matcher: Matcher = (bytes, start, stop, frame) => {
      const answer = match(bytes, start, stop, frame);
      if (answer >= 0) return answer === 1;
      const packet = new Packet(this.#registry, first, bytes, { start, stop, originalLength: frame.length });
      return this.matches(packet, frame);
    };
    this.#matchers.set(first, matcher);
    return matcher;
  }

  /** The JavaScript that the matcher runs, to be read. */
  source(first: Message): string {
    return singleSource(this.#registry, this.checked, first, this.#regexes).source;
  }
}

/** What a template may be filled with. */
export type QueryValue =
  string | number | bigint | boolean | Uint8Array | readonly (string | number | bigint | Uint8Array)[];

/**
 * A query's text with values put in as values, whatever they hold: query`ip.src == ${address}`. Arrays become sets:
 * query`udp.port in ${[53, 5353]}`. Throws TypeError for a number that is none.
 */
export function query(parts: TemplateStringsArray, ...values: readonly QueryValue[]): string {
  return parts.reduce((text, part, i) => text + literalText(values[i - 1]!) + part);
}

function literalText(value: QueryValue): string {
  if (value instanceof Uint8Array) {
    if (value.length === 0) throw new TypeError("a query cannot compare with no bytes");
    return value.length === 1 ? `0x${hexText(value)}` : hexText(value, 0, value.length, ":");
  }
  if (Array.isArray(value)) return `{${value.map(literalText).join(", ")}}`;
  if (typeof value === "string") return `"${value.replaceAll(/[\\"]/g, "\\$&")}"`;
  if (typeof value === "number" && !Number.isFinite(value)) throw new TypeError(`${value} in a query`);
  return typeof value === "boolean" ? (value ? "True" : "False") : String(value);
}
