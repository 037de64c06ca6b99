import { explain } from "#base/operator-error.ts";
import type { Clock } from "#host/clock.ts";
import type { Log, LogLevel } from "#host/log.ts";
import type { EventDetail, ResponderDetail } from "#services/events.ts";
import {
  ALL_TOLD_AT_ONCE,
  ALL_TOLD_PER_SECOND,
  DETAIL_CHARACTERS,
  TOLD_AT_ONCE,
  TOLD_CHARACTERS,
  TOLD_PER_SECOND,
} from "#services/packets-limits.ts";
import { RateLimit } from "#services/packets-rate.ts";

export interface TellerSurroundings {
  readonly clock: Clock;
  readonly log: Log<EventDetail>;
}

/** How much all responders of a node may tell together. */
export function tellingRate(clock: Clock): RateLimit {
  return new RateLimit(clock, ALL_TOLD_AT_ONCE, ALL_TOLD_PER_SECOND);
}

/** Puts into the log what one responder does. What packets can cause any number of times is limited by rates. */
export class ResponderTeller {
  readonly #log: Log<EventDetail>;
  readonly #about: Pick<ResponderDetail, "name" | "interface">;
  readonly #told: LimitedLog;
  readonly #moved: LimitedLog;

  constructor({ clock, log }: TellerSurroundings, name: string, interfaceName: string, all: RateLimit) {
    this.#log = log;
    this.#about = { name, interface: interfaceName };
    this.#told = new LimitedLog(log, clock, all);
    this.#moved = new LimitedLog(log, clock, all);
  }

  told(text: string, details: unknown): void {
    this.#told.publish("info", () => {
      const short = cut(text);
      const json = detailText(details);
      const isLong = json.length > DETAIL_CHARACTERS;
      const detail = this.#detail({ news: "told", text: short, ...(!isLong && { details: json }) });
      return { text: `${this.#title}: ${short}${json === "" ? "" : ` ${cut(json)}`}`, detail };
    });
  }

  moved(from: string, to: string): void {
    this.#moved.publish("debug", () => {
      const detail = this.#detail({ news: "state", from, to });
      return { text: `${this.#title}: ${from} -> ${to}`, detail };
    });
  }

  /** A run began or is over. `text` is the line for people. */
  run(
    level: LogLevel,
    text: string,
    detail: Pick<ResponderDetail, "news"> & Partial<Pick<ResponderDetail, "text" | "packet">>,
  ): void {
    this.#log.publish(level, text, this.#detail(detail));
  }

  get #title(): string {
    return `${this.#about.name} on ${this.#about.interface}`;
  }

  #detail(known: Pick<ResponderDetail, "news"> & Partial<ResponderDetail>): ResponderDetail {
    const rest = { from: "", to: "", text: "", details: "", packet: "", leftOut: 0 };
    return { type: "responder", ...this.#about, ...rest, ...known };
  }
}

/** A log for one kind of events, within a rate of its own and one that it shares. */
class LimitedLog {
  readonly #log: Log<EventDetail>;
  readonly #own: RateLimit;
  readonly #all: RateLimit;
  #leftOut = 0;

  constructor(log: Log<EventDetail>, clock: Clock, all: RateLimit) {
    this.#log = log;
    this.#own = new RateLimit(clock, TOLD_AT_ONCE, TOLD_PER_SECOND);
    this.#all = all;
  }

  /** `make` is called only for what is published. */
  publish(level: LogLevel, make: () => { readonly text: string; readonly detail: ResponderDetail }): void {
    if (this.#own.take(1) === 0 || this.#all.take(1) === 0) return void this.#leftOut++;
    const leftOut = this.#leftOut;
    this.#leftOut = 0;
    const { text, detail } = make();
    const note = leftOut === 0 ? "" : ` (${leftOut} before it are left out)`;
    this.#log.publish(level, `${text}${note}`, { ...detail, leftOut });
  }
}

function cut(text: string): string {
  return text.length > TOLD_CHARACTERS ? `${text.slice(0, TOLD_CHARACTERS).toWellFormed()}…` : text;
}

function detailText(details: unknown): string {
  if (details === undefined) return "";
  try {
    return JSON.stringify(details) ?? "";
  } catch (error) {
    return JSON.stringify({ error: explain(error) });
  }
}
