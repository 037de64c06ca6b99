import { readIpv4, writeIpv4 } from "#base/ipv4.ts";
import type { KernelNextHop, KernelRoute, RouteChange } from "#host/routes.ts";

/**
 * rtnetlink messages about IPv4 routes, and of others what matters to routes (rtnetlink(7); include/uapi/linux/rtnetlink.h), in the byte order of the machines
 * that this runs on, which is little-endian.
 */
export type RouteMessage =
  | {
      readonly type: "route";
      readonly removed: boolean;
      readonly replaced: boolean;
      readonly table: number;
      readonly route: KernelRoute;
    }
  /** An interface went down or away, or an IPv4 address was removed: routes may go along. */
  | { readonly type: "interface-lost" }
  /** The end of an answer, or the word on one change; `code` is 0 or a system error number. */
  | { readonly type: "done"; readonly code: number }
  /** Something of no interest here. */
  | { readonly type: "other" };

export interface RouteMark {
  readonly table: number;
  readonly protocol: number;
}

/** What stands before each message. */
export interface RouteMessageHeader {
  /** The number of the request that it answers. */
  readonly sequence: number;
  /** The socket that caused it. */
  readonly port: number;
  /** What was listed changed meanwhile: list again. */
  readonly interrupted: boolean;
}

/** Calls `visit` for each message of a datagram; one that is cut short or nonsense ends it. */
export function readRouteMessages(
  bytes: Uint8Array,
  visit: (message: RouteMessage, about: RouteMessageHeader) => void,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > bytes.length) return;
    const flags = view.getUint16(at + 6, true);
    const message = readMessage(view, bytes, at, length, flags);
    const [sequence, port] = [view.getUint32(at + 8, true), view.getUint32(at + 12, true)];
    visit(message, { sequence, port, interrupted: (flags & NLM_F_DUMP_INTR) !== 0 });
    at += aligned(length);
  }
}

/** Asks for the routes of a table: those of one protocol, or (0) all. Needs strict checking, or the kernel tells all. */
export function routeDumpRequest(table: number, protocol: number, sequence: number): Uint8Array {
  const writer = new RouteWriter(new Uint8Array(64));
  writer.begin(RTM_GETROUTE, NLM_F_DUMP, sequence);
  writer.routeHeader(0, { table, protocol }, 0, 0, 0);
  writer.end();
  return writer.written();
}

/** A change that no kernel can make; one that this process may not ask for is refused before that is seen. */
export function impossibleRequest(sequence: number): Uint8Array {
  const writer = new RouteWriter(new Uint8Array(64));
  writer.begin(RTM_DELROUTE, NLM_F_ACK, sequence);
  writer.routeHeader(33, { table: 0, protocol: 0 }, 0, 0, 0);
  writer.end();
  return writer.written();
}

/** Puts changes one behind the other, for one system call. */
export class RouteWriter {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;
  #start = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** A change takes less than 500 bytes. `acknowledged`: the kernel says when it is done, not only when it fails. */
  put(change: RouteChange, mark: RouteMark, sequence: number, acknowledged: boolean): void {
    const { type, network, length, metric, nextHops } = change;
    this.begin(
      type === "remove" ? RTM_DELROUTE : RTM_NEWROUTE,
      CHANGE_FLAGS[type] | (acknowledged ? NLM_F_ACK : 0),
      sequence,
    );
    // What is removed is found by its prefix, metric and protocol; these values match any.
    if (type === "remove") this.routeHeader(length, mark, RT_SCOPE_NOWHERE, 0, 0);
    else this.routeHeader(length, mark, scopeOf(nextHops), typeOf(nextHops), flagsOf(nextHops));
    this.#address(RTA.DST, network);
    this.#number(RTA.PRIORITY, metric);
    if (mark.table > 255) this.#number(RTA.TABLE, mark.table);
    if (type !== "remove") this.#nextHops(nextHops);
    this.end();
  }

  begin(type: number, flags: number, sequence: number): void {
    this.#start = this.#at;
    this.#view.setUint16(this.#at + 4, type, true);
    this.#view.setUint16(this.#at + 6, NLM_F_REQUEST | flags, true);
    this.#view.setUint32(this.#at + 8, sequence, true);
    this.#view.setUint32(this.#at + 12, 0, true);
    this.#at += HEADER;
  }

  /** struct rtmsg. */
  routeHeader(
    length: number,
    { table, protocol }: RouteMark,
    scope: number,
    type: number,
    flags: number,
  ): void {
    this.#bytes.set([AF_INET, length, 0, 0, table > 255 ? 0 : table, protocol, scope, type], this.#at);
    this.#view.setUint32(this.#at + 8, flags, true);
    this.#at += ROUTE_HEADER;
  }

  end(): void {
    this.#view.setUint32(this.#start, this.#at - this.#start, true);
  }

  /** What has been written since the last call; valid until the next `put`. */
  written(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#at);
    this.#at = 0;
    return bytes;
  }

  #nextHops(nextHops: readonly KernelNextHop[]): void {
    const [only, ...others] = nextHops;
    if (!only) return;
    if (others.length === 0) {
      if (only.gateway !== undefined) this.#address(RTA.GATEWAY, only.gateway);
      this.#number(RTA.OIF, only.interface);
      return;
    }
    const start = this.#at;
    this.#at += 4;
    for (const { interface: index, gateway, onLink } of nextHops) {
      // struct rtnexthop.
      this.#view.setUint16(this.#at, gateway === undefined ? 8 : 16, true);
      this.#view.setUint8(this.#at + 2, onLink && gateway !== undefined ? RTNH_F_ONLINK : 0);
      this.#view.setUint8(this.#at + 3, 0);
      this.#view.setInt32(this.#at + 4, index, true);
      this.#at += 8;
      if (gateway !== undefined) this.#address(RTA.GATEWAY, gateway);
    }
    this.#view.setUint16(start, this.#at - start, true);
    this.#view.setUint16(start + 2, RTA.MULTIPATH, true);
  }

  #address(type: number, value: number): void {
    this.#view.setUint16(this.#at, 8, true);
    this.#view.setUint16(this.#at + 2, type, true);
    writeIpv4(this.#bytes, this.#at + 4, value);
    this.#at += 8;
  }

  #number(type: number, value: number): void {
    this.#view.setUint16(this.#at, 8, true);
    this.#view.setUint16(this.#at + 2, type, true);
    this.#view.setUint32(this.#at + 4, value, true);
    this.#at += 8;
  }
}

function scopeOf(nextHops: readonly KernelNextHop[]): number {
  return nextHops.length === 1 && nextHops[0]!.gateway === undefined ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

function typeOf(nextHops: readonly KernelNextHop[]): number {
  return nextHops.length === 0 ? RTN_BLACKHOLE : RTN_UNICAST;
}

/** The only next hop's flags are the route's; several have their own. */
function flagsOf(nextHops: readonly KernelNextHop[]): number {
  const [only] = nextHops;
  return nextHops.length === 1 && only!.onLink && only!.gateway !== undefined ? RTNH_F_ONLINK : 0;
}

function readMessage(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  length: number,
  messageFlags: number,
): RouteMessage {
  const at = start + HEADER;
  switch (view.getUint16(start + 4, true)) {
    case NLMSG_ERROR:
    case NLMSG_DONE:
      return { type: "done", code: length < HEADER + 4 ? 0 : 0 - view.getInt32(at, true) };
    case RTM_NEWROUTE:
    case RTM_DELROUTE: {
      if (length < HEADER + ROUTE_HEADER || bytes[at] !== AF_INET) return OTHER;
      const removed = view.getUint16(start + 4, true) === RTM_DELROUTE;
      const replaced = !removed && (messageFlags & NLM_F_REPLACE) !== 0;
      return readRoute(view, bytes, at, start + length, { removed, replaced });
    }
    case RTM_NEWLINK:
      if (length < HEADER + 16 || (view.getUint32(at + 8, true) & IFF_UP) !== 0) return OTHER;
      return INTERFACE_LOST;
    case RTM_DELLINK:
      return INTERFACE_LOST;
    case RTM_DELADDR:
      return length > HEADER && bytes[at] === AF_INET ? INTERFACE_LOST : OTHER;
    default:
      return OTHER;
  }
}

function readRoute(
  view: DataView,
  bytes: Uint8Array,
  start: number,
  end: number,
  how: { readonly removed: boolean; readonly replaced: boolean },
): RouteMessage {
  let [network, metric, table, index] = [0, 0, bytes[start + 4]!, 0];
  let gateway: number | undefined;
  let nextHops: KernelNextHop[] | undefined;
  for (let at = start + ROUTE_HEADER; at + 4 <= end;) {
    const size = view.getUint16(at, true);
    if (size < 4 || at + size > end) break;
    const hasWord = size >= 8;
    const type = view.getUint16(at + 2, true) & TYPE_MASK;
    if (type === RTA.DST && hasWord) network = readIpv4(bytes, at + 4);
    else if (type === RTA.PRIORITY && hasWord) metric = view.getUint32(at + 4, true);
    else if (type === RTA.TABLE && hasWord) table = view.getUint32(at + 4, true);
    else if (type === RTA.OIF && hasWord) index = view.getInt32(at + 4, true);
    else if (type === RTA.GATEWAY && hasWord) gateway = readIpv4(bytes, at + 4);
    else if (type === RTA.MULTIPATH) nextHops = readNextHops(view, bytes, at + 4, at + size);
    at += aligned(size);
  }
  const flags = view.getUint32(start + 8, true);
  if ((flags & RTM_F_CLONED) !== 0) return OTHER;
  const type = ROUTE_TYPES.get(bytes[start + 7]!) ?? "other";
  nextHops ??= type === "unicast" ? [nextHop(index, gateway, flags)] : [];
  const route = { network, length: bytes[start + 1]!, metric, protocol: bytes[start + 5]!, type, nextHops };
  return { type: "route", ...how, table, route };
}

function readNextHops(view: DataView, bytes: Uint8Array, start: number, end: number): KernelNextHop[] {
  const nextHops: KernelNextHop[] = [];
  for (let at = start; at + 8 <= end;) {
    const size = view.getUint16(at, true);
    if (size < 8 || at + size > end) break;
    let gateway: number | undefined;
    for (let inner = at + 8; inner + 8 <= at + size;) {
      const length = view.getUint16(inner, true);
      if (length < 4) break;
      if (length >= 8 && view.getUint16(inner + 2, true) === RTA.GATEWAY)
        gateway = readIpv4(bytes, inner + 4);
      inner += aligned(length);
    }
    nextHops.push(nextHop(view.getInt32(at + 4, true), gateway, bytes[at + 2]!));
    at += aligned(size);
  }
  return nextHops;
}

function nextHop(index: number, gateway: number | undefined, flags: number): KernelNextHop {
  if (gateway === undefined) return { interface: index };
  return (flags & RTNH_F_ONLINK) === 0
    ? { interface: index, gateway }
    : { interface: index, gateway, onLink: true };
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

const HEADER = 16;
const ROUTE_HEADER = 12;
const TYPE_MASK = 0x3fff;
const AF_INET = 2;
const [NLMSG_ERROR, NLMSG_DONE] = [2, 3];
const [RTM_NEWROUTE, RTM_DELROUTE, RTM_GETROUTE] = [24, 25, 26];
const [NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP_INTR, NLM_F_DUMP] = [1, 4, 0x10, 0x300];
const [NLM_F_REPLACE, NLM_F_EXCL, NLM_F_CREATE] = [0x100, 0x200, 0x400];
const RTA = { DST: 1, OIF: 4, GATEWAY: 5, PRIORITY: 6, MULTIPATH: 9, TABLE: 15 } as const;
const [RT_SCOPE_UNIVERSE, RT_SCOPE_LINK, RT_SCOPE_NOWHERE] = [0, 253, 255];
const [RTN_UNICAST, RTN_BLACKHOLE] = [1, 6];
const [RTNH_F_ONLINK, RTM_F_CLONED] = [4, 0x200];
const [RTM_NEWLINK, RTM_DELLINK, RTM_DELADDR] = [16, 17, 21];
const IFF_UP = 1;
const OTHER: RouteMessage = { type: "other" };
const INTERFACE_LOST: RouteMessage = { type: "interface-lost" };

/** REPLACE alone takes the place of any route of that prefix and metric, also of another protocol. */
const CHANGE_FLAGS: Readonly<Record<RouteChange["type"], number>> = {
  add: NLM_F_CREATE | NLM_F_EXCL,
  change: NLM_F_REPLACE,
  remove: 0,
};

const ROUTE_TYPES = new Map<number, KernelRoute["type"]>([
  [RTN_UNICAST, "unicast"],
  [RTN_BLACKHOLE, "blackhole"],
  [7, "unreachable"],
  [8, "prohibit"],
]);
