import { Code, ConnectError } from "@connectrpc/connect";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { eventBytes, eventMessage, levelOf } from "#api/convert.ts";
import type { ListEventsRequest, WatchRequest, WatchResponseSchema } from "#api/gen/parley/v1/node_pb.ts";
import type { ApiLimits } from "#api/limits.ts";
import type { EventSource } from "#services/control.ts";
import type { NodeEvent } from "#services/events.ts";

export type WatchLimits = Pick<ApiLimits, "watchEvents" | "watchBytes">;
export type WatchItem = MessageInitShape<typeof WatchResponseSchema>;

/**
 * The log as a stream: `started`, then what is kept after `request.after`, then each event as it comes, every one once
 * and in order, until `signal` aborts. A reader that falls behind the limits loses the oldest events that wait for it
 * and is told so where they would have been. Throws the signal's ConnectError at the end: a watch has no end of its own.
 */
export async function* watch(
  source: EventSource,
  request: WatchRequest,
  signal: AbortSignal,
  limits: WatchLimits,
): AsyncGenerator<WatchItem> {
  const ended = new AbortController();
  const wanted = eventFilter(request);
  const queue = new EventQueue(limits);
  // Both at once: what is published from here on reaches the queue, what was published before is in `kept`.
  const kept = request.after === undefined ? [] : source.since(Number(request.after));
  source.subscribe((event) => wanted(event) && queue.push(event), AbortSignal.any([signal, ended.signal]));
  try {
    yield { item: { case: "started", value: true } };
    for (const event of kept) {
      if (signal.aborted) break;
      if (wanted(event)) yield eventItem(event);
    }
    while (!signal.aborted) {
      const lost = queue.takeLost();
      if (lost > 0) yield { item: { case: "lost", value: BigInt(lost) } };
      const event = queue.take();
      if (event) yield eventItem(event);
      else await queue.filled(signal);
    }
    throw reasonOf(signal);
  } finally {
    ended.abort();
  }
}

/** What a request asks for: its services (none: all) and its level and above. */
export function eventFilter(
  request: Pick<WatchRequest | ListEventsRequest, "services" | "level">,
): (event: NodeEvent) => boolean {
  const services = new Set(request.services);
  return (event) => levelOf(event) >= request.level && (services.size === 0 || services.has(event.service));
}

/** Why a stream ends: the deadline of the call, the end of the daemon, or a client that has gone. */
export function reasonOf(signal: AbortSignal): ConnectError {
  const reason: unknown = signal.reason;
  return reason instanceof ConnectError ? reason : new ConnectError("the client has gone", Code.Canceled);
}

function eventItem(event: NodeEvent): WatchItem {
  return { item: { case: "event", value: eventMessage(event) } };
}

/** Events that wait for their reader, the oldest first, within limits; what it lost stands before all of them. */
class EventQueue {
  readonly #limits: WatchLimits;
  #waiting: { readonly event: NodeEvent; readonly bytes: number }[] = [];
  #first = 0; // of #waiting: those before it are taken
  #bytes = 0;
  #lost = 0;
  #wake: (() => void) | undefined;

  constructor(limits: WatchLimits) {
    this.#limits = limits;
  }

  push(event: NodeEvent): void {
    const bytes = eventBytes(event);
    this.#waiting.push({ event, bytes });
    this.#bytes += bytes;
    while (
      this.#length > this.#limits.watchEvents ||
      (this.#bytes > this.#limits.watchBytes && this.#length > 1)
    ) {
      this.take();
      this.#lost++;
    }
    this.#wake?.();
  }

  take(): NodeEvent | undefined {
    const next = this.#waiting[this.#first];
    if (!next) return undefined;
    this.#first++;
    this.#bytes -= next.bytes;
    if (this.#first > this.#limits.watchEvents || this.#length === 0) {
      this.#waiting = this.#waiting.slice(this.#first);
      this.#first = 0;
    }
    return next.event;
  }

  takeLost(): number {
    const lost = this.#lost;
    this.#lost = 0;
    return lost;
  }

  /** Resolves when there is something to take, or `signal` aborts. */
  async filled(signal: AbortSignal): Promise<void> {
    if (this.#length > 0 || signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#wake = wake;
    signal.addEventListener("abort", wake, { once: true });
    await promise;
    signal.removeEventListener("abort", wake);
    this.#wake = undefined;
  }

  get #length(): number {
    return this.#waiting.length - this.#first;
  }
}
