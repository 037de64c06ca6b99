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
  /** A member failed; it may come back where it was. */
  lost(member: Member): void;
  /** A member left. */
  gone(member: Member): void;
}

/** Applies what messages say about members: changes the table, tells the others, and the application. */
export class Records {
  readonly #parts: Parts;
  readonly #hooks: RecordHooks;
  /** When a conflict was last told, by name. */
  readonly #conflicts = new Map<string, number>();
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
    const { step, members } = this.#parts;
    const checked = checkClaim(claim, this.#parts);
    if (!checked.ok) {
      step.count(`refused member: ${checked.error}`);
      return "refused";
    }
    const known = members.get(claim.name);
    const verdict = judgeAlive(known, checked.claim, this.#judge(claim.name));
    if (verdict === "conflict") this.#conflict(known!, checked.endpoint);
    else if (verdict === "refute") this.refute(claim.incarnation);
    else if (verdict === "accept") {
      if (known) this.#acceptAlive(known, checked.claim, checked.endpoint);
      else if (members.isFull) step.count("refused member: too many");
      else this.#acceptNew(checked.claim, checked.endpoint, quietly);
    }
    return verdict === "conflict" || verdict === "leaving" ? "open" : "settled";
  }

  /** `reason` when the accusation is our own. */
  suspect(claim: Accusation, reason?: string): void {
    const { step, members } = this.#parts;
    const member = members.get(claim.node);
    const verdict = judgeSuspect(member, claim, this.#judge(claim.node));
    if (verdict === "impossible") step.count("refused: an accusation that nobody can object to");
    else if (verdict === "refute") this.refute(claim.incarnation);
    else if (verdict === "confirm") this.#confirm(member!, claim);
    else if (verdict === "accept") this.#acceptSuspect(member!, claim, reason);
  }

  dead(claim: Accusation, reason?: string): void {
    const { step, members } = this.#parts;
    const member = members.get(claim.node);
    const verdict = judgeDead(member, claim, this.#judge(claim.node));
    if (verdict === "impossible") step.count("refused: an accusation that nobody can object to");
    else if (verdict === "refute") this.refute(claim.incarnation);
    else if (verdict === "accept") this.#acceptDead(member!, claim, reason);
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

  /** Tells all that we are alive, with what we are now. */
  announce(): void {
    this.#changed(this.#parts.self);
    this.#tell(this.#parts.self);
  }

  /** Objects to what is said of us. */
  refute(accused: number): void {
    const { self, health, step } = this.#parts;
    const incarnation = refutingIncarnation(self.incarnation, accused);
    if (incarnation === self.incarnation) return;
    self.incarnation = incarnation;
    health.change(1);
    step.count("refutations");
    this.announce();
  }

  #judge(name: string): Judge {
    const { step, self, setup } = this.#parts;
    const { reclaimAfterMs } = setup;
    return { now: step.now, isSelf: name === self.name, leaving: this.leaving, reclaimAfterMs };
  }

  #acceptNew(claim: NodeClaim, endpoint: Endpoint, quietly: boolean): void {
    const member: Member = {
      ...kept(claim),
      name: claim.name,
      endpoint,
      state: "alive",
      since: this.#parts.step.now,
      suspicion: undefined,
      reason: undefined,
      roundTripMs: undefined,
      revision: 0,
      encoded: undefined,
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
    Object.assign(member, kept(claim), { endpoint, reason: undefined });
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
    if (state === "left") {
      this.#hooks.gone(member);
      step.emit({ type: "left", member: viewOf(member) });
    } else {
      this.#hooks.lost(member);
      step.emit({ type: "failed", member: viewOf(member), reason: member.reason! });
    }
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
    member.encoded = undefined;
  }

  #tell(member: Member): void {
    const { name, address, port, meta, versions, incarnation } = member;
    const body = {
      ...{ node: name, address, port, versions, incarnation },
      meta: meta.length > 0 ? meta : undefined,
    };
    this.#parts.news.push(name, encodeMessage({ type: "alive", body }));
  }
}

/** Of its own: the bytes of a claim are part of a packet, which shall not stay for them. */
function kept(claim: NodeClaim): Pick<Member, "address" | "port" | "meta" | "versions" | "incarnation"> {
  const { address, port, meta, versions, incarnation } = claim;
  return { address: address.slice(), port, meta: meta.slice(), versions: versions.slice(), incarnation };
}
