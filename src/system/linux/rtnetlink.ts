import type { LinkAddress, LinkCounters, OperState } from "#host/links.ts";

/**
 * rtnetlink messages about interfaces and their addresses (rtnetlink(7); include/uapi/linux/{netlink,rtnetlink,
 * if_link,if_addr,if}.h), as bytes in the machine's own order, which is little-endian wherever this runs.
 */
export type NetlinkMessage =
  | { readonly type: "link"; readonly removed: boolean; readonly link: LinkAttributes }
  | {
      readonly type: "address";
      readonly removed: boolean;
      readonly index: number;
      readonly address: LinkAddress;
    }
  /** The end of an answer; `code` is 0 or a system error number. */
  | { readonly type: "done"; readonly code: number }
  /** Something of no interest here. */
  | { readonly type: "other" };

export type Netlink = NetlinkMessage & {
  /** The number of the request it answers; 0, or someone else's, for an announcement. */
  readonly sequence: number;
  /** The socket that caused it; ours for answers. */
  readonly port: number;
  /** What was listed changed meanwhile: list again. */
  readonly interrupted: boolean;
};

/** What one message says of an interface: all but its addresses. */
export interface LinkAttributes {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly running: boolean;
  readonly operState: OperState;
  readonly flags: readonly string[];
  readonly medium: string;
  readonly hardwareAddress: Uint8Array;
  readonly hardwareBroadcast: Uint8Array;
  readonly counters: LinkCounters | undefined;
}

/** Asks for all interfaces, or for the addresses of all. */
export function dumpRequest(what: "links" | "addresses", sequence: number): Uint8Array {
  const bytes = new Uint8Array(HEADER + (what === "links" ? 16 : 8));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, true);
  view.setUint16(4, what === "links" ? RTM_GETLINK : RTM_GETADDR, true);
  view.setUint16(6, NLM_F_REQUEST | NLM_F_DUMP, true);
  view.setUint32(8, sequence, true);
  return bytes;
}

/** The messages of one datagram; one that is cut short or nonsense ends the list. */
export function parseNetlink(bytes: Uint8Array): Netlink[] {
  const messages: Netlink[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER <= bytes.length;) {
    const length = view.getUint32(at, true);
    if (length < HEADER || at + length > bytes.length) break;
    const flags = view.getUint16(at + 6, true);
    messages.push({
      ...parseBody(view.getUint16(at + 4, true), bytes.subarray(at + HEADER, at + length)),
      sequence: view.getUint32(at + 8, true),
      port: view.getUint32(at + 12, true),
      interrupted: (flags & NLM_F_DUMP_INTR) !== 0,
    });
    at += aligned(length);
  }
  return messages;
}

function parseBody(type: number, body: Uint8Array): NetlinkMessage {
  switch (type) {
    case NLMSG_DONE:
    case NLMSG_ERROR:
      return { type: "done", code: body.length < 4 ? 0 : -viewOf(body).getInt32(0, true) };
    case RTM_NEWLINK:
    case RTM_DELLINK:
      return body.length < 16 ? OTHER : parseLink(body, type === RTM_DELLINK);
    case RTM_NEWADDR:
    case RTM_DELADDR:
      return body.length < 8 ? OTHER : parseAddressMessage(body, type === RTM_DELADDR);
    default:
      return OTHER;
  }
}

function parseLink(body: Uint8Array, removed: boolean): NetlinkMessage {
  const view = viewOf(body);
  const attributes = parseAttributes(body.subarray(16));
  const flags = view.getUint32(8, true);
  // Bridges announce their ports once more in their own family, without what interests here.
  if (body[0] !== AF_UNSPEC) return OTHER;
  return {
    type: "link",
    removed,
    link: {
      index: view.getInt32(4, true),
      name: textOf(attributes.get(IFLA.IFNAME)),
      mtu: u32Of(attributes.get(IFLA.MTU)),
      up: (flags & IFF_UP) !== 0,
      running: (flags & IFF_RUNNING) !== 0,
      operState: OPER_STATES[attributes.get(IFLA.OPERSTATE)?.[0] ?? 0] ?? "unknown",
      flags: flagNames(flags),
      medium: MEDIA.get(view.getUint16(2, true)) ?? String(view.getUint16(2, true)),
      hardwareAddress: attributes.get(IFLA.ADDRESS)?.slice() ?? NO_BYTES,
      hardwareBroadcast: attributes.get(IFLA.BROADCAST)?.slice() ?? NO_BYTES,
      counters: countersOf(attributes.get(IFLA.STATS64)),
    },
  };
}

function parseAddressMessage(body: Uint8Array, removed: boolean): NetlinkMessage {
  const attributes = parseAttributes(body.subarray(8));
  const size = body[0] === AF_INET ? 4 : body[0] === AF_INET6 ? 16 : 0;
  // For point-to-point IPv4, LOCAL is ours and ADDRESS the other end's; IPv6 has LOCAL only then.
  const far = attributes.get(IFA.ADDRESS);
  const local = attributes.get(IFA.LOCAL) ?? far;
  if (size === 0 || local?.length !== size) return OTHER;
  const isPeer = far?.length === size && far.some((byte, i) => byte !== local[i]);
  const broadcast = attributes.get(IFA.BROADCAST);
  const flags = attributes.has(IFA.FLAGS) ? u32Of(attributes.get(IFA.FLAGS)) : body[2]!;
  const address: LinkAddress = {
    address: { bytes: local.slice() },
    prefixLength: body[1]!,
    scope: SCOPES.get(body[3]!) ?? "global",
    flags: ADDRESS_FLAGS.flatMap(([bit, name]) => (matches(flags, bit) ? [name] : [])),
    ...(isPeer && { peer: { bytes: far.slice() } }),
    ...(broadcast?.length === size && { broadcast: { bytes: broadcast.slice() } }),
  };
  return { type: "address", removed, index: viewOf(body).getUint32(4, true), address };
}

function parseAttributes(bytes: Uint8Array): Map<number, Uint8Array> {
  const attributes = new Map<number, Uint8Array>();
  const view = viewOf(bytes);
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint16(at, true);
    if (length < 4 || at + length > bytes.length) break;
    attributes.set(view.getUint16(at + 2, true) & TYPE_MASK, bytes.subarray(at + 4, at + length));
    at += aligned(length);
  }
  return attributes;
}

function countersOf(bytes: Uint8Array | undefined): LinkCounters | undefined {
  if (!bytes || bytes.length < 9 * 8) return undefined;
  const view = viewOf(bytes);
  // struct rtnl_link_stats64; a double holds whole numbers to 2^53, 9 petabytes.
  const field = (index: number): number => Number(view.getBigUint64(8 * index, true));
  return {
    receivedPackets: field(0),
    sentPackets: field(1),
    receivedBytes: field(2),
    sentBytes: field(3),
    receiveErrors: field(4),
    sendErrors: field(5),
    receiveDropped: field(6),
    sendDropped: field(7),
    multicast: field(8),
  };
}

/** As `ip` lists them: NO-CARRIER first, when an interface that is up has none. */
function flagNames(flags: number): string[] {
  const names = LINK_FLAGS.flatMap(([bit, name]) => ((flags & bit) !== 0 ? [name] : []));
  return (flags & IFF_UP) !== 0 && (flags & IFF_RUNNING) === 0 ? ["NO-CARRIER", ...names] : names;
}

function matches(flags: number, bit: number): boolean {
  // "dynamic" is the absence of "permanent".
  return bit < 0 ? (flags & -bit) === 0 : (flags & bit) !== 0;
}

function textOf(bytes: Uint8Array | undefined): string {
  if (!bytes) return "";
  const end = bytes.indexOf(0);
  return String.fromCharCode(...bytes.subarray(0, end < 0 ? bytes.length : end));
}

function u32Of(bytes: Uint8Array | undefined): number {
  return bytes && bytes.length >= 4 ? viewOf(bytes).getUint32(0, true) : 0;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}

const HEADER = 16;
const TYPE_MASK = 0x3fff;
const [NLMSG_ERROR, NLMSG_DONE] = [2, 3];
const [RTM_NEWLINK, RTM_DELLINK, RTM_GETLINK] = [16, 17, 18];
const [RTM_NEWADDR, RTM_DELADDR, RTM_GETADDR] = [20, 21, 22];
const [NLM_F_REQUEST, NLM_F_DUMP_INTR, NLM_F_DUMP] = [1, 0x10, 0x300];
const [AF_UNSPEC, AF_INET, AF_INET6] = [0, 2, 10];
const [IFF_UP, IFF_RUNNING] = [1, 0x40];
const IFLA = { ADDRESS: 1, BROADCAST: 2, IFNAME: 3, MTU: 4, OPERSTATE: 16, STATS64: 23 } as const;
const IFA = { ADDRESS: 1, LOCAL: 2, BROADCAST: 4, FLAGS: 8 } as const;
const NO_BYTES = new Uint8Array(0);
const OTHER: NetlinkMessage = { type: "other" };

const OPER_STATES: readonly OperState[] = [
  "unknown",
  "not-present",
  "down",
  "lower-layer-down",
  "testing",
  "dormant",
  "up",
];

const SCOPES = new Map<number, LinkAddress["scope"]>([
  [0, "global"],
  [200, "site"],
  [253, "link"],
  [254, "host"],
  [255, "nowhere"],
]);

/** RUNNING is not listed: its absence is NO-CARRIER. */
const LINK_FLAGS: readonly (readonly [number, string])[] = [
  [0x8, "LOOPBACK"],
  [0x2, "BROADCAST"],
  [0x10, "POINTOPOINT"],
  [0x1000, "MULTICAST"],
  [0x80, "NOARP"],
  [0x200, "ALLMULTI"],
  [0x100, "PROMISC"],
  [0x400, "MASTER"],
  [0x800, "SLAVE"],
  [0x4, "DEBUG"],
  [0x4000, "DYNAMIC"],
  [0x8000, "AUTOMEDIA"],
  [0x2000, "PORTSEL"],
  [0x20, "NOTRAILERS"],
  [0x1, "UP"],
  [0x1_0000, "LOWER_UP"],
  [0x2_0000, "DORMANT"],
  [0x4_0000, "ECHO"],
];

const ADDRESS_FLAGS: readonly (readonly [number, string])[] = [
  [0x01, "secondary"],
  [0x40, "tentative"],
  [0x20, "deprecated"],
  [0x08, "dadfailed"],
  [-0x80, "dynamic"],
];

/** ARPHRD_* that are met in practice (include/uapi/linux/if_arp.h), as `ip` names them. */
const MEDIA = new Map([
  [1, "ether"],
  [32, "infiniband"],
  [512, "ppp"],
  [768, "ipip"],
  [769, "tunnel6"],
  [772, "loopback"],
  [776, "sit"],
  [778, "gre"],
  [823, "gre6"],
  [0xfffe, "none"],
  [0xffff, "void"],
]);
