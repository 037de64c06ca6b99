import type { Random } from "#base/random.ts";
import type { GivenLayer } from "#packet/build.ts";
import type { Packet } from "#packet/dissect.ts";

/** Packets that an action wants sent: layers to build, or bytes as they are. */
export type Reply = readonly GivenLayer[] | Uint8Array;
export type Replies = void | Reply | readonly Reply[];

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

/**
 * The next state: always the same, or the first whose condition holds once the action ran. To enter the state where one
 * is starts it again.
 */
export type Next<Data> =
  string | Readonly<Record<string, true | ((context: ExchangeContext<Data>) => boolean)>>;

/** What a packet does in a state. Of several that match the first one runs. */
export interface Transition<Data> {
  /** In the syntax of Wireshark's display filters. */
  readonly query: string;
  /** What the query cannot ask: whether it is the packet that `data` waits for. */
  readonly when?: (packet: Packet, context: ExchangeContext<Data>) => boolean;
  readonly do?: PacketAction<Data>;
  /** Absent, or without a condition that holds: the same state, and its clock goes on. */
  readonly go?: Next<Data>;
}

/** What happens when nothing entered a state for so long. */
export interface Timeout<Data> {
  /** From the time when the state was entered, after its `enter`; Infinity: never. */
  readonly ms: number | ((context: ExchangeContext<Data>) => number);
  readonly do?: Action<Data>;
  /** Absent, or without a condition that holds: the same state starts again. */
  readonly go?: Next<Data>;
}

export interface State<Data> {
  /** Runs each time the state is entered. */
  readonly enter?: Action<Data>;
  readonly on?: readonly Transition<Data>[];
  readonly after?: Timeout<Data>;
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

/** Declares a machine. Throws TypeError for a state that does not exist. */
export function machine<Data>(definition: ExchangeDefinition<Data>): ExchangeDefinition<Data> {
  checkStates(definition);
  return definition;
}

/** Throws TypeError for a state that does not exist, and for a final one from which something leads on. */
export function checkStates<Data>({ name, initial, states }: ExchangeDefinition<Data>): void {
  const named = Object.entries(states).flatMap(([state, { on = [], after, final }]) => {
    if (final && (on.length > 0 || after)) throw new TypeError(`${name} ends in ${state}: nothing follows`);
    return [...on.flatMap(({ go }) => targets(go)), ...targets(after?.go)];
  });
  for (const state of [initial, ...named])
    if (!Object.hasOwn(states, state)) throw new TypeError(`${name} has no state ${state}`);
}

/** The states to which something may lead. */
export function targets<Data>(go: Next<Data> | undefined): readonly string[] {
  if (go === undefined) return [];
  return typeof go === "string" ? [go] : Object.keys(go);
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
