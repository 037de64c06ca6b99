import type { Random } from "#base/random.ts";
import { build, type GivenLayer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import type { Frame } from "#packet/query/frame.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { Query } from "#packet/query/query.ts";
import type {
  ExchangeContext,
  ExchangeDefinition,
  Replies,
  State,
  Transition,
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

/**
 * Runs one machine or responder: packets and time in, packets and events out. It knows no socket, so that the same one
 * runs on an interface, over a capture file, and in the simulator.
 */
export class Exchange<Data = unknown> {
  readonly definition: ExchangeDefinition<Data>;
  /** All queries of all states, for a filter in the kernel. */
  readonly queries: readonly Query[];
  readonly #registry: Registry;
  readonly #first: Message;
  readonly #random: Random;
  readonly #set: QuerySet;
  readonly #transitions: readonly { readonly state: string; readonly transition: Transition<Data> }[];
  readonly #data: Data;
  readonly #hits: number[] = [];
  #counts = { seen: 0, matched: 0, sent: 0 };
  #state: string;
  #wakeAt = Infinity;
  #isOver = false;

  /** `first` is what packets start with. Throws QueryError for a query that is none. */
  constructor(registry: Registry, definition: ExchangeDefinition<Data>, first: Message, random: Random) {
    this.definition = definition;
    this.#registry = registry;
    this.#first = first;
    this.#random = random;
    this.#state = definition.initial;
    this.#data = definition.data();
    this.#transitions = Object.entries(definition.states).flatMap(([state, { on = [] }]) =>
      on.map((transition) => ({ state, transition })),
    );
    this.queries = this.#transitions.map(({ transition }) => new Query(registry, transition.query));
    this.#set = new QuerySet(registry, this.queries);
  }

  get state(): string {
    return this.#state;
  }

  get counts(): ExchangeCounts {
    return { ...this.#counts };
  }

  /** When to call handle({ type: "wake" }, now) next; Infinity when nothing waits. */
  get wakeAt(): number {
    return this.#wakeAt;
  }

  /** Takes one input at `now` (ms, monotonic) and says what should happen. Never throws. */
  handle(input: ExchangeInput, now: number): readonly ExchangeOutput[] {
    if (this.#isOver) return [];
    const outputs: ExchangeOutput[] = [];
    switch (input.type) {
      case "start":
        this.#enter(this.#state, now, outputs);
        break;
      case "wake":
        this.#wake(now, outputs);
        break;
      case "packet":
        this.#packet(input, now, outputs);
        break;
    }
    return outputs;
  }

  #packet(
    { bytes, start, stop, frame }: ExchangeInput & { readonly type: "packet" },
    now: number,
    outputs: ExchangeOutput[],
  ): void {
    this.#counts.seen++;
    const hits = this.#set.match(this.#first, bytes, start, stop, frame, this.#hits);
    if (hits.length === 0) return;
    // People keep what they are given; the bytes are the socket's.
    const own = bytes.slice(start, stop);
    const packet = new Packet(this.#registry, this.#first, own, { originalLength: frame.length });
    const context = this.#context(now, outputs);
    this.#guarded(outputs, own, () => {
      for (const hit of hits) {
        const { state, transition } = this.#transitions[hit]!;
        if (state !== this.#state || transition.when?.(packet, context) === false) continue;
        this.#counts.matched++;
        this.#send(transition.do?.(packet, context), outputs);
        if (transition.go !== undefined) this.#go(transition.go, now, outputs);
        return;
      }
    });
  }

  #wake(now: number, outputs: ExchangeOutput[]): void {
    const { after } = this.#current();
    if (!after || now < this.#wakeAt) return;
    this.#wakeAt = Infinity;
    const context = this.#context(now, outputs);
    this.#guarded(outputs, undefined, () => {
      this.#send(after.do?.(context), outputs);
      this.#go(typeof after.go === "string" ? after.go : after.go(context), now, outputs);
    });
  }

  #current(): State<Data> {
    return this.definition.states[this.#state]!;
  }

  #go(to: string, now: number, outputs: ExchangeOutput[]): void {
    if (!Object.hasOwn(this.definition.states, to)) throw new Error(`there is no state ${to}`);
    if (to !== this.#state) outputs.push({ type: "state", from: this.#state, to });
    this.#state = to;
    this.#enter(to, now, outputs);
  }

  #enter(state: string, now: number, outputs: ExchangeOutput[]): void {
    const { enter, after, final } = this.#current();
    this.#wakeAt = after ? now + after.ms : Infinity;
    this.#guarded(outputs, undefined, () => this.#send(enter?.(this.#context(now, outputs)), outputs));
    if (!final || this.#isOver) return;
    this.#isOver = true;
    this.#wakeAt = Infinity;
    outputs.push({ type: "done", state });
  }

  /** Functions are people's: what they throw stops this exchange and nothing else. */
  #guarded(outputs: ExchangeOutput[], packet: Uint8Array | undefined, run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#isOver = true;
      this.#wakeAt = Infinity;
      const text = error instanceof Error ? error.message : String(error);
      outputs.push({ type: "failed", error: text, ...(packet && { packet }) });
    }
  }

  #context(now: number, outputs: ExchangeOutput[]): ExchangeContext<Data> {
    return {
      now,
      random: this.#random,
      data: this.#data,
      tell: (text, details) =>
        void outputs.push({ type: "told", text, ...(details !== undefined && { details }) }),
    };
  }

  #send(replies: Replies, outputs: ExchangeOutput[]): void {
    if (replies === undefined) return;
    if (replies instanceof Uint8Array) return this.#sendOne(replies, outputs);
    if (replies.length === 0) return;
    if (isLayer(replies[0])) return this.#sendOne(replies as readonly GivenLayer[], outputs);
    for (const each of replies as readonly (readonly GivenLayer[] | Uint8Array)[])
      this.#sendOne(each, outputs);
  }

  #sendOne(reply: readonly GivenLayer[] | Uint8Array, outputs: ExchangeOutput[]): void {
    this.#counts.sent++;
    const bytes = reply instanceof Uint8Array ? reply : build(this.#registry, reply);
    outputs.push({ type: "send", bytes });
  }
}

function isLayer(value: unknown): value is GivenLayer {
  return typeof value === "object" && value !== null && "message" in value;
}
