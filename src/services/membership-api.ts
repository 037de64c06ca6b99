import type { Tags, QueryFilters } from "#membership/serf/io.ts";
import type { KeyValue } from "#membership/key-values-io.ts";
import type { ServiceAddress } from "#peers/io.ts";

/** Of a member; "failed" is what memberlist calls dead. */
export type MemberStateName = "alive" | "suspect" | "failed" | "left";

/** A member as people and programs see it. Times are ms since the Unix epoch. */
export interface MemberStatus {
  readonly name: string;
  readonly address: string;
  readonly state: MemberStateName;
  readonly since: number;
  /** This node itself. */
  readonly own: boolean;
  readonly incarnation: number;
  readonly roundTripMs?: number;
  /** Why it is suspected or failed; empty when all is well. */
  readonly reason: string;
  /** Protocol and delegate versions: lowest, highest and spoken of each. */
  readonly versions: readonly number[];
  readonly tags: Tags;
  /** Of its key, where it has announced itself; else empty. */
  readonly fingerprint: string;
  /** What it says it listens on. */
  readonly services: readonly ServiceAddress[];
  /** It is in the chat. */
  readonly lobby: boolean;
  /** What a member that is no Parley node tells of itself, as text. */
  readonly meta: string;
}

/** Somebody claims a name that a member has. */
export interface NameConflict {
  readonly name: string;
  /** Where we know the member, and who claims to be it. */
  readonly address: string;
  readonly claimant: string;
  readonly since: number;
}

/** How dialling a configured address ended last. */
export interface JoinStatus {
  readonly address: string;
  /** Members that it named; unset: it was not reached. */
  readonly members?: number;
  readonly reason: string;
  readonly since: number;
}

export interface MembershipStatus {
  readonly name: string;
  readonly address: string;
  readonly listen: string;
  readonly state: "member" | "leaving" | "left";
  readonly serf: boolean;
  readonly profile: string;
  readonly protocol: number;
  readonly label: string;
  readonly compression: boolean;
  /** Keys in the ring; 0: nothing is encrypted. */
  readonly keys: number;
  readonly alive: number;
  readonly suspect: number;
  readonly failed: number;
  readonly left: number;
  /** 0: well; more: this node's own answers are late, so it gives others more time. */
  readonly healthScore: number;
  /** Failed members that are looked for. */
  readonly lost: number;
  readonly joins: readonly JoinStatus[];
  readonly conflicts: readonly NameConflict[];
  readonly counters: readonly { readonly name: string; readonly count: number }[];
}

export interface QueryRequest {
  readonly name: string;
  readonly payload: Uint8Array;
  /** 0: Serf's own for the size of the cluster. */
  readonly timeoutMs: number;
  readonly filters: QueryFilters;
}

export interface QueryResult {
  readonly answers: readonly { readonly from: string; readonly payload: Uint8Array }[];
  /** Members that have received it. */
  readonly acknowledged: readonly string[];
}

export interface KeyringResult {
  /** Only this node's ring; without Serf's layer others are not asked. */
  readonly local: boolean;
  readonly answers: readonly {
    readonly from: string;
    readonly ok: boolean;
    readonly message: string;
    /** Of a list: base64, the one that encrypts first. */
    readonly keys: readonly string[];
  }[];
}

export interface RoundTrip {
  readonly ms: number;
  /** By coordinates; else the last probe's time. */
  readonly estimated: boolean;
}

export interface ChatParticipant {
  readonly name: string;
  readonly fingerprint: string;
  /** Where its whisper service listens; empty when it does not. */
  readonly address: string;
  readonly own: boolean;
  readonly state: MemberStateName;
}

/** The API of the running membership service. Addresses are "IP:port" texts. What is refused is an OperatorError. */
export interface MembershipApi {
  status(): MembershipStatus;
  /** By name, this node first. */
  members(): readonly MemberStatus[];
  /** Dials each address, waits for the outcomes; a node that has left comes back. */
  join(addresses: readonly string[]): Promise<readonly JoinStatus[]>;
  /** Tells the others; resolves when they know, or after a few seconds. */
  leave(): Promise<void>;
  sendEvent(name: string, payload: Uint8Array, coalesce: boolean): void;
  query(request: QueryRequest): Promise<QueryResult>;
  roundTrip(a: string, b: string): RoundTrip;
  keyring(action: "install" | "use" | "remove" | "list", key: string): Promise<KeyringResult>;
  values(): readonly KeyValue[];
  setValue(key: string, text: string): void;
  removeValue(key: string): void;
  chat(): readonly ChatParticipant[];
  /** Present in the lobby, or not any more. */
  setChat(present: boolean): void;
}
