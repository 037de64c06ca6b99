import type { Random } from "#base/random.ts";
import type { GivenLayer } from "#packet/build.ts";
import type { Packet } from "#packet/dissect.ts";

/** Packets that an action wants sent: layers to build, or bytes as they are. */
export type Reply = readonly GivenLayer[] | Uint8Array;
export type Replies = undefined | Reply | readonly Reply[];

/** What an action may use. It has no clock and no dice of its own, so that a run can be repeated. */
export interface ExchangeContext<Data> {
  /** ms, monotonic; over a capture the time of the packets. */
  readonly now: number;
  readonly random: Random;
  /** The exchange's own memory. */
  readonly data: Data;
  /** Tells whoever runs the exchange; `details` in words of JSON. */
  tell(text: string, details?: unknown): void;
}

/** Runs on a packet that its query selected. */
export type PacketAction<Data> = (packet: Packet, context: ExchangeContext<Data>) => Replies;
export type Action<Data> = (context: ExchangeContext<Data>) => Replies;

/** What a packet does in a state. Of several that match the first one runs. */
export interface Transition<Data> {
  /** In the syntax of Wireshark's display filters. */
  readonly query: string;
  /** What the query cannot ask: whether it is the packet that `data` waits for. */
  readonly when?: (packet: Packet, context: ExchangeContext<Data>) => boolean;
  readonly do?: PacketAction<Data>;
  /** The next state; absent: the same, and its clock goes on. */
  readonly go?: string;
}

export interface State<Data> {
  /** Runs each time the state is entered. */
  readonly enter?: Action<Data>;
  readonly on?: readonly Transition<Data>[];
  /** What happens when no transition left the state for so long. */
  readonly after?: {
    readonly ms: number;
    readonly do?: Action<Data>;
    /** The next state: the same one starts again. */
    readonly go: string | ((context: ExchangeContext<Data>) => string);
  };
  /** The exchange is done here. */
  readonly final?: boolean;
}

/** A state machine whose transitions are packets. */
export interface ExchangeDefinition<Data = unknown> {
  readonly name: string;
  readonly about?: string;
  readonly data: () => Data;
  readonly initial: string;
  readonly states: Readonly<Record<string, State<Data>>>;
}

/** Declares a machine. Throws for a state that does not exist. */
export function machine<Data>(definition: ExchangeDefinition<Data>): ExchangeDefinition<Data> {
  const { name, initial, states } = definition;
  const targets = Object.values(states).flatMap(({ on = [], after }) => [
    ...on.flatMap(({ go }) => (go === undefined ? [] : [go])),
    ...(after && typeof after.go === "string" ? [after.go] : []),
  ]);
  for (const target of [initial, ...targets])
    if (!Object.hasOwn(states, target)) throw new TypeError(`${name} has no state ${target}`);
  return definition;
}

/** Declares a responder: queries, and what to answer to each packet they select. */
export function responder<Data = undefined>(
  name: string,
  rules: Readonly<Record<string, PacketAction<Data>>>,
  options: { readonly about?: string; readonly data?: () => Data } = {},
): ExchangeDefinition<Data> {
  return {
    name,
    ...(options.about !== undefined && { about: options.about }),
    data: options.data ?? ((): Data => undefined as Data),
    initial: "listening",
    states: {
      listening: { on: Object.entries(rules).map(([query, action]) => ({ query, do: action })) },
    },
  };
}
