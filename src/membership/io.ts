import type { WorldInput, WorldOutput } from "#machine/io.ts";
import type { MembershipLimits } from "#membership/limits.ts";
import type { MembershipProfile } from "#membership/profiles.ts";

/** All that the core is made from, besides its random numbers and its cipher. */
export interface MembershipSetup {
  /** Unique in the cluster. */
  readonly name: string;
  /** "IP:port" where others reach us, for packets and for streams. */
  readonly address: string;
  /** What others are told of us; 512 bytes at most. */
  readonly meta: Uint8Array;
  readonly profile: MembershipProfile;
  readonly limits: MembershipLimits;
  /** Addresses of members; dialled until one answers, and again whenever we are alone. Host names are allowed. */
  readonly join: readonly string[];
  /** AES keys of 16, 24 or 32 bytes: the first one encrypts, all are tried to decrypt. None: nothing is encrypted. */
  readonly keys: readonly Uint8Array[];
  /** Accept plain packets and streams although there are keys: while a cluster gets its first key. */
  readonly acceptPlain: boolean;
  /** Send plain although there are keys: the other half of it. */
  readonly sendPlain: boolean;
  /** Set before everything we send, and demanded of what comes; "" for none. */
  readonly label: string;
  readonly compression: boolean;
  /** The version we speak, 1 to 5. */
  readonly protocol: number;
  /** The application's own versions: lowest, highest and spoken. */
  readonly delegateVersions: readonly [number, number, number];
  /** A dead member's name may be taken by another address after so long, ms; 0: never. */
  readonly reclaimAfterMs: number;
}

export type MemberState = "alive" | "suspect" | "dead" | "left";

/** What is told of a member. */
export interface MemberView {
  readonly name: string;
  /** "IP:port". */
  readonly address: string;
  readonly state: MemberState;
  readonly incarnation: number;
  readonly meta: Uint8Array;
  /** Protocol and delegate versions: lowest, highest and spoken of each. */
  readonly versions: Uint8Array;
  /** When the state began, ms, monotonic. */
  readonly since: number;
  /** Of the last direct probe, ms. */
  readonly roundTripMs?: number;
  /** Why it is suspected or failed. */
  readonly reason?: string;
}

/** What the operator, or an application, asks of the core. */
export type MembershipCommand =
  /** Dials each address once, and exchanges members with whoever answers. */
  | { readonly type: "join"; readonly addresses: readonly string[] }
  /** Tells the others that we go; "departed" follows. A later join comes back. */
  | { readonly type: "leave" }
  /** The configuration names other addresses than those of `join` in the setup, and of earlier commands. */
  | { readonly type: "seeds"; readonly added: readonly string[]; readonly removed: readonly string[] }
  | { readonly type: "meta"; readonly meta: Uint8Array }
  /**
   * Gossips a message in as many packets as news get, to random members; who receives it passes it on only by a broadcast
   * of its own. Replaces an earlier one with the same key that is still under way.
   */
  | { readonly type: "broadcast"; readonly payload: Uint8Array; readonly key?: string }
  /** To one member: over a stream when `reliable`, else in one packet. */
  | {
      readonly type: "send";
      readonly node: string;
      readonly payload: Uint8Array;
      readonly reliable: boolean;
      /** "IP:port": there, in a packet, and not to where the member of this name is known. */
      readonly address?: string;
    }
  | { readonly type: "keys"; readonly keys: readonly Uint8Array[] };

export type MembershipEvent =
  | { readonly type: "joined" | "updated" | "recovered" | "left"; readonly member: MemberView }
  | { readonly type: "suspected" | "failed"; readonly member: MemberView; readonly reason: string }
  /** `from`: the address it came from, which in packets anyone can claim. */
  | {
      readonly type: "user";
      readonly payload: Uint8Array;
      readonly from: string;
      readonly reliable: boolean;
    }
  /** Another address claims a member's name. */
  | { readonly type: "conflict"; readonly member: MemberView; readonly address: string }
  /** How dialling a seed ended; failures of one seed are told once in a row. */
  | { readonly type: "reached"; readonly address: string; readonly members: number }
  | { readonly type: "unreachable"; readonly address: string; readonly reason: string }
  /** Our leave has reached others, or nobody was there to hear it. */
  | { readonly type: "departed" }
  /** A command could not be carried out. */
  | { readonly type: "refused"; readonly command: MembershipCommand["type"]; readonly reason: string };

export type MembershipInput = MembershipCommand | WorldInput;
export type MembershipOutput = WorldOutput<MembershipEvent>;

/** A protocol above, such as Serf's: asked within the step, so it must be as pure as the core. */
export interface MembershipApplication {
  /** What goes with our members into a push/pull. */
  userState(join: boolean): Uint8Array;
  mergeUserState(state: Uint8Array, join: boolean): void;
  /** What goes with our answer to a ping. */
  ackPayload(): Uint8Array | undefined;
  /** A direct probe was answered. */
  pinged(member: MemberView, roundTripMs: number, payload: Uint8Array | undefined): void;
}
