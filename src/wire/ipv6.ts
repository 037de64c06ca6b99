import { bits, computed, ip6, next, u16, u8 } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { addressNames } from "#wire/ipv6-addresses.ts";
import { IP_PROTOCOLS, ipProtocolText } from "#wire/names.ts";

/** The number of "nothing follows": what a header names that no known one comes after. RFC 8200 4.7. */
export const NO_NEXT_HEADER = "59";

const JUMBO_LENGTH = "$44 * 16777216 + $45 * 65536 + $46 * 256 + $47";
const IS_JUMBOGRAM = "nextHeader == 0 && $42 == 0xc2 && ($44 > 0 || $45 > 0)";

/** The Internet Protocol, version 6. RFC 8200; DSCP RFC 2474, ECN RFC 3168, flow labels RFC 6437. */
export const Ipv6 = message("ipv6", {
  title: "Internet Protocol Version 6",
  label: "IPv6",
  rfc: "RFC 8200",
  fields: {
    version: bits(4, 6, { query: ["ipv6.version", "ip.version"] }),
    dscp: bits(6, 0, { query: "ipv6.tclass.dscp", title: "Differentiated services codepoint" }),
    ecn: bits(2, 0, { query: "ipv6.tclass.ecn", title: "Explicit congestion notification" }),
    flowLabel: bits(20, 0, { query: "ipv6.flow", display: "hex" }),
    payloadLength: u16(computed("payloadSize > 65535 ? 0 : payloadSize"), { query: "ipv6.plen" }),
    nextHeader: u8(next("ip.proto", NO_NEXT_HEADER), { query: "ipv6.nxt", names: IP_PROTOCOLS }),
    hopLimit: u8(64, { query: "ipv6.hlim" }),
    source: ip6("::", { query: ["ipv6.src", "ipv6.addr"] }),
    destination: ip6("::", { query: ["ipv6.dst", "ipv6.addr"] }),
  },
  // A length of 0 is that of a payload whose size does not fit: a jumbogram's option has it (RFC 2675 2), which stands
  // first in the first extension header; what the hardware was to split ends with the frame.
  size: `40 + (payloadLength == 0 ? (${IS_JUMBOGRAM} ? ${JUMBO_LENGTH} : rest > 65535 ? rest : 0) : payloadLength)`,
  stops: { "the version is not 6": "version == 6" },
  next: { table: "ip.proto", key: "nextHeader" },
  on: { ethertype: 0x86dd, "ip.proto": 41, linktype: 229, "raw.version": 6 },
  pseudoHeader: [8, 40],
  info: ({ nextHeader }) => nextHeaderText(nextHeader),
  derived: {
    "ipv6.tclass": { type: "number", title: "Traffic class", value: "dscp * 4 + ecn" },
    ...addressNames(8, 24),
  },
});

/** What follows a header: "UDP", "protocol 253". */
export function nextHeaderText(nextHeader: number): string {
  return nextHeader === Number(NO_NEXT_HEADER) ? "no next header" : ipProtocolText(nextHeader);
}
