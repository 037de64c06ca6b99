import type { Random } from "#base/random.ts";
import { concatBytes } from "#base/bytes.ts";
import type { Fact } from "#packet/codec.ts";
import type { TakeFact } from "#wire/memberlist/kinds.ts";
import type { MemberlistLimits } from "#wire/memberlist/limits.ts";
import { MESSAGE_TYPE_NAMES, MESSAGE_TYPES } from "#wire/memberlist/messages.ts";
import type { MapFields, MapValue, TypedMap } from "#wire/memberlist/typed-map.ts";

/** What one packet, or one message of a stream, may still cost. */
export interface Budget {
  readonly limits: MemberlistLimits;
  messages: number;
  decompressed: number;
  depth: number;
  /** Of a stream there is one segment only: a message that does not end in it is read as far as it goes. */
  readonly segment: boolean;
}

export function budgetOf(limits: MemberlistLimits, segment = false): Budget {
  return { limits, messages: limits.messages, decompressed: limits.decompressedBytes, depth: 0, segment };
}

export type Body<Value> =
  | {
      readonly ok: true;
      readonly value: Value;
      /** Where it ends; what follows does not belong to it. */
      readonly end: number;
      /** What is wrong, though it could be read: encode refuses it, and nobody should be sent it. */
      readonly problem?: string;
    }
  | {
      readonly ok: false;
      readonly error: string;
      /** More bytes could make it right. */
      readonly truncated: boolean;
    };

/** How the body of one type of message, which is what follows its type byte, is read, written and asked for. */
export interface Format<Value> {
  readonly initial: Value;
  decode(bytes: Uint8Array, budget: Budget): Body<Value>;
  /** Throws TypeError for what a field cannot hold and for what crashes peers. */
  encode(value: Value): Uint8Array;
  random(random: Random): Value;
  show(value: Value): string;
  readonly facts: readonly Fact[];
  found(value: Value, take: TakeFact): void;
}

/** What a format adds to its map: facts in the bytes that a field holds. */
interface Inner<Value> {
  readonly facts: readonly Fact[];
  found(value: Value, take: TakeFact): void;
}

/** A body that is one map. */
export function mapFormat<F extends MapFields>(
  map: TypedMap<F>,
  show: (value: MapValue<F>) => string,
  inner?: Inner<MapValue<F>>,
): Format<MapValue<F>> {
  const query = `memberlist.${map.name}`;
  return {
    initial: map.zero,
    decode: (bytes, { limits }) => decodeMap(map, bytes, limits),
    encode: (value) => map.encode(value),
    random: (random) => map.random(random),
    show: (value) => `${map.name.replaceAll("_", " ")} ${show(value)}`,
    facts: [...map.facts(query), ...(inner?.facts ?? [])],
    found: (value, take) => {
      map.found(value, query, take);
      inner?.found(value, take);
    },
  };
}

/** Reads one map; one without any field that is declared is something else. */
export function decodeMap<F extends MapFields>(
  map: TypedMap<F>,
  bytes: Uint8Array,
  limits: MemberlistLimits,
): Body<MapValue<F>> {
  const found = map.decode(bytes, 0, bytes.length, limits);
  if (found.ok && found.known > 0) return found;
  if (found.ok) return failed("no field that is known");
  return failed(`${found.error}, at byte ${found.at}`, found.truncated);
}

export function failed(error: string, truncated = false): Body<never> {
  return { ok: false, error, truncated };
}

/** A body, and what is wrong with it if anything is. */
export function readable<Value>(value: Value, end: number, problem: string | undefined): Body<Value> {
  return { ok: true, value, end, ...(problem !== undefined && { problem }) };
}

/** A message of any type, as a set of formats reads it. */
export interface AnyMessage {
  readonly type: string;
  readonly body: unknown;
  readonly problem?: string;
}

/** What could not be read, its type byte first. */
export interface UnknownMessage {
  readonly type: "unknown";
  readonly body: Uint8Array;
  readonly problem?: string;
}

/** The messages that packets, or streams, have: each a type byte and a body. */
export class MessageSet<Message extends AnyMessage> {
  readonly formats: Readonly<Record<string, Format<unknown>>>;

  /** The formats must be those of Message's types. */
  constructor(formats: Readonly<Record<string, Format<unknown>>>) {
    this.formats = formats;
  }

  /** The message that fills the bytes; "unknown" for what cannot be read. What a message leaves over is ignored. */
  decode(bytes: Uint8Array, budget: Budget): Message {
    const body = this.decodePart(bytes, budget);
    return body.ok ? body.value : this.#unknown(bytes, body.error);
  }

  /** The message that the bytes begin with, and where it ends. */
  decodePart(bytes: Uint8Array, budget: Budget): Body<Message> {
    if (bytes.length === 0) return failed("an empty message", true);
    if (--budget.messages < 0) return failed(`more than ${budget.limits.messages} messages together`);
    const type = MESSAGE_TYPE_NAMES.get(bytes[0]!);
    const format = type === undefined ? undefined : this.formats[type];
    if (!format) return failed(`a message of type ${bytes[0]!}`);
    const found = format.decode(bytes.subarray(1), budget);
    if (!found.ok) return found;
    const { value, end, problem } = found;
    const message = { type, body: value, ...(problem !== undefined && { problem }) };
    return readable(message as unknown as Message, 1 + end, problem);
  }

  /** As `decode`, inside another message; undefined when that is too deep. */
  decodeInside(bytes: Uint8Array, budget: Budget): Message {
    if (budget.depth >= budget.limits.nesting) return this.#unknown(bytes, "messages nested too deep");
    budget.depth++;
    const message = this.decode(bytes, budget);
    budget.depth--;
    return message;
  }

  #unknown(body: Uint8Array, problem: string): Message {
    return { type: "unknown", body, problem } as unknown as Message;
  }

  encode({ type, body }: Message): Uint8Array {
    if (type === "unknown") return body as Uint8Array;
    const format = this.formats[type];
    if (!format) throw new TypeError(`no message ${type} can be sent here`);
    return concatBytes([Uint8Array.of(typeByte(type)), format.encode(body)]);
  }

  random(random: Random): Message {
    const types = Object.keys(this.formats);
    const type = types[random.below(types.length)]!;
    return { type, body: this.formats[type]!.random(random) } as unknown as Message;
  }

  show({ type, body }: Message): string {
    const format = this.formats[type];
    return format ? format.show(body) : `${(body as Uint8Array).length} unknown bytes`;
  }

  found({ type, body }: Message, take: TakeFact): void {
    const format = this.formats[type];
    if (!format) return;
    take(TYPE_FACT.query, typeByte(type));
    format.found(body, take);
  }
}

export function typeByte(type: string): number {
  return MESSAGE_TYPES[type as keyof typeof MESSAGE_TYPES];
}

export const TYPE_FACT: Fact = { query: "memberlist.type", type: "number", title: "Message type" };
