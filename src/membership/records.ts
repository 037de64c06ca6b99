import { equalBytes } from "#base/bytes.ts";
import { formatEndpoint, type Endpoint } from "#base/endpoint.ts";
import { checkClaim, type NodeClaim } from "#membership/claim.ts";
import { viewOf, type Member } from "#membership/member.ts";
import type { Parts } from "#membership/parts.ts";
import {
  endOf,
  judgeAlive,
  judgeDead,
  judgeSuspect,
  LAST_INCARNATION,
  refutingIncarnation,
  type Accusation,
  type Judge,
} from "#membership/rules.ts";
import { Suspicion } from "#membership/suspicion.ts";
import { encodeMessage } from "#wire/memberlist/packet.ts";

/** Whom the records tell of what others must act on. */
export interface RecordHooks {
  /** A member is new, or back; `quietly`: it stood in the first list that we got. */
  found(member: Member, quietly: boolean): void;
  /** A member failed or left; it may come back where it was. */
  lost(member: Member): void;
}

/** Applies what messages say about members: changes the table, tells the others, and the application. */
export class Records {
  readonly #parts: Parts;
  readonly #hooks: RecordHooks;
  /** When a conflict was last told, by name. */
  readonly #conflicts = new Map<string, number>();
  #roomSoughtAt = -Infinity;
  /** We said that we leave. */
  leaving = false;

  constructor(parts: Parts, hooks: RecordHooks) {
    this.#parts = parts;
    this.#hooks = hooks;
  }

  /**
   * "settled": the same again would change nothing until the member changes; "open": it might; "refused": no member can be
   * like that. `quietly`: whoever could be told knows it.
   */
  alive(claim: NodeClaim, quietly = false): "settled" | "open" | "refused" {
    const { step, members, self } = this.#parts;
    const known = members.get(claim.name);
    // As nearly all of an exchange: not worth a closer look.
    if (known && known !== self && isOld(claim, known)) return "settled";
    const checked = checkClaim(claim, this.#parts);
    if (!checked.ok) {
      step.count(`refused member: ${checked.error}`);
      return "refused";
    }
    const verdict = judgeAlive(known, checked.claim, this.#judge(claim.name));
    if (verdict === "conflict") this.#conflict(known!, checked.endpoint);
    else if (verdict === "refute") this.refute(claim.incarnation);
    else if (verdict === "accept") {
      if (known) this.#acceptAlive(known, checked.claim, checked.endpoint);
      else if (!this.#hasRoom()) step.count("refused member: too many");
      else this.#acceptNew(checked.claim, checked.endpoint, quietly);
    }
    return verdict === "conflict" || verdict === "leaving" ? "open" : "settled";
  }

  /** `reason` when the accusation is our own. */
  suspect(claim: Accusation, reason?: string): void {
    const { step, members } = this.#parts;
    const member = members.get(claim.node);
    const verdict = judgeSuspect(member, claim, this.#judge(claim.node, reason !== undefined));
    if (verdict === "impossible") step.count("refused: an accusation that nobody can object to");
    else if (verdict === "refute") this.refute(claim.incarnation);
    else if (verdict === "confirm") this.#confirm(member!, claim);
    else if (verdict === "accept") this.#acceptSuspect(member!, claim, reason);
  }

  /** `reason` when it is our own word. */
  dead(claim: Accusation, reason?: string): void {
    const { step, members } = this.#parts;
    const member = members.get(claim.node);
    const verdict = judgeDead(member, claim, this.#judge(claim.node, reason !== undefined));
    if (verdict === "impossible") step.count("refused: an accusation that nobody can object to");
    else if (verdict === "refute") this.refute(claim.incarnation);
    else if (verdict === "accept") this.#acceptDead(member!, claim, reason);
  }

  /** A probe was answered: of a member that cannot object any more that says enough. */
  answered(member: Member): void {
    if (member.state !== "suspect" || member.incarnation < LAST_INCARNATION) return;
    this.#clearSuspicion(member);
    member.reason = undefined;
    this.#parts.members.setState(member, "alive", this.#parts.step.now);
    this.#changed(member);
    this.#parts.step.emit({ type: "recovered", member: viewOf(member) });
  }

  /** The time of a suspected member is up. */
  suspicionDue(name: string): void {
    const { members, self, step } = this.#parts;
    const member = members.get(name);
    if (!member?.suspicion) return;
    const { accusers } = member.suspicion;
    const seconds = ((step.now - member.since) / 1_000).toFixed(1);
    const reason = `suspected by ${accusers.join(", ")}, no objection in ${seconds} s`;
    this.dead({ node: name, incarnation: member.incarnation, from: self.name }, reason);
  }

  /** We did nothing for so long, ms: what others said meanwhile has not been read yet. */
  overslept(ms: number): void {
    const { members, timers } = this.#parts;
    for (const { name, suspicion } of members.values()) {
      const due = suspicion && timers.when(`suspicion ${name}`);
      if (due !== undefined) timers.set(`suspicion ${name}`, due + ms);
    }
  }

  /** Forgets who is dead or gone for long. */
  reap(): void {
    const { members, setup, step, self } = this.#parts;
    for (const member of [...members.values()]) {
      const isOver = member.state === "dead" || member.state === "left";
      if (!isOver || member === self || step.now - member.since < setup.profile.gossipToTheDeadMs) continue;
      members.remove(member);
      this.#changed(member);
      step.count("forgotten members");
    }
  }

  /** In a full table those who are over give way at once: with so many members a lap, and so the next reaping, takes hours. */
  #hasRoom(): boolean {
    const { members, step, setup } = this.#parts;
    if (!members.isFull) return true;
    if (step.now - this.#roomSoughtAt < setup.profile.probeIntervalMs) return false;
    this.#roomSoughtAt = step.now;
    this.reap();
    return !members.isFull;
  }

  /** Tells all that we are alive, with what we are now. */
  announce(): void {
    this.#changed(this.#parts.self);
    this.#tell(this.#parts.self);
  }

  /** Objects to what is said of us. */
  refute(accused: number): void {
    const { self, health, step } = this.#parts;
    const incarnation = refutingIncarnation(self.incarnation, accused);
    if (incarnation === self.incarnation) return step.count("could not object: our incarnation is the last");
    self.incarnation = incarnation;
    health.change(1);
    step.count("refutations");
    this.announce();
  }

  #judge(name: string, isOurs = false): Judge {
    const { step, self, setup } = this.#parts;
    const { reclaimAfterMs } = setup;
    return { now: step.now, isSelf: name === self.name, leaving: this.leaving, isOurs, reclaimAfterMs };
  }

  #acceptNew(claim: NodeClaim, endpoint: Endpoint, quietly: boolean): void {
    const member: Member = {
      ...this.#kept(claim),
      name: claim.name,
      endpoint,
      state: "alive",
      since: this.#parts.step.now,
      suspicion: undefined,
      reason: undefined,
      roundTripMs: undefined,
      revision: 0,
      slot: -1,
    };
    this.#parts.members.add(member);
    if (!quietly) this.#tell(member);
    this.#parts.step.emit({ type: "joined", member: viewOf(member) });
    this.#hooks.found(member, quietly);
  }

  #acceptAlive(member: Member, claim: NodeClaim, endpoint: Endpoint): void {
    const { members, step } = this.#parts;
    const before = member.state;
    const isUpdate = !equalBytes(claim.meta, member.meta);
    this.#clearSuspicion(member);
    Object.assign(member, this.#kept(claim), { endpoint, reason: undefined });
    if (before !== "alive") members.setState(member, "alive", step.now);
    this.#changed(member);
    this.#tell(member);
    if (before === "dead" || before === "left") {
      step.emit({ type: "joined", member: viewOf(member) });
      this.#hooks.found(member, false);
      return;
    }
    if (before === "suspect") step.emit({ type: "recovered", member: viewOf(member) });
    if (isUpdate) step.emit({ type: "updated", member: viewOf(member) });
  }

  #confirm(member: Member, claim: Accusation): void {
    const { suspicion, name } = member;
    if (!suspicion?.confirm(claim.from)) return;
    this.#changed(member);
    this.#parts.timers.set(`suspicion ${name}`, suspicion.deadline);
    this.#parts.news.push(name, encodeMessage({ type: "suspect", body: claim }));
  }

  #acceptSuspect(member: Member, claim: Accusation, reason: string | undefined): void {
    const { members, step, timers, news, setup } = this.#parts;
    const { name } = member;
    member.incarnation = claim.incarnation;
    member.suspicion = new Suspicion(setup.profile, members.size, claim.from, step.now);
    member.reason = reason ?? `suspected by ${claim.from}`;
    members.setState(member, "suspect", step.now);
    this.#changed(member);
    timers.set(`suspicion ${name}`, member.suspicion.deadline);
    news.push(name, encodeMessage({ type: "suspect", body: claim }));
    step.emit({ type: "suspected", member: viewOf(member), reason: member.reason });
  }

  #acceptDead(member: Member, claim: Accusation, reason: string | undefined): void {
    const { members, step, news, self } = this.#parts;
    const state = endOf(claim);
    this.#clearSuspicion(member);
    member.incarnation = claim.incarnation;
    member.reason = state === "left" ? undefined : (reason ?? `said to be dead by ${claim.from}`);
    members.setState(member, state, step.now);
    this.#changed(member);
    news.push(member.name, encodeMessage({ type: "dead", body: claim }));
    if (member === self) return;
    this.#hooks.lost(member);
    if (state === "left") step.emit({ type: "left", member: viewOf(member) });
    else step.emit({ type: "failed", member: viewOf(member), reason: member.reason! });
  }

  #clearSuspicion(member: Member): void {
    if (!member.suspicion) return;
    member.suspicion = undefined;
    this.#parts.timers.cancel(`suspicion ${member.name}`);
  }

  #conflict(member: Member, endpoint: Endpoint): void {
    const { step, setup } = this.#parts;
    const { conflictAgainMs, conflicts } = setup.limits;
    step.count("conflicts");
    const told = this.#conflicts.get(member.name);
    if (told !== undefined && step.now - told < conflictAgainMs) return;
    this.#conflicts.delete(member.name);
    if (this.#conflicts.size >= conflicts) this.#conflicts.delete(this.#conflicts.keys().next().value!);
    this.#conflicts.set(member.name, step.now);
    step.emit({ type: "conflict", member: viewOf(member), address: formatEndpoint(endpoint) });
  }

  #changed(member: Member): void {
    member.revision++;
  }

  #tell(member: Member): void {
    const { name, address, port, meta, versions, incarnation } = member;
    const body = {
      ...{ node: name, address, port, versions, incarnation },
      meta: meta.length > 0 ? meta : undefined,
    };
    this.#parts.news.push(name, encodeMessage({ type: "alive", body }));
  }

  /** Of its own, since the bytes of a claim are part of a packet, which shall not stay for them; what is usual is shared. */
  #kept(claim: NodeClaim): Pick<Member, "address" | "port" | "meta" | "versions" | "incarnation"> {
    const { address, port, meta, versions, incarnation } = claim;
    const usual = this.#parts.self.versions;
    return {
      ...{ address: address.slice(), port, incarnation },
      meta: meta.length > 0 ? meta.slice() : NOTHING,
      versions: equalBytes(versions, usual) ? usual : versions.slice(),
    };
  }
}

/** It says nothing that is newer than what is known, of the same place. */
function isOld(claim: NodeClaim, { incarnation, port, address }: Member): boolean {
  return claim.incarnation <= incarnation && claim.port === port && equalBytes(claim.address, address);
}

const NOTHING = new Uint8Array(0);
