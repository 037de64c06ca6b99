import type { Address } from "#base/address.ts";

/** An address of this machine and the interface that carries it. */
export interface InterfaceAddress {
  readonly interface: string;
  readonly address: Address;
}

/** One network interface as its system reports it. */
export interface Link {
  /** The system's number for it; never used again while the machine runs. */
  readonly index: number;
  readonly name: string;
  /** Bytes; undefined when the system does not say. */
  readonly mtu: number | undefined;
  /** The operator wants it up. */
  readonly up: boolean;
  /** It can carry packets: it is up, has a carrier, and what it depends on is up. */
  readonly running: boolean;
  /** RFC 2863 ifOperStatus, as Linux names it. */
  readonly operState: OperState;
  /** Linux names, in the order of `ip`: "BROADCAST", "MULTICAST", "UP", "LOWER_UP", …. */
  readonly flags: readonly string[];
  /** What kind of medium: "ether", "loopback", "none", …; empty when the system does not say. */
  readonly medium: string;
  /** MAC or other hardware address; empty when it has none. */
  readonly hardwareAddress: Uint8Array;
  readonly hardwareBroadcast: Uint8Array;
  readonly addresses: readonly LinkAddress[];
  readonly counters: LinkCounters | undefined;
}

export type OperState =
  "unknown" | "not-present" | "down" | "lower-layer-down" | "testing" | "dormant" | "up";

export interface LinkAddress {
  readonly address: Address;
  readonly prefixLength: number;
  /** The other end of a point-to-point link. */
  readonly peer?: Address;
  readonly broadcast?: Address;
  readonly scope: "global" | "site" | "link" | "host" | "nowhere";
  /** Usable only within limits: "secondary", "tentative", "deprecated", "dadfailed", "dynamic". */
  readonly flags: readonly string[];
}

/** Since the interface exists. */
export interface LinkCounters {
  readonly receivedPackets: number;
  readonly receivedBytes: number;
  readonly receiveErrors: number;
  readonly receiveDropped: number;
  readonly sentPackets: number;
  readonly sentBytes: number;
  readonly sendErrors: number;
  readonly sendDropped: number;
  readonly multicast: number;
}

export type LinkChange =
  { readonly type: "link"; readonly link: Link } | { readonly type: "removed"; readonly link: Link };

export interface LinkMonitor {
  /** All interfaces now, by index. */
  links(): readonly Link[];
  /** Resolves when `links()` has counters of after this call. */
  refresh(): Promise<void>;
  close(): void;
}

/** The machine's network interfaces. */
export interface Links {
  /** Addresses of all interfaces that are up, in the order the system lists them. */
  addresses(): readonly InterfaceAddress[];
  /** Resolves when all interfaces are known; from then on tells of every change, several at once when they come so. */
  watch(changed: (changes: readonly LinkChange[]) => void): Promise<LinkMonitor>;
}
