import type { MembershipCommand, MembershipEvent, MembershipSetup, MemberView } from "#membership/io.ts";
import type { WorldInput, WorldOutput } from "#machine/io.ts";

/** A member's tags: short texts under short names; together at most 512 bytes on the wire. */
export type Tags = Readonly<Record<string, string>>;

export interface SerfSetup {
  /** Its `meta` and `delegateVersions` are not used: tags and Serf's versions stand in their places. */
  readonly membership: MembershipSetup;
  readonly tags: Tags;
}

/** A query goes to those that every filter names; none: to all. */
export interface QueryFilters {
  readonly nodes?: readonly string[];
  /** Regular expressions on the values of tags. */
  readonly tags?: Tags;
}

export type SerfCommand =
  | { readonly type: "tags"; readonly tags: Tags }
  /**
   * To all, once; who joins later gets recent ones with the push/pull. `coalesce`: only the newest of a name matters, so
   * agents of Serf leave out those that come just before it.
   */
  | {
      readonly type: "event";
      readonly name: string;
      readonly payload: Uint8Array;
      readonly coalesce: boolean;
    }
  /** Asks all; answers come as events with the same id until "query-ended". `timeoutMs` 0: Serf's own for the size. */
  | {
      readonly type: "query";
      /** Chosen by who asks; unique among its running queries. */
      readonly id: number;
      readonly name: string;
      readonly payload: Uint8Array;
      readonly timeoutMs: number;
      readonly acknowledge: boolean;
      readonly filters: QueryFilters;
      /** So many other members, 5 at most, pass each answer on too, for networks that lose packets. */
      readonly relayFactor?: number;
    }
  /** Our answer to a query that came as an event, once, before its deadline. */
  | { readonly type: "respond"; readonly query: number; readonly payload: Uint8Array }
  /** Changes the key ring of every member (keys of 16, 24 or 32 bytes), or lists it; told as a query's answers. */
  | {
      readonly type: "keyring";
      readonly id: number;
      readonly action: "install" | "use" | "remove" | "list";
      /** Empty for "list". */
      readonly key: Uint8Array;
    };

export type SerfEvent =
  | {
      readonly type: "user-event";
      readonly name: string;
      readonly payload: Uint8Array;
      readonly ltime: number;
      readonly coalesce: boolean;
    }
  /** Someone asks us; `query` is what "respond" names. */
  | {
      readonly type: "query-received";
      readonly query: number;
      readonly name: string;
      readonly payload: Uint8Array;
      readonly from: string;
      /** ms, monotonic; an answer after it is not sent. */
      readonly deadline: number;
    }
  | { readonly type: "query-acknowledged"; readonly id: number; readonly from: string }
  | {
      readonly type: "query-answered";
      readonly id: number;
      readonly from: string;
      readonly payload: Uint8Array;
    }
  /** Its time is over; so many acknowledged and answered. */
  | {
      readonly type: "query-ended";
      readonly id: number;
      readonly acknowledgements: number;
      readonly answers: number;
    }
  /** One member's answer to a "keyring" command. `keys` only for "list": base64, the one that encrypts first. */
  | {
      readonly type: "keyring-answered";
      readonly id: number;
      readonly from: string;
      readonly ok: boolean;
      readonly message: string;
      readonly keys: readonly string[];
    }
  /** A member's query changed our key ring; the first one encrypts. To be kept for the next start. */
  | { readonly type: "keyring-changed"; readonly keys: readonly Uint8Array[] }
  /** The others know our name at another address: from now on the core is silent. It needs another name. */
  | { readonly type: "name-lost"; readonly name: string; readonly matching: number; readonly answers: number }
  /** A command could not be carried out. */
  | { readonly type: "refused"; readonly command: SerfCommand["type"]; readonly reason: string };

export type SerfInput = SerfCommand | Exclude<MembershipCommand, { type: "meta" }> | WorldInput;
export type SerfOutput = WorldOutput<MembershipEvent | SerfEvent>;

/** A place in the network of round-trip times: the distance of two is the time between their nodes. Seconds. */
export interface Coordinate {
  /** Eight numbers. */
  readonly vector: readonly number[];
  readonly error: number;
  readonly adjustment: number;
  readonly height: number;
}

export interface SerfMemberView extends MemberView {
  readonly tags: Tags;
}

/** A query of ours that is not over. */
export interface RunningQuery {
  readonly id: number;
  readonly name: string;
  /** ms, monotonic. */
  readonly endsAt: number;
  readonly acknowledgements: number;
  readonly answers: number;
}

/** What rides behind Serf's state in a push/pull; Serf of others ignores it. */
export interface Attachment {
  state(): Uint8Array;
  merge(state: Uint8Array): void;
}
