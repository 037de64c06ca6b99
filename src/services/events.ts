import type { Link } from "#host/links.ts";
import type { LogLevel } from "#host/log.ts";
import type { ServiceStatus } from "#services/service.ts";

/** A chat message as people see it. */
export interface ShownMessage {
  readonly id: string;
  /** Where its author listens; empty when the author did not say. */
  readonly address: string;
  readonly nick: string;
  readonly body: string;
  /** When the author says it was said, ms since the Unix epoch; 0 when unknown. */
  readonly said: number;
  /** When it reached this node, ms since the Unix epoch. */
  readonly received: number;
  /** True for what was said here. */
  readonly own: boolean;
}

/** How a whisper peer stands. Times are ms since the Unix epoch. */
export interface PeerStatus {
  readonly address: string;
  readonly nick: string;
  readonly state: PeerState;
  /** Who told of it: "configured", "operator", "incoming" (it dialled us) or "named by ADDR". */
  readonly origin: string;
  /** Our connection to it is up since; and its connection to us. */
  readonly outSince?: number;
  readonly inSince?: number;
  readonly queuedMessages: number;
  readonly queuedBytes: number;
  readonly sentMessages: number;
  readonly receivedMessages: number;
  /** Messages that the full queue pushed out. */
  readonly droppedMessages: number;
  readonly lastDial?: number;
  /** How the last dial or connection ended; empty when it did well. */
  readonly lastError: string;
  readonly nextDial?: number;
  /** Dials that failed in a row. */
  readonly failures: number;
}

/**
 * linked: our connection to it is up; dialling: being tried; waiting: tried again at nextDial; known: not yet needed;
 * held: `disconnect` holds it until `connect`.
 */
export type PeerState = "linked" | "dialling" | "waiting" | "known" | "held";

/** The typed part of an event; `type` is its kind. */
export type EventDetail =
  | { readonly type: "service"; readonly status: ServiceStatus }
  | { readonly type: "configuration"; readonly changed: readonly string[]; readonly error: string }
  | { readonly type: "message"; readonly message: ShownMessage }
  | { readonly type: "peer"; readonly peer: PeerStatus }
  | { readonly type: "interface"; readonly link: Link; readonly removed: boolean }
  | ResponderDetail
  | OspfDetail
  | MemberDetail
  | MemberMessageDetail;

/** What a responder did. */
export interface ResponderDetail {
  readonly type: "responder";
  readonly name: string;
  readonly interface: string;
  /** state: its machine went `from` one state `to` another. */
  readonly news: "started" | "state" | "told" | "failed" | "done" | "stopped";
  readonly from: string;
  readonly to: string;
  /** What it told; or why it failed. */
  readonly text: string;
  /** JSON of the details that it told; empty for none, and for those that are too long. */
  readonly details: string;
  /** The packet at which its own function failed: its summary and its first bytes. */
  readonly packet: string;
  /** So many events of this kind before this one were left out, because there were too many. */
  readonly leftOut: number;
}

/** What happened to OSPF's neighbors and interfaces; router ids and addresses are dotted, states in the words of RFC 2328. */
export type OspfDetail =
  | {
      readonly type: "ospf-neighbor";
      readonly interface: string;
      readonly routerId: string;
      readonly address: string;
      readonly from: string;
      readonly to: string;
      readonly reason: string;
    }
  | {
      readonly type: "ospf-interface";
      readonly interface: string;
      readonly from: string;
      readonly to: string;
    }
  /** Something keeps routers from becoming neighbors or adjacent. */
  | {
      readonly type: "ospf-mismatch";
      readonly interface: string;
      readonly routerId: string;
      readonly address: string;
      /** What differs, with both values. */
      readonly text: string;
    };

/** What happened to a member of the cluster; of a conflict `reason` is the address that claims its name. */
export interface MemberDetail {
  readonly type: "member";
  readonly news: "joined" | "updated" | "recovered" | "left" | "suspected" | "failed" | "conflict";
  readonly name: string;
  readonly address: string;
  readonly state: "alive" | "suspect" | "failed" | "left";
  readonly own: boolean;
  readonly reason: string;
}

/** What members send to all. */
export type MemberMessageDetail =
  | {
      readonly type: "member-event";
      readonly name: string;
      readonly payload: Uint8Array;
      /** An address, where it is known. */
      readonly from: string;
    }
  | {
      readonly type: "member-query";
      readonly name: string;
      readonly payload: Uint8Array;
      /** The member that asks. */
      readonly from: string;
      readonly answered: boolean;
    }
  /** A text that all keep was set or removed. */
  | {
      readonly type: "member-value";
      readonly key: string;
      readonly text: string;
      readonly isRemoved: boolean;
      readonly by: string;
      readonly own: boolean;
    };

/** One line of the node's log. */
export interface NodeEvent {
  /** 1, 2, 3, … since the daemon started. */
  readonly sequence: number;
  /** ms since the Unix epoch. */
  readonly time: number;
  readonly service: string;
  readonly level: LogLevel;
  readonly text: string;
  readonly detail?: EventDetail;
}
