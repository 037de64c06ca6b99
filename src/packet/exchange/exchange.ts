import type { Random } from "#base/random.ts";
import { build, type GivenLayer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import type { Frame } from "#packet/query/frame.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Query } from "#packet/query/query.ts";
import {
  checkStates,
  type ExchangeContext,
  type ExchangeDefinition,
  type Next,
  type Replies,
  type Reply,
  type Transition,
} from "#packet/exchange/definition.ts";

/** What the world tells an exchange. */
export type ExchangeInput =
  | { readonly type: "start" }
  /** Bytes from `start` to `stop`; they may be used during the call only. */
  | {
      readonly type: "packet";
      readonly bytes: Uint8Array;
      readonly start: number;
      readonly stop: number;
      readonly frame: Frame;
    }
  | { readonly type: "wake" };

/** What an exchange asks of the world. */
export type ExchangeOutput =
  | { readonly type: "send"; readonly bytes: Uint8Array }
  | { readonly type: "state"; readonly from: string; readonly to: string }
  | { readonly type: "told"; readonly text: string; readonly details?: unknown }
  /** A function of the exchange threw: it is stopped. The packet is the one that it was given. */
  | { readonly type: "failed"; readonly error: string; readonly packet?: Uint8Array }
  /** A final state was reached. */
  | { readonly type: "done"; readonly state: string };

export interface ExchangeCounts {
  /** Packets that it was shown, that a transition took, that it sent. */
  readonly seen: number;
  readonly matched: number;
  readonly sent: number;
}

type PacketInput = ExchangeInput & { readonly type: "packet" };

/**
 * Runs one machine or responder: packets and time in, packets and events out. It knows no socket, so that the same one
 * runs on an interface, over a capture file, and in the simulator.
 */
export class Exchange<Data = unknown> {
  readonly definition: ExchangeDefinition<Data>;
  readonly registry: Registry;
  /** What packets start with. */
  readonly first: Message;
  /** All queries of all states, for a filter in the kernel. */
  readonly queries: readonly Query[];
  /** The exchange's own memory: what a machine found, once it is done. */
  readonly data: Data;
  readonly #random: Random;
  readonly #set: QuerySet;
  readonly #transitions: readonly { readonly state: string; readonly transition: Transition<Data> }[];
  readonly #hits: number[] = [];
  #counts = { seen: 0, matched: 0, sent: 0 };
  #state: string;
  #wakeAt = Infinity;
  #life: "new" | "running" | "over" = "new";

  /** Throws QueryError for a query that is none, TypeError for a state that does not exist. */
  constructor(registry: Registry, definition: ExchangeDefinition<Data>, first: Message, random: Random) {
    checkStates(definition);
    this.definition = definition;
    this.registry = registry;
    this.first = first;
    this.#random = random;
    this.#state = definition.initial;
    this.data = definition.data();
    this.#transitions = Object.entries(definition.states).flatMap(([state, { on = [] }]) =>
      on.map((transition) => ({ state, transition })),
    );
    // One set for all states: it is compiled once, and states mostly ask about the same fields.
    this.queries = this.#transitions.map(({ transition }) => queryOf(registry, transition.query));
    this.#set = new QuerySet(registry, this.queries);
  }

  get state(): string {
    return this.#state;
  }

  /** It reached a final state, or failed. */
  get isOver(): boolean {
    return this.#life === "over";
  }

  get counts(): ExchangeCounts {
    return { ...this.#counts };
  }

  /** When to call handle({ type: "wake" }, now) next; Infinity when nothing waits. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  /**
   * Takes one input at `now` (ms, monotonic) and says what should happen. Never throws. Nothing happens before the start
   * and once it is over.
   */
  handle(input: ExchangeInput, now: number): readonly ExchangeOutput[] {
    if (this.#life !== (input.type === "start" ? "new" : "running")) return NOTHING;
    if (input.type === "wake" && now < this.#wakeAt) return NOTHING;
    const outputs: ExchangeOutput[] = [];
    try {
      switch (input.type) {
        case "start":
          this.#life = "running";
          // Compiles, so that the first packet need not wait for it.
          this.#set.match(this.first, new Uint8Array(0), 0, 0, { length: 0, capturedLength: 0 }, this.#hits);
          this.#enter(this.#state, this.#context(now, outputs), outputs);
          break;
        case "wake":
          this.#wake(this.#context(now, outputs), outputs);
          break;
        case "packet":
          this.#packet(input, now, outputs);
          break;
      }
    } catch (error) {
      this.#end();
      const packet = input.type === "packet" && { packet: input.bytes.slice(input.start, input.stop) };
      outputs.push({ type: "failed", error: errorText(error), ...packet });
    }
    return outputs;
  }

  #packet({ bytes, start, stop, frame }: PacketInput, now: number, outputs: ExchangeOutput[]): void {
    this.#counts.seen++;
    const hits = this.#set.match(this.first, bytes, start, stop, frame, this.#hits);
    const from = hits.findIndex((hit) => this.#transitions[hit]!.state === this.#state);
    if (from < 0) return;
    // People keep what they are given; the bytes are the socket's.
    const own = Uint8Array.prototype.slice.call(bytes, start, stop);
    const packet = new Packet(this.registry, this.first, own, { originalLength: frame.length });
    const context = this.#context(now, outputs);
    for (const hit of hits.slice(from)) {
      const { state, transition } = this.#transitions[hit]!;
      if (state !== this.#state || (transition.when && !transition.when(packet, context))) continue;
      this.#counts.matched++;
      this.#send(transition.do?.(packet, context), outputs);
      const to = chosen(transition.go, context);
      if (to !== undefined) this.#enter(to, context, outputs);
      return;
    }
  }

  #wake(context: ExchangeContext<Data>, outputs: ExchangeOutput[]): void {
    const { after } = this.definition.states[this.#state]!;
    this.#wakeAt = Infinity;
    this.#send(after!.do?.(context), outputs);
    this.#enter(chosen(after!.go, context) ?? this.#state, context, outputs);
  }

  #enter(to: string, context: ExchangeContext<Data>, outputs: ExchangeOutput[]): void {
    if (to !== this.#state) outputs.push({ type: "state", from: this.#state, to });
    this.#state = to;
    this.#wakeAt = Infinity;
    const { enter, after, final } = this.definition.states[to]!;
    this.#send(enter?.(context), outputs);
    if (after) this.#wakeAt = context.now + waitMs(after.ms, context);
    if (!final) return;
    this.#end();
    outputs.push({ type: "done", state: to });
  }

  #end(): void {
    this.#life = "over";
    this.#wakeAt = Infinity;
  }

  #context(now: number, outputs: ExchangeOutput[]): ExchangeContext<Data> {
    let told = 0;
    return {
      now,
      random: this.#random,
      data: this.data,
      // People's functions may hand over anything; what is no text is their mistake, made here and now.
      tell: (text, details) => {
        if (++told > MOST_TOLD) throw new RangeError(`no more than ${MOST_TOLD} things are told at once`);
        outputs.push({ type: "told", text: String(text), ...(details !== undefined && { details }) });
      },
    };
  }

  #send(replies: Replies, outputs: ExchangeOutput[]): void {
    let total = 0;
    for (const reply of repliesIn(replies)) {
      if (reply.length === 0) continue;
      // Whoever made the bytes may change them for the next packet.
      const bytes = reply instanceof Uint8Array ? reply.slice() : build(this.registry, reply);
      total += bytes.length;
      if (total > MOST_BYTES)
        throw new RangeError(`an action sends at most ${MOST_BYTES} bytes at once, not ${total}`);
      outputs.push({ type: "send", bytes });
      this.#counts.sent++;
    }
  }
}

/** The mistake's place is part of the message: a definition may have many queries. */
function queryOf(registry: Registry, text: string): Query {
  try {
    return new Query(registry, text);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    const remedy = error.remedy === "" ? "" : `; ${error.remedy}`;
    throw new QueryError(`${error.message}: ${error.marked(text)}${remedy}`, error);
  }
}

/** What an action returned, one packet or several. Throws TypeError for what is none, RangeError for too many. */
function repliesIn(replies: unknown): readonly Reply[] {
  if (!replies) return [];
  const isOne = replies instanceof Uint8Array || (Array.isArray(replies) && isLayer(replies[0]));
  const list: unknown = isOne ? [replies] : replies;
  if (!Array.isArray(list)) throw new TypeError(noReply(replies));
  if (list.length > MOST_REPLIES)
    throw new RangeError(`an action sends at most ${MOST_REPLIES} packets at once, not ${list.length}`);
  for (const reply of list as readonly unknown[])
    if (!(reply instanceof Uint8Array || (Array.isArray(reply) && reply.every(isLayer))))
      throw new TypeError(noReply(reply));
  return list as readonly Reply[];
}

function noReply(value: unknown): string {
  const isPromise = typeof value === "object" && value !== null && "then" in value;
  if (isPromise && value instanceof Promise) value.catch(() => {}); // Nobody waits for it.
  const what = isPromise ? "a promise" : Array.isArray(value) ? "a list of something else" : typeof value;
  return `an action returns layers, bytes, or a list of such packets, at once: not ${what}`;
}

function chosen<Data>(go: Next<Data> | undefined, context: ExchangeContext<Data>): string | undefined {
  if (go === undefined || typeof go === "string") return go;
  return Object.entries(go).find(([, holds]) => holds === true || holds(context))?.[0];
}

function waitMs<Data>(
  ms: number | ((context: ExchangeContext<Data>) => number),
  context: ExchangeContext<Data>,
): number {
  const wait = typeof ms === "number" ? ms : ms(context);
  if (typeof wait !== "number" || Number.isNaN(wait)) throw new TypeError(`${wait} ms is no time to wait`);
  return Math.max(wait, LEAST_WAIT_MS);
}

function isLayer(value: unknown): value is GivenLayer {
  return typeof value === "object" && value !== null && "message" in value;
}

/** What people's functions throw may be anything, and of any length. */
function errorText(error: unknown): string {
  try {
    const text = error instanceof Error ? String(error.message) || error.name : String(error);
    return text.length > LONGEST_ERROR ? `${text.slice(0, LONGEST_ERROR)}…` : text;
  } catch {
    return "what was thrown has no text";
  }
}

const LONGEST_ERROR = 1_000;

/** What one action may send, and tell: far above what any protocol asks for, far below what would hold the program up. */
const MOST_REPLIES = 4_096;
const MOST_BYTES = 16 * 1_024 * 1_024;
const MOST_TOLD = 10_000;

const NOTHING: readonly ExchangeOutput[] = [];

/** A state that starts again at once must leave time to others, and let a run over a capture come to its end. */
const LEAST_WAIT_MS = 1;
