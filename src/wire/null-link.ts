import { u32 } from "#packet/field.ts";
import { message } from "#packet/message.ts";

/** Address families: IPv6 has another number in every BSD; Windows and Linux write that of one of them. */
const FAMILIES = { 2: "IPv4", 24: "IPv6 (NetBSD, OpenBSD)", 28: "IPv6 (FreeBSD)", 30: "IPv6 (macOS)" };
const isIpv6 = (family: string): string => `(${family}) == 24 || (${family}) == 28 || (${family}) == 30`;

/** One number of two bytes, the high ones of which are the ones in a's place; some systems swap them once more. */
const half = (low: string, high: string): string =>
  `(${low} == 0 && ${high} < 6 ? ${high} : ${low} | ${high} << 8)`;
/** Whichever half is not 0 holds the family: the first one on a little-endian host, the last one on the others. */
const FAMILY = `(($2 | $3) == 0 ? ${half("$0", "$1")} : ${half("$3", "$2")})`;

/** BSD's loopback: the address family, in the byte order of the host that captured. */
export const NullLink = message("null", {
  title: "Null/Loopback",
  about: "Link type 0: an address family in the host's byte order before each packet.",
  fields: {
    family: u32(2, { order: "little", query: [], names: FAMILIES }),
  },
  next: [
    { table: "raw.version", key: "4", when: `${FAMILY} == 2` },
    { table: "raw.version", key: "6", when: isIpv6(FAMILY) },
    { table: "ethertype", key: FAMILY, when: `${FAMILY} > 1500` },
  ],
  on: { linktype: 0 },
  derived: {
    "null.family": { type: "number", title: "Family", value: FAMILY, when: `${FAMILY} <= 1500` },
    "null.type": { type: "number", title: "Type", value: FAMILY, when: `${FAMILY} > 1500` },
  },
});

/** OpenBSD's loopback: the address family in network byte order. */
export const LoopbackLink = message("loop-link", {
  protocol: "null",
  prefix: "null",
  title: "OpenBSD loopback",
  about: "Link type 108: an address family in network byte order before each packet.",
  fields: { family: u32(2, { names: FAMILIES }) },
  next: [
    { table: "raw.version", key: "4", when: "family == 2" },
    { table: "raw.version", key: "6", when: isIpv6("family") },
  ],
  on: { linktype: 108 },
});
