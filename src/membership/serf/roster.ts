import type { MemberView } from "#membership/io.ts";
import { LamportClock } from "#membership/serf/lamport-clock.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";

/** "leaving": said that it leaves, and is still there. */
export type SerfStatus = "alive" | "leaving" | "left" | "failed";

export interface RosterEntry {
  readonly name: string;
  /** As it was told last; the membership may know it newer, or have forgotten it. */
  view: MemberView;
  status: SerfStatus;
  /** Lamport time of its last join or leave. */
  time: number;
  /** When it failed or left, ms. */
  endedAt: number;
  /** It is to be forgotten as soon as it has left. */
  isPruned: boolean;
}

/** A member's word, or an operator's about it, that it leaves. */
export interface Leave {
  readonly name: string;
  readonly time: number;
  /** It is to be forgotten too. */
  readonly prune: boolean;
}

interface Intent {
  readonly type: "join" | "leave";
  readonly time: number;
  readonly at: number;
}

/**
 * "old": not news; "refute": it says that we left, and we did not; "news": others must hear of it; "left": news, and a
 * member that had failed counts as one that left.
 */
export type IntentVerdict = "old" | "refute" | "news" | "left";

/**
 * Members by Serf's rules: each says itself, with a Lamport time, when it joins and leaves, so who disappears after
 * saying that it leaves has left, whatever the membership below saw of it. Those that failed or left are remembered for a
 * day: longer than the membership does.
 */
export class Roster {
  readonly clock = new LamportClock();
  readonly #own: string;
  readonly #most: number;
  readonly #entries = new Map<string, RosterEntry>();
  /** Those that failed or left, the oldest first. */
  readonly #ended = new Map<string, RosterEntry>();
  readonly #intents = new Map<string, Intent>();
  readonly #erased: (name: string) => void;

  /** `most` members at once; `erased` is told the name of each that is forgotten. */
  constructor(own: MemberView, most: number, erased: (name: string) => void) {
    this.#own = own.name;
    this.#most = most;
    this.#erased = erased;
    this.#entries.set(own.name, newEntry(own));
  }

  get(name: string): RosterEntry | undefined {
    return this.#entries.get(name);
  }

  /** Ourselves included. */
  values(): Iterable<RosterEntry> {
    return this.#entries.values();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Whether `reap` has anything to wait for. */
  get needsReaping(): boolean {
    return this.#ended.size > 0 || this.#intents.size > 0;
  }

  joined(view: MemberView): void {
    const known = this.#entries.get(view.name);
    if (known) {
      this.#ended.delete(view.name);
      Object.assign(known, { view, status: "alive", isPruned: false });
      return;
    }
    if (this.#entries.size >= this.#most) this.#eraseOldest();
    const entry = newEntry(view);
    const intent = this.#intents.get(view.name);
    if (intent) {
      entry.time = intent.time;
      if (intent.type === "leave") entry.status = "leaving";
    }
    this.#entries.set(view.name, entry);
  }

  updated(view: MemberView): void {
    const known = this.#entries.get(view.name);
    if (known) known.view = view;
  }

  /** A member is gone: did it fail or leave? Undefined when that is known already. */
  ended(view: MemberView, saidSo: boolean, now: number): "left" | "failed" | undefined {
    const entry = this.#entries.get(view.name);
    if (!entry) return undefined;
    const hasLeft = saidSo || entry.status === "leaving" || entry.status === "left";
    const status = hasLeft ? "left" : "failed";
    const isKnown = entry.status === status;
    entry.view = view;
    this.#end(entry, status, now);
    if (entry.isPruned) this.erase(view.name);
    return isKnown ? undefined : status;
  }

  /** A member said at `time` that it joins. */
  joinIntent(name: string, time: number, now: number): IntentVerdict {
    this.clock.witness(time);
    const entry = this.#entries.get(name);
    if (!entry) return this.#remember(name, { type: "join", time, at: now });
    if (time <= entry.time) return "old";
    entry.time = time;
    if (entry.status === "leaving") entry.status = "alive";
    return "news";
  }

  /** A member leaves, or an operator said so of a failed one. `staying`: we do not leave. */
  leaveIntent({ name, time, prune }: Leave, staying: boolean, now: number): IntentVerdict {
    this.clock.witness(time);
    const entry = this.#entries.get(name);
    if (!entry) return this.#remember(name, { type: "leave", time, at: now });
    if (time <= entry.time) return "old";
    if (name === this.#own && staying) return "refute";
    entry.time = time;
    if (entry.status === "alive") entry.status = "leaving";
    const hasFailed = entry.status === "failed";
    if (hasFailed) this.#end(entry, "left", entry.endedAt);
    if (prune && name !== this.#own) {
      entry.isPruned = true;
      if (entry.status === "left" && !hasFailed) this.erase(name);
    }
    return hasFailed ? "left" : "news";
  }

  /** Forgets those that ended, and intents of nobody, that are too old. */
  reap(now: number): void {
    for (const { name, endedAt } of [...this.#ended.values()])
      if (now - endedAt >= SERF_LIMITS.tombstoneMs) this.erase(name);
    for (const [name, { at }] of this.#intents)
      if (now - at >= SERF_LIMITS.intentMs) this.#intents.delete(name);
  }

  erase(name: string): void {
    if (name === this.#own) return;
    this.#ended.delete(name);
    if (this.#entries.delete(name)) this.#erased(name);
  }

  #end(entry: RosterEntry, status: "left" | "failed", now: number): void {
    this.#ended.delete(entry.name);
    Object.assign(entry, { status, endedAt: now });
    this.#ended.set(entry.name, entry);
  }

  #eraseOldest(): void {
    const [oldest] = this.#ended.keys();
    if (oldest !== undefined) this.erase(oldest);
  }

  /** News only if it is newer than what was heard of that name: otherwise two nodes would tell each other for ever. */
  #remember(name: string, intent: Intent): IntentVerdict {
    const known = this.#intents.get(name);
    if (known && intent.time <= known.time) return "old";
    this.#intents.delete(name);
    if (this.#intents.size >= SERF_LIMITS.intents) this.#intents.delete(this.#intents.keys().next().value!);
    this.#intents.set(name, intent);
    return "news";
  }
}

function newEntry(view: MemberView): RosterEntry {
  return { name: view.name, view, status: "alive", time: 0, endedAt: 0, isPruned: false };
}
