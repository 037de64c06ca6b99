import { layerParser, type LayerParser } from "#packet/layer-parser.ts";
import type { Message } from "#packet/message.ts";
import { queryFieldsOf, type QueryField } from "#packet/query-field.ts";

/**
 * The protocols that are looked for, and the tables by which one layer leads to the next. A value that is handed
 * around, not a global: two registries with different protocols live side by side.
 */
export class Registry {
  readonly messages: readonly Message[];
  /** What a payload is that no table knows. */
  readonly fallback: Message;
  readonly #tables = new Map<string, Map<number, number>>();
  readonly #numbers = new Map<Message, number>();
  readonly #parsers: (LayerParser | undefined)[];
  #queryFields: ReadonlyMap<string, QueryField> | undefined;

  /** Throws when two messages claim one key of a table. */
  constructor(messages: readonly Message[], fallback: Message) {
    this.messages = messages.includes(fallback) ? messages : [...messages, fallback];
    this.fallback = fallback;
    this.#parsers = this.messages.map(() => undefined);
    for (const [number, message] of this.messages.entries()) {
      this.#numbers.set(message, number);
      for (const [table, keys] of message.on) for (const key of keys) this.#enter(table, key, number);
    }
  }

  #enter(table: string, key: number, number: number): void {
    const keys = this.#tables.get(table) ?? new Map<number, number>();
    const before = keys.get(key);
    if (before !== undefined)
      throw new Error(
        `${this.messages[before]!.name} and ${this.messages[number]!.name} both are ${table} ${key}`,
      );
    keys.set(key, number);
    this.#tables.set(table, keys);
  }

  /** The messages of one table by key, as numbers into `messages`. */
  table(name: string): ReadonlyMap<number, number> {
    return this.#tables.get(name) ?? EMPTY;
  }

  find(table: string, key: number): Message | undefined {
    const number = this.table(table).get(key);
    return number === undefined ? undefined : this.messages[number];
  }

  /** The key under which `table` leads to `message`, or undefined. */
  keyOf(table: string, message: Message): number | undefined {
    return message.on.get(table)?.[0];
  }

  numberOf(message: Message): number {
    const number = this.#numbers.get(message);
    if (number === undefined) throw new Error(`${message.name} is not in this registry`);
    return number;
  }

  /** The message that queries call by this name. */
  named(name: string): Message | undefined {
    return this.messages.find((message) => message.name === name);
  }

  /** The generated parser of a message, made when it is first needed. */
  parser(number: number): LayerParser {
    return (this.#parsers[number] ??= layerParser(this, this.messages[number]!));
  }

  /** Every name that a query can use. */
  get queryFields(): ReadonlyMap<string, QueryField> {
    return (this.#queryFields ??= queryFieldsOf(this));
  }
}

const EMPTY: ReadonlyMap<number, number> = new Map();
