import type { LogLevel } from "#host/log.ts";
import type { EventSource } from "#services/control.ts";
import type { EventDetail, NodeEvent } from "#services/events.ts";

/** The one log of a node: what is kept of it, bounded by count and size, and whoever follows it. */
export class EventLog implements EventSource {
  readonly #wallTime: () => number;
  readonly #kept: { readonly event: NodeEvent; readonly size: number }[] = [];
  readonly #followers = new Set<{ readonly tell: (event: NodeEvent) => void }>();
  #keptSize = 0;
  #sequence = 0;

  constructor(wallTime: () => number) {
    this.#wallTime = wallTime;
  }

  publish(service: string, level: LogLevel, text: string, detail?: EventDetail): void {
    const event: NodeEvent = {
      sequence: ++this.#sequence,
      time: this.#wallTime(),
      service,
      level,
      text: text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT).toWellFormed()}…` : text,
      ...(detail && { detail }),
    };
    this.#keep(event);
    for (const { tell } of this.#followers) tell(event);
  }

  since(after: number): readonly NodeEvent[] {
    return this.#kept.filter(({ event }) => event.sequence > after).map(({ event }) => event);
  }

  subscribe(listener: (event: NodeEvent) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    const follower = { tell: listener };
    this.#followers.add(follower);
    signal.addEventListener("abort", () => this.#followers.delete(follower), { once: true });
  }

  #keep(event: NodeEvent): void {
    const size = EVENT_OVERHEAD + event.text.length + detailSize(event.detail);
    this.#kept.push({ event, size });
    this.#keptSize += size;
    if (this.#kept.length <= 2 * MOST_KEPT && this.#keptSize <= 2 * MOST_SIZE) return;
    // Dropped in halves, so that each event is moved a bounded number of times.
    let from = Math.max(0, this.#kept.length - MOST_KEPT);
    let total = this.#kept.slice(from).reduce((sum, kept) => sum + kept.size, 0);
    // The newest is kept, however large.
    while (total > MOST_SIZE && from < this.#kept.length - 1) total -= this.#kept[from++]!.size;
    this.#kept.splice(0, from);
    this.#keptSize = total;
  }
}

/** Characters of what can be long. */
function detailSize(detail: EventDetail | undefined): number {
  if (detail?.type === "message") return detail.message.body.length;
  if (detail?.type === "responder") return detail.text.length + detail.details.length + detail.packet.length;
  if (detail?.type === "member-event" || detail?.type === "member-query") return detail.payload.length;
  return 0;
}

/** A day of a quiet node; between so many and twice as many are kept. */
const MOST_KEPT = 2_000;
/** Characters of all kept events: messages may be a megabyte each. */
const MOST_SIZE = 8_000_000;
/** One line on a screen, or a few. */
const LONGEST_TEXT = 1_000;
const EVENT_OVERHEAD = 200;
