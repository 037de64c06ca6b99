import type { Random } from "#base/random.ts";
import type { Timers } from "#machine/timers.ts";
import type { MembershipSetup, MemberView } from "#membership/io.ts";
import type { PastEvent } from "#membership/serf/gossip-state.ts";
import type { SerfMemberView, Tags } from "#membership/serf/io.ts";
import type { KeyRing } from "#membership/serf/key-ring.ts";
import type { Recent } from "#membership/serf/recent.ts";
import type { Roster, RosterEntry } from "#membership/serf/roster.ts";
import type { SerfStep } from "#membership/serf/serf-step.ts";

/** What the parts of Serf's layer share. */
export interface SerfParts {
  readonly setup: MembershipSetup;
  /** We live on loopback, so others may too. */
  readonly isLoopback: boolean;
  readonly random: Random;
  readonly timers: Timers;
  readonly step: SerfStep;
  readonly roster: Roster;
  readonly ring: KeyRing;
  readonly events: Recent<PastEvent>;
  /** What the membership below knows of a member now. */
  member(name: string): MemberView | undefined;
  /** Members that are alive or suspected, ourselves included. */
  present(): number;
  /** Our tags. */
  tags(): Tags;
  /** A member as others are told of it. */
  viewOf(entry: RosterEntry): SerfMemberView;
}
