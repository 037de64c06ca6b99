import type { Cipher } from "#base/cipher.ts";
import type { Random } from "#base/random.ts";
import type { Core } from "#machine/core.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";
import type { MembershipCommand, MembershipEvent, MembershipSetup } from "#membership/io.ts";
import type { KeyValue, KeyValueChange } from "#membership/key-values-io.ts";
import { KeyValues } from "#membership/key-values.ts";
import { Membership } from "#membership/membership.ts";
import type { Attachment, SerfCommand, SerfEvent, SerfSetup } from "#membership/serf/io.ts";
import { KEY_VALUE_EVENT } from "#membership/serf/limits.ts";
import { Serf } from "#membership/serf/serf.ts";

export type ValueCommand =
  | { readonly type: "set-value"; readonly key: string; readonly text: string }
  | { readonly type: "remove-value"; readonly key: string };

export type ValueEvent =
  /** `own`: it was set or removed here, just now. */
  | { readonly type: "value"; readonly change: KeyValueChange; readonly own: boolean }
  | { readonly type: "value-refused"; readonly reason: string };

/** What carries the values: it gossips messages and exchanges a state. */
export type Carrier<Command, Event> = Core<Command | WorldInput, WorldOutput<Event>> & {
  /** Members that are alive or suspected, the node itself included. */
  readonly present: number;
};

export interface Carriage<Command, Event, Inner extends Carrier<Command, Event>> {
  readonly carrier: Inner;
  /** The command that sends a message to all. */
  send(message: Uint8Array, key: string): Command;
  /** The message that an event brought; undefined for any other event. */
  messageIn(event: Event): Uint8Array | undefined;
  /** It does not pass messages on by itself. */
  readonly needsRelay: boolean;
}

/**
 * Members, and the texts under keys that all of them keep (key-values): gossiped when they change, and exchanged with
 * everything else, so that whoever comes late has them too. One core for plain membership and for Serf's layer.
 */
export class Cluster<
  Command extends Typed,
  Event extends Typed,
  Inner extends Carrier<Command, Event>,
> implements Core<Command | ValueCommand | WorldInput, WorldOutput<Event | ValueEvent>> {
  readonly carrier: Inner;
  readonly #carriage: Carriage<Command, Event, Inner>;
  readonly #values: KeyValues;
  /** What exchanges of the step under way brought. */
  #merged: KeyValueChange[] = [];

  constructor(node: string, carry: (attachment: Attachment) => Carriage<Command, Event, Inner>) {
    this.#values = new KeyValues(node);
    this.#carriage = carry({
      state: () => this.#values.state(),
      merge: (state) => void this.#merged.push(...this.#values.merge(state)),
    });
    this.carrier = this.#carriage.carrier;
  }

  get wakeAt(): number {
    return this.carrier.wakeAt;
  }

  /** All texts, by key. */
  values(): readonly KeyValue[] {
    return this.#values.values();
  }

  /** What was not taken of others' values, by reason. */
  valueCounters(): ReadonlyMap<string, number> {
    return this.#values.counters();
  }

  handle(
    input: Command | ValueCommand | WorldInput,
    now: number,
  ): readonly WorldOutput<Event | ValueEvent>[] {
    if (isValueCommand(input)) return this.#change(input, now);
    const isAlone = this.carrier.present <= 1;
    this.#merged = [];
    const outputs = this.carrier.handle(input, now);
    const isNews = outputs.some((output) => this.#messageIn(output) !== undefined);
    if (!isNews && this.#merged.length === 0) return outputs;
    const kept: WorldOutput<Event | ValueEvent>[] = [];
    const news: string[] = [];
    for (const output of outputs) {
      const message = this.#messageIn(output);
      const taken = message && this.#values.take(message);
      if (!taken) {
        kept.push(output);
        continue;
      }
      news.push(...taken.news);
      kept.push(...taken.changes.map(told));
    }
    kept.push(...this.#merged.map(told));
    // Of what a newcomer learns with the members nobody else must be told: all others have it.
    if (!isAlone) news.push(...this.#merged.map(({ key }) => key));
    if (this.#carriage.needsRelay) for (const key of news) kept.push(...this.#relay(key, now));
    return kept;
  }

  #change(command: ValueCommand, now: number): readonly WorldOutput<Event | ValueEvent>[] {
    const { key } = command;
    try {
      const isSet = command.type === "set-value";
      const message = isSet ? this.#values.set(key, command.text) : this.#values.remove(key);
      if (!message) return [refused(`no text has the key ${key}`)];
      const by = this.#values.node;
      const change = isSet ? { key, text: command.text, by } : { key, by };
      return [
        { type: "event", event: { type: "value", change, own: true } },
        ...this.#send(message, key, now),
      ];
    } catch (error) {
      if (error instanceof RangeError) return [refused(error.message)];
      throw error;
    }
  }

  #relay(key: string, now: number): readonly WorldOutput<Event>[] {
    const message = this.#values.message(key);
    return message ? this.#send(message, key, now) : [];
  }

  /** Serf tells of our own events too. */
  #send(message: Uint8Array, key: string, now: number): readonly WorldOutput<Event>[] {
    const outputs = this.carrier.handle(this.#carriage.send(message, key), now);
    return outputs.filter((output) => this.#messageIn(output) === undefined);
  }

  #messageIn(output: WorldOutput<Event>): Uint8Array | undefined {
    return output.type === "event" ? this.#carriage.messageIn(output.event) : undefined;
  }
}

interface Typed {
  readonly type: string;
}

export type PlainCluster = Cluster<MembershipCommand, MembershipEvent, Membership>;

/** Members as memberlist has them. Throws RangeError for a setup that no node can have. */
export function plainCluster(setup: MembershipSetup, random: Random, cipher: Cipher): PlainCluster {
  return new Cluster(setup.name, (attachment) => ({
    carrier: new Membership(setup, random, cipher, {
      userState: () => attachment.state(),
      mergeUserState: (state) => attachment.merge(state),
      ackPayload: () => undefined,
      pinged: () => {},
    }),
    send: (payload, key) => ({ type: "broadcast", payload, key: `value ${key}` }),
    messageIn: (event: MembershipEvent) => (event.type === "user" ? event.payload : undefined),
    needsRelay: true,
  }));
}

type CommandOfSerf = SerfCommand | Exclude<MembershipCommand, { readonly type: "meta" }>;
type EventOfSerf = MembershipEvent | SerfEvent;
export type SerfCluster = Cluster<CommandOfSerf, EventOfSerf, Serf>;

/** Members as Serf has them. Throws RangeError for a setup that no node can have. */
export function serfCluster(setup: SerfSetup, random: Random, cipher: Cipher): SerfCluster {
  return new Cluster(setup.membership.name, (attachment) => ({
    carrier: new Serf(setup, random, cipher, attachment),
    send: (payload) => ({ type: "event", name: KEY_VALUE_EVENT, payload, coalesce: false }),
    messageIn: (event: EventOfSerf) =>
      event.type === "user-event" && event.name === KEY_VALUE_EVENT ? event.payload : undefined,
    needsRelay: false,
  }));
}

function isValueCommand(input: Typed): input is ValueCommand {
  return input.type === "set-value" || input.type === "remove-value";
}

function told(change: KeyValueChange): { readonly type: "event"; readonly event: ValueEvent } {
  return { type: "event", event: { type: "value", change, own: false } };
}

function refused(reason: string): { readonly type: "event"; readonly event: ValueEvent } {
  return { type: "event", event: { type: "value-refused", reason } };
}
