import { parseEndpoint } from "#base/endpoint.ts";
import { addressBytes } from "#membership/member.ts";
import { encodeFilters } from "#membership/serf/filters.ts";
import type { QueryFilters, RunningQuery } from "#membership/serf/io.ts";
import type { LamportClock } from "#membership/serf/lamport-clock.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";
import type { SerfParts } from "#membership/serf/parts.ts";
import { RegexError } from "#packet/query/regex.ts";
import { encodeSerf, type SerfQuery, type SerfResponse } from "#wire/memberlist/serf.ts";

export const ACKNOWLEDGE = 1;

/** What we ask of all, and who is told what comes of it. */
export interface Inquiry {
  readonly name: string;
  readonly payload: Uint8Array;
  readonly filters?: QueryFilters;
  readonly acknowledge?: boolean;
  readonly relayFactor?: number;
  /** 0: Serf's own for the cluster's size. */
  readonly timeoutMs?: number;
  acknowledged?(from: string): void;
  answered(from: string, payload: Uint8Array): void;
  ended(acknowledgements: number, answers: number): void;
}

interface Running {
  readonly inquiry: Inquiry;
  readonly ltime: bigint;
  readonly endsAt: number;
  readonly acknowledged: Set<string>;
  readonly answered: Set<string>;
}

export type Begun =
  | { readonly ok: true; readonly body: SerfQuery; readonly raw: Uint8Array }
  | { readonly ok: false; readonly reason: string };

/** Our own queries, from the question to the end of their time. */
export class Inquiries {
  readonly #parts: SerfParts;
  readonly #clock: LamportClock;
  /** By the number that tells each from others of its Lamport time. */
  readonly #running = new Map<number, Running>();

  constructor(parts: SerfParts, clock: LamportClock) {
    this.#parts = parts;
    this.#clock = clock;
  }

  get size(): number {
    return this.#running.size;
  }

  /** The query to send. */
  begin(inquiry: Inquiry): Begun {
    const { step, timers } = this.#parts;
    if (this.#running.size >= SERF_LIMITS.running) return failed(`${this.#running.size} queries run already`);
    const body = this.#body(inquiry);
    if ("reason" in body) return body;
    const raw = encodeSerf({ type: "query", body });
    const { queryBytes } = SERF_LIMITS;
    if (raw.length > queryBytes) return failed(`it takes ${raw.length} bytes, more than ${queryBytes}`);
    const { id, ltime } = body;
    this.#clock.next();
    const endsAt = step.now + Number(body.timeout) / 1e6;
    const running = { inquiry, ltime, endsAt, acknowledged: new Set<string>() };
    this.#running.set(id, { ...running, answered: new Set<string>() });
    timers.set(`query ${id}`, endsAt);
    return { ok: true, body, raw };
  }

  /** An answer, or that somebody has heard the question. */
  take({ ltime, id, flags, from, payload }: SerfResponse): void {
    const { step, roster } = this.#parts;
    const running = this.#running.get(id);
    if (running?.ltime !== ltime) return step.count("ignored: an answer to no query that runs");
    if (!roster.get(from)) return step.count("refused: an answer of no member");
    const isAcknowledgement = (flags & ACKNOWLEDGE) !== 0;
    const heard = isAcknowledgement ? running.acknowledged : running.answered;
    if (heard.has(from)) return step.count("ignored: an answer that was known");
    heard.add(from);
    if (isAcknowledgement) running.inquiry.acknowledged?.(from);
    else running.inquiry.answered(from, payload?.slice() ?? NOTHING);
  }

  /** The time of a query is over. */
  due(id: number): void {
    const running = this.#running.get(id);
    if (!running) return;
    this.#running.delete(id);
    running.inquiry.ended(running.acknowledged.size, running.answered.size);
  }

  /** How far a running one is. */
  progress(inquiry: Inquiry): Omit<RunningQuery, "id"> | undefined {
    for (const { inquiry: each, endsAt, acknowledged, answered } of this.#running.values()) {
      if (each !== inquiry) continue;
      return { name: inquiry.name, endsAt, acknowledgements: acknowledged.size, answers: answered.size };
    }
    return undefined;
  }

  #body(inquiry: Inquiry): SerfQuery | Extract<Begun, { readonly ok: false }> {
    const { setup, random } = this.#parts;
    const { name, payload, filters = {}, acknowledge = false, relayFactor = 0 } = inquiry;
    const { queryMs, relays } = SERF_LIMITS;
    const timeoutMs = inquiry.timeoutMs || this.#usualMs();
    if (!(timeoutMs > 0 && timeoutMs <= queryMs)) return failed(`it must end within ${queryMs / 60_000} min`);
    if (!(relayFactor >= 0 && relayFactor <= relays)) return failed(`at most ${relays} members relay`);
    const own = parseEndpoint(setup.address)!;
    let encoded: readonly Uint8Array[] | undefined;
    try {
      encoded = encodeFilters(filters);
    } catch (error) {
      if (error instanceof RegexError) return failed(`a filter cannot be searched: ${error.message}`);
      throw error;
    }
    let id: number;
    do id = random.next() >>> 1;
    while (this.#running.has(id));
    return {
      ...{ address: addressBytes(own)!, port: own.port, sourceNode: setup.name },
      ...{ flags: acknowledge ? ACKNOWLEDGE : 0, id, ltime: BigInt(this.#clock.time) },
      ...{ name, relayFactor, timeout: BigInt(Math.round(timeoutMs * 1e6)) },
      ...(payload.length > 0 && { payload }),
      ...(encoded && { filters: encoded }),
    };
  }

  /** As long as Serf takes for a cluster of this size. */
  #usualMs(): number {
    const { setup, present } = this.#parts;
    const logarithm = Math.ceil(Math.log10(present() + 1));
    return setup.profile.gossipIntervalMs * SERF_LIMITS.queryIntervals * logarithm;
  }
}

function failed(reason: string): { readonly ok: false; readonly reason: string } {
  return { ok: false, reason };
}

const NOTHING = new Uint8Array(0);
