import type { Random } from "#base/random.ts";
import type { Codec } from "#packet/codec.ts";
import {
  bit,
  bits,
  bytes,
  choose,
  coded,
  computed,
  ip6,
  list,
  mac,
  u32,
  u8,
  when,
  type Field,
} from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { addressBytes, ipv6Text } from "#packet/primitive.ts";
import { nameCodec, queryName, readName, writeName, type GivenName } from "#wire/dns-name.ts";

/** Wireshark knows only that it is there. */
const RESERVED = { "icmpv6.opt.reserved": { type: "none", title: "Reserved", value: "1" } } as const;

/** Bytes of an option behind those that it is known to have. RFC 4861 4.6. */
const ADDITIONAL = when("rest > 0", bytes("rest", { query: "icmpv6.unknown_data" }));

const PREFERENCES = { 0: "medium", 1: "high", 2: "reserved", 3: "low" };

const SourceLinkAddress = message("icmpv6.opt.src_linkaddr", {
  title: "Source link-layer address",
  fields: {
    address: mac("00:00:00:00:00:00", { query: ["icmpv6.opt.linkaddr", "icmpv6.opt.src_linkaddr"] }),
  },
});

const TargetLinkAddress = message("icmpv6.opt.target_linkaddr", {
  title: "Target link-layer address",
  fields: {
    address: mac("00:00:00:00:00:00", { query: ["icmpv6.opt.linkaddr", "icmpv6.opt.target_linkaddr"] }),
  },
});

const PrefixInformation = message("icmpv6.opt.prefix", {
  title: "Prefix information",
  fields: {
    prefixLength: u8(64, { query: ".length" }),
    onLink: bit({ query: ".flag.l", whole: { query: ".flag", display: "hex", title: "Flags" } }),
    autonomous: bit({ query: ".flag.a", title: "Autonomous address configuration" }),
    routerAddress: bit({ query: ".flag.r" }),
    reservedFlags: bits(5, 0, { query: ".flag.reserved" }),
    validLifetime: u32(2_592_000, { about: "in seconds" }),
    preferredLifetime: u32(604_800, { about: "in seconds" }),
    reserved: bytes(4, { query: [] }),
    prefix: ip6("::", { query: "icmpv6.opt.prefix" }),
    additional: ADDITIONAL,
  },
  derived: RESERVED,
});

/** What follows it is the packet, as the next layer. */
const RedirectedHeader = message("icmpv6.opt.redirected", {
  fields: { reserved: bytes(6, { query: [] }) },
  derived: {
    ...RESERVED,
    "icmpv6.opt.redirected_packet": { type: "none", title: "Redirected packet", value: "1" },
  },
});

const Mtu = message("icmpv6.opt.mtu", {
  fields: {
    reserved: bytes(2, { query: [] }),
    mtu: u32(1500, { query: "icmpv6.opt.mtu" }),
    additional: ADDITIONAL,
  },
  derived: RESERVED,
});

const AdvertisementInterval = message("icmpv6.opt.advertisement_interval", {
  rfc: "RFC 6275",
  fields: {
    reserved: bytes(2, { query: [] }),
    interval: u32(0, { query: "icmpv6.opt.advertisement_interval", about: "in milliseconds" }),
    additional: ADDITIONAL,
  },
  derived: RESERVED,
});

const Nonce = message("icmpv6.opt.nonce", {
  rfc: "RFC 3971",
  fields: { nonce: bytes("rest", { query: "icmpv6.opt.nonce" }) },
});

/** The first `count` bytes of an address, the others being zeros. */
function prefixCodec(count: number, query: string): Codec<string> {
  return {
    name: `${count * 8} bits of an IPv6 address`,
    read: (bytes, at, end) => {
      if (at + count > end) return { error: "the prefix is cut off", at };
      const whole = new Uint8Array(16);
      whole.set(bytes.subarray(at, at + count));
      return { value: ipv6Text(whole, 0), next: at + count };
    },
    write: (value) => {
      const whole = addressBytes("ipv6", value);
      if (!whole || whole.subarray(count).some((byte) => byte !== 0))
        throw new TypeError(`${value} is no IPv6 prefix of ${count * 8} bits`);
      return whole.subarray(0, count);
    },
    random: (random: Random) => {
      const whole = new Uint8Array(16).map((_, i) => (i < count ? random.below(256) : 0));
      return ipv6Text(whole, 0);
    },
    initial: "::",
    show: (value) => value,
    facts: [{ query, type: "ipv6", title: "Prefix" }],
    factsOf: (value, found) => found(query, value),
  };
}

/** The prefix behind which a network has its addresses of IPv4. */
const TranslationPrefix = message("icmpv6.opt.pref64", {
  title: "NAT64 prefix",
  rfc: "RFC 8781",
  fields: {
    scaledLifetime: bits(13, 0, { about: "in units of eight seconds" }),
    lengthCode: bits(3, 0, {
      query: ".plc",
      names: { 0: "96 bits", 1: "64 bits", 2: "56 bits", 3: "48 bits", 4: "40 bits", 5: "32 bits" },
    }),
    prefix: coded(prefixCodec(12, "icmpv6.opt.pref64.prefix")),
  },
});

/** A route to a prefix of which as much is there as it needs: all, half or nothing. */
const RouteInformation = message("icmpv6.opt.route_info", {
  title: "Route information",
  rfc: "RFC 4191",
  fields: {
    prefixLength: u8(0, { query: "icmpv6.opt.prefix.length" }),
    reserved: bits(3, 0, { query: [], whole: { query: ".flag", display: "hex", title: "Flags" } }),
    preference: bits(2, 0, { query: ".flag.route_preference", names: PREFERENCES }),
    reservedFlags: bits(3, 0, { query: [] }),
    lifetime: u32(0, { query: "icmpv6.opt.route_lifetime", about: "in seconds" }),
    prefix: when("rest == 16", ip6("::", { query: "icmpv6.opt.prefix" })),
    halfPrefix: when("rest == 8", coded(prefixCodec(8, "icmpv6.opt.prefix"), { title: "Prefix of 64 bits" })),
  },
  derived: {
    "icmpv6.opt.route_info.flag.reserved": { type: "number", value: "reserved * 8 + reservedFlags" },
  },
});

const DnsServers = message("icmpv6.opt.rdnss", {
  title: "Recursive DNS servers",
  rfc: "RFC 8106",
  fields: {
    reserved: bytes(2, { query: [] }),
    lifetime: u32(0, { about: "in seconds" }),
    servers: list(ip6("::", { query: "icmpv6.opt.rdnss" })),
  },
  derived: RESERVED,
});

/** Domains, and what fills the option up when it is not the fewest zeros. */
export interface SearchList {
  readonly domains: readonly GivenName[];
  readonly padding?: Uint8Array;
}

const domain = nameCodec({ compress: false });

const SEARCH_LIST: Codec<SearchList> = {
  name: "DNS search list",
  read(bytes, at, end) {
    const domains: GivenName[] = [];
    let next = at;
    while (next < end && bytes[next] !== 0) {
      const found = readName(bytes, next, end, next);
      if ("error" in found) return found;
      domains.push(found.value);
      ({ next } = found);
    }
    const padding = bytes.subarray(next, end);
    const isPlain = padding.length < UNIT && padding.every((byte) => byte === 0);
    return { value: { domains, ...(!isPlain && { padding }) }, next: end };
  },
  write({ domains, padding }, offset) {
    const written = domains.map((each) => writeName(each, 0, new Map(), false));
    const size = written.reduce((sum, { length }) => sum + length, 0);
    // Options start at a multiple of eight bytes in their message.
    const filling = padding ?? new Uint8Array((UNIT - ((offset + size) % UNIT)) % UNIT);
    return Uint8Array.from([...written.flatMap((each) => [...each]), ...filling]);
  },
  random(random) {
    const names = Array.from({ length: random.below(3) }, () => domain.random(random));
    return {
      domains: names.filter(
        (name) => queryName(typeof name === "string" ? { text: name } : name) !== "<Root>",
      ),
    };
  },
  initial: { domains: [] },
  show: ({ domains }) => domains.map((each) => domain.show(each)).join(" "),
  facts: [
    { query: "icmpv6.opt.dnssl", type: "text", title: "Domain names" },
    { query: "icmpv6.opt.padding", type: "none", title: "Padding" },
  ],
  factsOf({ domains, padding }, found) {
    for (const each of domains)
      found("icmpv6.opt.dnssl", queryName(typeof each === "string" ? { text: each } : each));
    if (padding?.length !== 0 && (padding || sizeOf(domains) % UNIT !== 0)) found("icmpv6.opt.padding", 1);
  },
};

/** Lengths of options count in these. */
const UNIT = 8;

function sizeOf(domains: readonly GivenName[]): number {
  return domains.reduce((sum, each) => sum + writeName(each, 0, new Map(), false).length, 0);
}

const SearchDomains = message("icmpv6.opt.dnssl", {
  title: "DNS search list",
  rfc: "RFC 8106",
  fields: {
    reserved: bytes(2, { query: [] }),
    lifetime: u32(0, { about: "in seconds" }),
    list: coded(SEARCH_LIST) as Field<SearchList>,
  },
  derived: RESERVED,
});

/** One option of neighbor discovery. RFC 4861 4.6. */
export const NeighborOption = message("icmpv6.opt", {
  title: "Option",
  rfc: "RFC 4861",
  fields: {
    type: u8(1, {
      names: {
        1: "Source link-layer address",
        2: "Target link-layer address",
        3: "Prefix information",
        4: "Redirected header",
        5: "MTU",
        7: "Advertisement interval",
        14: "Nonce",
        24: "Route information",
        25: "Recursive DNS server",
        31: "DNS search list",
        38: "NAT64 prefix",
      },
    }),
    length: when(
      "type != 4",
      u8(computed("(headerSize + 7) / 8"), { query: ".length", about: "in units of eight bytes" }),
    ),
    quotedLength: when(
      "type == 4",
      u8(computed("(payloadSize + 15) / 8"), { query: ".length", about: "in units of eight bytes" }),
    ),
    data: choose(
      // Link-layer addresses of other sizes than Ethernet's are bytes.
      "type < 3 && length > 1 ? type + 256 : type",
      {
        257: bytes("length * 8 - 2", { query: ["icmpv6.opt.linkaddr", "icmpv6.opt.src_linkaddr"] }),
        258: bytes("length * 8 - 2", { query: ["icmpv6.opt.linkaddr", "icmpv6.opt.target_linkaddr"] }),
        1: SourceLinkAddress,
        2: TargetLinkAddress,
        3: PrefixInformation,
        4: RedirectedHeader,
        5: Mtu,
        7: AdvertisementInterval,
        14: Nonce,
        24: RouteInformation,
        25: DnsServers,
        31: SearchDomains,
        38: TranslationPrefix,
      },
      {
        length: "type == 4 ? 6 : length * 8 - 2",
        otherwise: bytes("length * 8 - 2", { query: "icmpv6.data" }),
      },
    ),
  },
});
