import type { GivenLayer } from "#packet/build.ts";
import { build } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import type { Exchange, ExchangeOutput } from "#packet/exchange/exchange.ts";
import type { Message } from "#packet/message.ts";
import type { Registry } from "#packet/registry.ts";
import { Scheduler } from "#sim/scheduler.ts";

export interface Told {
  readonly at: number;
  readonly text: string;
  readonly details: unknown;
}

/** What a test does with an exchange by hand: packets in, packets parsed again out. */
export class Bench<Data> {
  readonly exchange: Exchange<Data>;
  now = 0;

  constructor(exchange: Exchange<Data>) {
    this.exchange = exchange;
  }

  start(): readonly ExchangeOutput[] {
    return this.exchange.handle({ type: "start" }, this.now);
  }

  packet(layers: readonly GivenLayer[] | Uint8Array): readonly ExchangeOutput[] {
    const bytes = layers instanceof Uint8Array ? layers : build(this.exchange.registry, layers);
    const frame = { length: bytes.length, capturedLength: bytes.length };
    return this.exchange.handle({ type: "packet", bytes, start: 0, stop: bytes.length, frame }, this.now);
  }

  /** Lets time pass, with the wakes that are due. */
  pass(ms: number): ExchangeOutput[] {
    const until = this.now + ms;
    const outputs: ExchangeOutput[] = [];
    while (this.exchange.wakeAt <= until) {
      this.now = this.exchange.wakeAt;
      outputs.push(...this.exchange.handle({ type: "wake" }, this.now));
    }
    this.now = until;
    return outputs;
  }
}

/** The packets among outputs, taken apart. */
export function sentIn(
  outputs: readonly ExchangeOutput[],
  { registry, first }: { readonly registry: Registry; readonly first: Message },
): Packet[] {
  return outputs.flatMap((each) => (each.type === "send" ? [new Packet(registry, first, each.bytes)] : []));
}

export function toldIn(outputs: readonly ExchangeOutput[]): string[] {
  return outputs.flatMap((each) => (each.type === "told" ? [each.text] : []));
}

/** A cable in virtual time: what one exchange sends, all others get a moment later, unless it is lost. */
export class Wire {
  readonly scheduler = new Scheduler();
  readonly #stations: Station[] = [];
  readonly #delayMs: number;
  /** Answers whether a packet gets lost. */
  readonly #lost: (bytes: Uint8Array) => boolean;

  constructor(delayMs = 1, lost: (bytes: Uint8Array) => boolean = () => false) {
    this.#delayMs = delayMs;
    this.#lost = lost;
  }

  get now(): number {
    return this.scheduler.now;
  }

  /** Attaches an exchange and starts it; what it says is kept in the answer. */
  attach<Data>(exchange: Exchange<Data>): Station {
    const station = new Station(exchange as unknown as Exchange);
    this.#stations.push(station);
    this.#step(station, () => station.exchange.handle({ type: "start" }, this.now));
    return station;
  }

  /** Sends a packet that none of the exchanges sent. */
  send(bytes: Uint8Array, from?: Station): void {
    if (this.#lost(bytes)) return;
    const frame = { length: bytes.length, capturedLength: bytes.length };
    this.scheduler.at(this.now + this.#delayMs, () => {
      for (const station of this.#stations)
        if (station !== from)
          this.#step(station, () =>
            station.exchange.handle({ type: "packet", bytes, start: 0, stop: bytes.length, frame }, this.now),
          );
    });
  }

  run(ms: number): void {
    const until = this.now + ms;
    while (this.scheduler.step(until));
  }

  #step(station: Station, handle: () => readonly ExchangeOutput[]): void {
    for (const output of handle()) {
      station.said.push({ at: this.now, output });
      if (output.type === "send") this.send(output.bytes, station);
    }
    station.cancel();
    const { wakeAt } = station.exchange;
    if (wakeAt === Infinity) return;
    station.cancel = this.scheduler.at(wakeAt, () =>
      this.#step(station, () => station.exchange.handle({ type: "wake" }, this.now)),
    );
  }
}

export class Station {
  readonly exchange: Exchange;
  readonly said: { readonly at: number; readonly output: ExchangeOutput }[] = [];
  cancel: () => void = () => {};

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  get told(): Told[] {
    return this.said.flatMap(({ at, output }) =>
      output.type === "told" ? [{ at, text: output.text, details: output.details }] : [],
    );
  }

  /** The states it went through, the first one included. */
  get states(): string[] {
    const to = this.said.flatMap(({ output }) => (output.type === "state" ? [output.to] : []));
    return [this.exchange.definition.initial, ...to];
  }

  get failure(): string | undefined {
    return this.said.map(({ output }) => (output.type === "failed" ? output.error : undefined)).find(Boolean);
  }
}
