import {
  bit,
  bits,
  checksum,
  choose,
  coded,
  computed,
  ip,
  list,
  next,
  padding,
  u16,
  u8,
  when,
} from "#packet/field.ts";
import { message, type Endpoints } from "#packet/message.ts";
import { Ipv4Option } from "#wire/ipv4-options.ts";
import { routeAhead } from "#wire/ipv4-route.ts";
import { fragmentText, IP_PROTOCOLS, ipProtocolText } from "#wire/names.ts";

const DESTINATION = { title: "Destination" } as const;

/** The Internet Protocol, version 4. RFC 791; DSCP RFC 2474, ECN RFC 3168. */
export const Ipv4 = message("ip", {
  title: "Internet Protocol Version 4",
  label: "IPv4",
  rfc: "RFC 791",
  fields: {
    version: bits(4, 4),
    headerLength: bits(4, computed("headerSize / 4"), { query: [], about: "in words of four bytes" }),
    dscp: bits(6, 0, { query: "ip.dsfield.dscp", title: "Differentiated services codepoint" }),
    ecn: bits(2, 0, { query: "ip.dsfield.ecn", title: "Explicit congestion notification" }),
    totalLength: u16(computed("size"), { query: [] }),
    id: u16(0, { display: "hex", title: "Identification" }),
    reserved: bit({ query: "ip.flags.rb" }),
    dontFragment: bit({ query: "ip.flags.df" }),
    moreFragments: bit({ query: "ip.flags.mf" }),
    fragmentOffset: bits(13, 0, { query: "ip.frag_offset", about: "in units of eight bytes" }),
    ttl: u8(64, { title: "Time to live" }),
    protocol: u8(next("ip.proto"), { query: "ip.proto", names: IP_PROTOCOLS }),
    checksum: u16(checksum({ algorithm: "internet", over: "header" }), { display: "hex" }),
    source: ip("0.0.0.0", { query: ["ip.src", "ip.addr"] }),
    sourceRouted: when("headerLength > 5", coded(routeAhead, { query: [], title: "Source route ahead" })),
    // With a source route, queries for the destination find the route's last address instead.
    destination: choose(
      "sourceRouted",
      { 1: ip("0.0.0.0", { query: "ip.cur_rt", ...DESTINATION }) },
      { otherwise: ip("0.0.0.0", { query: ["ip.dst", "ip.addr"], ...DESTINATION }) },
    ),
    options: list(Ipv4Option, { until: "type == 0", fits: "type < 2 || length >= 2 && length <= rest" }),
    padding: padding(4),
  },
  headerSize: "headerLength * 4",
  readsWhole: true,
  // A length of 0 is a frame that the hardware was to split (TSO): it ends with the frame.
  size: "totalLength == 0 ? headerLength * 4 + rest : totalLength",
  stops: {
    "the version is not 4": "version == 4",
    "a header of less than 20 bytes": "headerLength >= 5",
    "a length shorter than the header": "totalLength == 0 || totalLength >= headerLength * 4",
  },
  next: [
    { table: "ip.proto", key: "protocol", when: "fragmentOffset == 0 && moreFragments == 0" },
    // Lengths and checksums inside are those of the whole packet.
    { table: "ip.proto", key: "protocol", when: "fragmentOffset == 0 && moreFragments == 1", quoted: true },
  ],
  on: { ethertype: 0x0800, "ip.proto": 4, linktype: 228, "raw.version": 4 },
  pseudoHeader: [12, 20],
  info({ protocol, id, fragmentOffset, moreFragments }) {
    const what = ipProtocolText(protocol);
    const [offset, more] = [fragmentOffset * 8, moreFragments === 1];
    return offset > 0 || more ? fragmentText(what, { offset, more, id, digits: 4 }) : what;
  },
  // Checksums above are taken with the address where a source route ends.
  endpoints: ({ options }): Endpoints => {
    const route = options.find(({ type }) => type === 131 || type === 137);
    const { destination } = (route?.data ?? {}) as { readonly destination?: string };
    return destination === undefined ? {} : { destination };
  },
  derived: {
    "ip.hdr_len": { type: "number", title: "Header length", value: "headerLength * 4" },
    "ip.dsfield": { type: "number", title: "Differentiated services", value: "dscp * 4 + ecn" },
    "ip.len": { type: "number", title: "Total length", value: "totalLength == 0 ? size : totalLength" },
    "ip.flags": { type: "number", title: "Flags", value: "reserved * 4 + dontFragment * 2 + moreFragments" },
  },
});
