import type { Ipv4 } from "#base/ipv4.ts";

/** One way out of this machine, as its kernel has it. */
export interface KernelNextHop {
  /** Index of the interface; 0 when the route names none. */
  readonly interface: number;
  /** Undefined: the destination is on that link. */
  readonly gateway?: Ipv4;
  /** The gateway is taken to be on that link, although no address of the interface says so. */
  readonly onLink?: boolean;
}

/** An IPv4 route as the kernel lists it. */
export interface KernelRoute {
  readonly network: Ipv4;
  /** Prefix length. */
  readonly length: number;
  /** The lowest of one prefix is used. */
  readonly metric: number;
  /** Who made it, by the numbers of /etc/iproute2/rt_protos: 2 the kernel itself, 4 an administrator, …. */
  readonly protocol: number;
  readonly type: "unicast" | "blackhole" | "unreachable" | "prohibit" | "other";
  /** Empty for what is no unicast route. */
  readonly nextHops: readonly KernelNextHop[];
}

/** A route of others came or went; routes that vanish with their interface are not told of. */
export interface KernelRouteChange {
  readonly removed: boolean;
  /** It took the place of the one with the same prefix and metric. */
  readonly replaced: boolean;
  readonly route: KernelRoute;
}

/** Where packets to a destination go; no next hop at all: they are dropped. At most 16 next hops. */
export interface RouteChange {
  /**
   * "add" fails with EEXIST where the kernel has a route of that prefix and metric, whoever made it; "change" with ENOENT
   * where it has none; "remove" with ESRCH where there is none of our own.
   */
  readonly type: "add" | "change" | "remove";
  readonly network: Ipv4;
  readonly length: number;
  readonly metric: number;
  /** Of no account for "remove". */
  readonly nextHops: readonly KernelNextHop[];
}

/** A change that the kernel refused. */
export interface RouteFailure {
  readonly change: RouteChange;
  /** The system's word: "EEXIST", "ENETUNREACH", …. */
  readonly error: string;
}

export interface RouteTableOptions {
  /** The kernel's number of the table; 254 is the main one. */
  readonly table: number;
  /** The mark of all routes that are made here; the changes of its routes that are made here are not told of. */
  readonly protocol: number;
  /** Nothing will be changed: needs no capability. */
  readonly readOnly: boolean;
}

export interface RouteHandlers {
  changed(changes: readonly KernelRouteChange[]): void;
  /**
   * More happened than was told: announcements found no room, or an interface has taken or is about to take routes along.
   * List again, now and a little later.
   */
  lost(): void;
}

/** One routing table of the kernel, opened for reading and changing. */
export interface KernelTable {
  /** Its routes as they are now: those of one protocol, or all. */
  list(protocol?: number): Promise<readonly KernelRoute[]>;
  /**
   * Makes the changes in their order, in batches between which other work goes on; resolves with those that failed, the
   * others are made. Rejects when it cannot be known what was made.
   */
  apply(changes: readonly RouteChange[]): Promise<readonly RouteFailure[]>;
  close(): void;
}

/**
 * The machine's IPv4 routing tables. The kernel drops routes without a word when their interface goes down or away or
 * loses its last address, and does not bring them back.
 */
export interface Routes {
  /** Rejects with an OperatorError that names the capability that is missing. */
  open(options: RouteTableOptions, handlers: RouteHandlers): Promise<KernelTable>;
}
