import {
  bit,
  bits,
  bytes,
  choose,
  computed,
  ip6,
  list,
  next,
  padding,
  struct,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import { message, type Endpoints } from "#packet/message.ts";
import { Ipv6Option } from "#wire/ipv6-options.ts";
import { NO_NEXT_HEADER, nextHeaderText } from "#wire/ipv6.ts";
import { fragmentText, IP_PROTOCOLS } from "#wire/names.ts";

const nextHeader = (query: string) => u8(next("ip.proto", NO_NEXT_HEADER), { query, names: IP_PROTOCOLS });

const headerLength = u8(computed("headerSize / 8 - 1"), {
  query: ".len",
  about: "in units of eight bytes, without the first",
});

const OCTETS = { type: "number", title: "Length in bytes", value: "length * 8 + 8" } as const;

/** What both headers that hold options are. */
const optionsHeader = {
  label: "IPv6",
  rfc: "RFC 8200",
  fields: {
    nextHeader: nextHeader(".nxt"),
    length: headerLength,
    options: list(struct(Ipv6Option, { query: "ipv6.opt" })),
    padding: padding(8),
  },
  headerSize: "length * 8 + 8",
  needs: "$1 * 8 + 8",
  next: { table: "ip.proto", key: "nextHeader" },
  mayOverrun: true,
  readsWhole: true,
} as const;

/** Options that every router on the way looks at. RFC 8200 4.3. */
export const HopByHopOptions = message("ipv6.hopopts", {
  title: "IPv6 Hop-by-Hop Options",
  ...optionsHeader,
  on: { "ip.proto": 0 },
  info: ({ nextHeader: following }) => nextHeaderText(following),
  derived: { "ipv6.hopopts.len_oct": OCTETS },
});

/** Options for the destination alone, or, before a routing header, for each stop. RFC 8200 4.6. */
export const DestinationOptions = message("ipv6.dstopts", {
  title: "IPv6 Destination Options",
  ...optionsHeader,
  on: { "ip.proto": 60 },
  info: ({ nextHeader: following }) => nextHeaderText(following),
  derived: { "ipv6.dstopts.len_oct": OCTETS },
  // A mobile node's packets are summed with its home address, RFC 6275 6.3.
  endpoints: ({ options }): Endpoints => {
    const home = options.find(({ type }) => type === HOME_ADDRESS)?.data as { address?: string } | undefined;
    const source = home?.address;
    return source === undefined ? {} : { source };
  },
});

const HOME_ADDRESS = 0xc9;

const SourceRoute = message("ipv6.routing.src", {
  rfc: "RFC 5095",
  fields: {
    reserved: bytes(4),
    addresses: list(ip6("::", { query: ".addr" }), { count: "rest / 16" }),
    strayBytes: when("rest > 0", bytes("rest", { query: [] })),
  },
});

const HomeAddressRoute = message("ipv6.routing.mipv6", {
  rfc: "RFC 6275",
  fields: {
    reserved: bytes(4),
    homeAddress: ip6(),
    extra: when("rest > 0", bytes("rest", { query: [] })),
  },
});

const SegmentRoute = message("ipv6.routing.srh", {
  rfc: "RFC 8754",
  fields: {
    lastEntry: u8(computed("count.segments - 1")),
    flags: u8(0, { display: "hex" }),
    tag: bytes(2),
    segments: list(ip6("::", { query: ".addr" }), { count: "lastEntry + 1" }),
    options: bytes("rest", { query: [], title: "Type, length, value objects" }),
  },
});

const ROUTES = { 0: "source route", 2: "home address", 3: "RPL source route", 4: "segment routing" };

/** Addresses that a packet has to visit: sources routes, mobile nodes and segment routing. RFC 8200 4.4. */
export const RoutingHeader = message("ipv6.routing", {
  title: "IPv6 Routing Header",
  label: "IPv6",
  rfc: "RFC 8200",
  fields: {
    nextHeader: nextHeader(".nxt"),
    length: headerLength,
    type: u8(4, { names: ROUTES }),
    segmentsLeft: u8(0, { query: ".segleft" }),
    route: choose(
      "type",
      { 0: SourceRoute, 2: HomeAddressRoute, 4: SegmentRoute },
      { otherwise: bytes("rest", { query: ".unknown_data" }) },
    ),
  },
  headerSize: "length * 8 + 8",
  next: { table: "ip.proto", key: "nextHeader" },
  on: { "ip.proto": 43 },
  info: ({ nextHeader: following, type, segmentsLeft }) =>
    `${ROUTES[type as keyof typeof ROUTES] ?? `type ${type}`}, ${segmentsLeft} left, ${nextHeaderText(following)}`,
  readsWhole: true,
  derived: { "ipv6.routing.len_oct": OCTETS },
  endpoints: ({ route, segmentsLeft }): Endpoints => {
    const last = segmentsLeft === 0 ? undefined : lastStop(route);
    return last === undefined ? {} : { destination: last };
  },
});

/** Where a route ends, which checksums count as the destination. RFC 8200 8.1; a segment list starts with its end. */
function lastStop(route: unknown): string | undefined {
  const { addresses, segments, homeAddress } = (route ?? {}) as {
    addresses?: readonly string[];
    segments?: readonly string[];
    homeAddress?: string;
  };
  return homeAddress ?? segments?.[0] ?? addresses?.at(-1);
}

/** A part of a packet that was too large. Only the first part is followed. RFC 8200 4.5. */
export const FragmentHeader = message("ipv6.fraghdr", {
  title: "IPv6 Fragment Header",
  label: "IPv6",
  rfc: "RFC 8200",
  fields: {
    nextHeader: nextHeader(".nxt"),
    reserved: u8(0, { query: ".reserved_octet", display: "hex" }),
    fragmentOffset: bits(13, 0, { query: ".offset", about: "in units of eight bytes" }),
    reservedBits: bits(2),
    moreFragments: bit({ query: ".more" }),
    id: u32(0, { query: ".ident", display: "hex", title: "Identification" }),
  },
  needs: "8",
  next: [
    { table: "ip.proto", key: "nextHeader", when: "fragmentOffset == 0 && moreFragments == 0" },
    // Lengths inside are those of the whole packet.
    { table: "ip.proto", key: "nextHeader", when: "fragmentOffset == 0 && moreFragments == 1", quoted: true },
  ],
  on: { "ip.proto": 44 },
  info: ({ nextHeader: following, fragmentOffset, moreFragments, id }) =>
    fragmentText(nextHeaderText(following), {
      offset: fragmentOffset * 8,
      more: moreFragments === 1,
      id,
      digits: 8,
    }),
});
