import type { Cipher } from "#base/cipher.ts";
import type { Random } from "#base/random.ts";
import type { Timers } from "#machine/timers.ts";
import type { Envelope } from "#membership/envelope.ts";
import type { GossipQueue } from "#membership/gossip-queue.ts";
import type { Health } from "#membership/health.ts";
import type { MembershipApplication, MembershipSetup } from "#membership/io.ts";
import type { Member } from "#membership/member.ts";
import type { Members } from "#membership/members.ts";
import type { Step } from "#membership/step.ts";

/** What the parts of the core share. */
export interface Parts {
  readonly setup: MembershipSetup;
  readonly random: Random;
  readonly cipher: Cipher;
  readonly timers: Timers;
  readonly step: Step;
  readonly members: Members;
  /** Ourselves; also among the members. */
  readonly self: Member;
  /** We live on loopback, so others may too. */
  readonly isLoopback: boolean;
  readonly health: Health;
  readonly envelope: Envelope;
  /** News of members, by name; and the application's. */
  readonly news: GossipQueue;
  readonly broadcasts: GossipQueue;
  readonly application: MembershipApplication | undefined;
}
