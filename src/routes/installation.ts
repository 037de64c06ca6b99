import type { Ipv4 } from "#base/ipv4.ts";
import type { Interfaces } from "#routes/interfaces.ts";
import { keyOf, prefixOf, sameNextHops, sortNextHops, type NextHop, type PrefixKey } from "#routes/route.ts";

/** A next hop as the kernel has it. */
export interface KernelHop {
  /** Index of the interface. */
  readonly interface: number;
  readonly gateway?: Ipv4;
  /** No address of the interface says that the gateway is on its link. */
  readonly onLink?: boolean;
}

/** Something that the kernel is to do; no next hop at all: what goes there is dropped. */
export interface KernelChange {
  readonly type: "add" | "change" | "remove";
  readonly network: Ipv4;
  readonly length: number;
  readonly metric: number;
  readonly nextHops: readonly KernelHop[];
}

/** A route of ours as the kernel lists it. */
export interface PresentRoute {
  readonly network: Ipv4;
  readonly length: number;
  readonly metric: number;
  readonly nextHops: readonly KernelHop[];
}

/** "queued": the kernel will be asked; "refused" with its word for why, until something changes. */
export type InstallState =
  | { readonly state: "installed" | "queued" | "absent" }
  | { readonly state: "refused"; readonly error: string };

/** What is known of a prefix that is not settled. */
interface Slot {
  readonly key: PrefixKey;
  wanted: readonly NextHop[] | undefined;
  /** As far as is known. */
  installed: readonly NextHop[] | undefined;
  /** Why what is wanted is not to be had; empty when it may be. */
  refusal: string;
  /** It waits to be looked at. */
  isDirty: boolean;
  isUnderway: boolean;
}

/**
 * What the kernel is to have of ours, what it has as far as is known, and the difference, which costs as much as has
 * changed. Changes are taken in portions; while one is under way no other may be taken.
 */
export class Installation {
  readonly #metric: number;
  readonly #interfaces: Interfaces;
  readonly #slots = new Map<PrefixKey, Slot>();
  /** What the kernel has of other prefixes, just as it is wanted: most of very many. */
  readonly #settled = new Map<PrefixKey, readonly NextHop[]>();
  readonly #refused = new Set<Slot>();
  /** Dirty slots, the oldest first; those before `#next` have been looked at. */
  #queue: Slot[] = [];
  #next = 0;
  #underway: { readonly slot: Slot; readonly target: readonly NextHop[] | undefined }[] = [];
  /** Ours, but with another metric than ours is now: left by a run before this one. */
  #stale: KernelChange[] = [];

  constructor(metric: number, interfaces: Interfaces) {
    this.#metric = metric;
    this.#interfaces = interfaces;
  }

  /** Whether there is something to take. */
  get hasChanges(): boolean {
    return this.#next < this.#queue.length || this.#stale.length > 0;
  }

  /** The kernel is to have this route to a prefix, or (undefined) none of ours. */
  want(key: PrefixKey, nextHops: readonly NextHop[] | undefined): void {
    const slot = this.#slotAt(key);
    slot.wanted = nextHops;
    this.#permit(slot);
    this.#mark(slot);
  }

  /** The kernel is to have none of our routes. */
  wantNothing(): void {
    for (const key of [...this.#slots.keys(), ...this.#settled.keys()]) this.want(key, undefined);
  }

  stateOf(key: PrefixKey): InstallState {
    const slot = this.#slots.get(key);
    if (!slot) return { state: this.#settled.has(key) ? "installed" : "absent" };
    if (slot.refusal !== "") return { state: "refused", error: slot.refusal };
    if (slot.isDirty || slot.isUnderway) return { state: "queued" };
    return { state: slot.installed ? "installed" : "absent" };
  }

  /**
   * The next changes, at most so many; it may be none although there are more. `applied` must be told what became of them
   * before more are taken.
   */
  take(most: number): readonly KernelChange[] {
    const changes = this.#stale.splice(0, most);
    const end = Math.min(this.#queue.length, this.#next + most - changes.length);
    while (this.#next < end) {
      const slot = this.#queue[this.#next++]!;
      slot.isDirty = false;
      const change = this.#changeOf(slot);
      if (change) changes.push(change);
      else this.#tidy(slot);
    }
    if (this.#next > MOST_PASSED || this.#next === this.#queue.length) {
      this.#queue = this.#queue.slice(this.#next);
      this.#next = 0;
    }
    return changes;
  }

  /** What the kernel said to the changes that were taken. True: what it has must be listed to know more. */
  applied(failures: readonly { readonly change: KernelChange; readonly error: string }[]): boolean {
    const failed = new Map<Slot | undefined, string>();
    for (const { change, error } of failures) {
      // What is not there needs no removing.
      if (change.type !== "remove") failed.set(this.#slots.get(keyOf(change)), error);
    }
    const underway = this.#underway;
    this.#underway = [];
    for (const { slot, target } of underway) {
      slot.isUnderway = false;
      const error = failed.get(slot);
      if (error === undefined) slot.installed = target;
      else this.#fail(slot, error);
      this.#tidy(slot);
    }
    return failures.some(({ change, error }) => change.type !== "remove" && error === "EEXIST");
  }

  /** What became of the changes that were taken is not known: they are due again after a `reconcile`. */
  forget(): void {
    const underway = this.#underway;
    this.#underway = [];
    for (const { slot } of underway) {
      slot.isUnderway = false;
      this.#mark(slot);
    }
  }

  /** The kernel has exactly these routes of ours: what is missing is due again, what is too much is removed. */
  reconcile(present: Iterable<PresentRoute>): void {
    this.#stale = [];
    const listed = new Set<PrefixKey>();
    for (const { network, length, metric, nextHops } of present) {
      if (metric !== this.#metric) {
        this.#stale.push({ type: "remove", network, length, metric, nextHops: [] });
        continue;
      }
      const key = keyOf({ network, length });
      listed.add(key);
      const has = this.#named(nextHops);
      const settled = this.#settled.get(key);
      if (settled && sameNextHops(settled, has)) continue;
      const slot = this.#slotAt(key);
      if (slot.refusal === "EEXIST") this.#permit(slot);
      const target = targetOf(slot);
      const isRight = target !== undefined && sameNextHops(target, has);
      slot.installed = isRight ? target : has;
      if (isRight) this.#tidy(slot);
      else this.#mark(slot);
    }
    for (const key of [...this.#slots.keys(), ...this.#settled.keys()]) {
      if (listed.has(key)) continue;
      const slot = this.#slotAt(key);
      if (!slot.installed) continue;
      slot.installed = undefined;
      this.#mark(slot);
    }
  }

  /** What was refused is asked for again: of one prefix, or everything. */
  retry(only?: PrefixKey): void {
    const slot = only === undefined ? undefined : this.#slots.get(only);
    for (const each of only === undefined ? [...this.#refused] : slot ? [slot] : []) {
      if (each.refusal === "") continue;
      this.#permit(each);
      this.#mark(each);
    }
  }

  #slotAt(key: PrefixKey): Slot {
    const known = this.#slots.get(key);
    if (known) return known;
    const settled = this.#settled.get(key);
    this.#settled.delete(key);
    const state = { refusal: "", isDirty: false, isUnderway: false };
    const slot: Slot = { key, wanted: settled, installed: settled, ...state };
    this.#slots.set(key, slot);
    return slot;
  }

  /** A prefix of which there is no more to know than what the kernel has. */
  #tidy({ key, wanted, installed, refusal, isDirty, isUnderway }: Slot): void {
    if (wanted !== installed || refusal !== "" || isDirty || isUnderway) return;
    this.#slots.delete(key);
    if (installed) this.#settled.set(key, installed);
  }

  #mark(slot: Slot): void {
    if (slot.isDirty) return;
    slot.isDirty = true;
    this.#queue.push(slot);
  }

  #permit(slot: Slot): void {
    if (slot.refusal === "") return;
    slot.refusal = "";
    this.#refused.delete(slot);
  }

  #refuse(slot: Slot, error: string): void {
    slot.refusal = error;
    this.#refused.add(slot);
  }

  #fail(slot: Slot, error: string): void {
    const wasChange = slot.installed !== undefined;
    if (wasChange && error === "ENOENT") {
      slot.installed = undefined;
      return this.#mark(slot);
    }
    // Of a prefix that is wanted otherwise by now it says nothing.
    if (!slot.isDirty) this.#refuse(slot, error);
    // The old route leads where nothing is to go any more.
    if (wasChange) this.#mark(slot);
  }

  #changeOf(slot: Slot): KernelChange | undefined {
    const [target, has] = [targetOf(slot), slot.installed];
    const place = { ...prefixOf(slot.key), metric: this.#metric };
    if (!target) {
      if (!has) return undefined;
      this.#begin(slot, undefined);
      return { type: "remove", ...place, nextHops: [] };
    }
    if (has && sameNextHops(target, has)) {
      slot.installed = target;
      return undefined;
    }
    const nextHops = this.#kernelHops(target);
    if (typeof nextHops === "string") {
      this.#refuse(slot, nextHops);
      return this.#changeOf(slot);
    }
    this.#begin(slot, target);
    return { type: has ? "change" : "add", ...place, nextHops };
  }

  #begin(slot: Slot, target: readonly NextHop[] | undefined): void {
    slot.isUnderway = true;
    this.#underway.push({ slot, target });
  }

  /** The kernel's word when it is known to refuse them: it would have to say so for each route. */
  #kernelHops(nextHops: readonly NextHop[]): readonly KernelHop[] | "ENODEV" | "ENETDOWN" {
    const hops: KernelHop[] = [];
    for (const { interface: name, gateway } of nextHops) {
      const link = this.#interfaces.get(name);
      if (!link) return "ENODEV";
      if (!link.up) return "ENETDOWN";
      const { index } = link;
      if (gateway === undefined) hops.push({ interface: index });
      else if (this.#interfaces.isOnLink(name, gateway)) hops.push({ interface: index, gateway });
      else hops.push({ interface: index, gateway, onLink: true });
    }
    return hops;
  }

  #named(nextHops: readonly KernelHop[]): readonly NextHop[] {
    return sortNextHops(
      nextHops.map(({ interface: index, gateway }) => {
        const name = this.#interfaces.nameOf(index);
        return gateway === undefined ? { interface: name } : { interface: name, gateway };
      }),
    );
  }
}

/** What is refused is not to be there either: the old route would lead elsewhere. */
function targetOf({ wanted, refusal }: Slot): readonly NextHop[] | undefined {
  return refusal === "" ? wanted : undefined;
}

/** Slots that have been looked at and are kept until it is worth while to drop them. */
const MOST_PASSED = 10_000;
