import { equalBytes } from "#base/bytes.ts";
import type { MemberState } from "#membership/io.ts";

/*
 * What a message about a member means, given what is known of it (wire notes, section 11). The functions only judge; what
 * follows from it is done in records.ts. Each answers one word:
 *
 * - "accept": it is news;
 * - "refute": it is about us and wrong, and we must object with a higher incarnation;
 * - "confirm": another accusation of a member that is suspected already;
 * - "conflict": another address claims the name;
 * - the other words say why it is ignored.
 */

export interface Known {
  readonly state: MemberState;
  readonly incarnation: number;
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array;
  readonly versions: Uint8Array;
  /** When the state began, ms. */
  readonly since: number;
}

/** Who judges, and when. */
export interface Judge {
  readonly now: number;
  /** The message is about ourselves. */
  readonly isSelf: boolean;
  /** We said that we leave. */
  readonly leaving: boolean;
  /** Whoever accuses is ourselves, and not somebody who may write what he likes. */
  readonly isOurs: boolean;
  /** 0: never. */
  readonly reclaimAfterMs: number;
}

export interface AliveClaim {
  readonly incarnation: number;
  readonly address: Uint8Array;
  readonly port: number;
  readonly meta: Uint8Array;
  readonly versions: Uint8Array;
}

/**
 * An incarnation that nobody could object to: accusations of others with it are refused, or a name could be killed for
 * good. A member that was driven there each finds out about by itself.
 */
export const LAST_INCARNATION = 0xffff_ffff;

export type AliveVerdict = "accept" | "refute" | "conflict" | "old" | "leaving";

export function judgeAlive(known: Known | undefined, claim: AliveClaim, judge: Judge): AliveVerdict {
  const { isSelf, leaving, now, reclaimAfterMs } = judge;
  if (isSelf && leaving) return "leaving";
  // memberlist stores a member of incarnation 0 as dead and never tells anyone.
  if (!known) return claim.incarnation > 0 ? "accept" : "old";
  if (claim.port !== known.port || !equalBytes(claim.address, known.address)) {
    const isReclaimed = reclaimAfterMs > 0 && known.state === "dead" && now - known.since >= reclaimAfterMs;
    return !isSelf && (known.state === "left" || isReclaimed) ? "accept" : "conflict";
  }
  if (!isSelf) return claim.incarnation > known.incarnation ? "accept" : "old";
  if (claim.incarnation < known.incarnation) return "old";
  const isSame =
    claim.incarnation === known.incarnation &&
    equalBytes(claim.meta, known.meta) &&
    equalBytes(claim.versions, known.versions);
  return isSame ? "old" : "refute";
}

function isFinal({ incarnation }: Accusation, { isOurs }: Judge): boolean {
  return incarnation === LAST_INCARNATION && !isOurs;
}

/** Accusations of other nodes; our own use the member's incarnation and are always judged news of an alive one. */
export interface Accusation {
  readonly incarnation: number;
  readonly from: string;
  readonly node: string;
}

export type SuspectVerdict = "accept" | "refute" | "confirm" | "unknown" | "old" | "leaving" | "impossible";

export function judgeSuspect(known: Known | undefined, claim: Accusation, judge: Judge): SuspectVerdict {
  if (!known) return "unknown";
  if (claim.incarnation < known.incarnation) return "old";
  if (isFinal(claim, judge)) return "impossible";
  if (known.state === "suspect") return "confirm";
  if (known.state !== "alive") return "old";
  if (!judge.isSelf) return "accept";
  return judge.leaving ? "leaving" : "refute";
}

export type DeadVerdict = "accept" | "refute" | "unknown" | "old" | "impossible";

/** What "accept" makes of the member: who says so itself has left. */
export function endOf({ from, node }: Accusation): "dead" | "left" {
  return from === node ? "left" : "dead";
}

export function judgeDead(known: Known | undefined, claim: Accusation, judge: Judge): DeadVerdict {
  if (!known) return "unknown";
  if (claim.incarnation < known.incarnation) return "old";
  if (isFinal(claim, judge)) return "impossible";
  if (known.state === "left") return "old";
  // memberlist stays with "dead" here, so that who left late is looked for as one that failed.
  if (known.state === "dead") return endOf(claim) === "left" && !judge.isSelf ? "accept" : "old";
  return judge.isSelf && !judge.leaving ? "refute" : "accept";
}

/** The incarnation of an objection: above our own and above what we are accused with. */
export function refutingIncarnation(own: number, accused: number): number {
  return Math.min(LAST_INCARNATION, Math.max(own, accused) + 1);
}
