import { bit, bits, checksum, choose, computed, ip, u16, u32, u8 } from "#packet/field.ts";
import { message, type ValuesOf } from "#packet/message.ts";
import { AsExternalLsa, NetworkLsa, RouterLsa, SummaryLsa } from "#wire/ospf/lsa-bodies.ts";
import { GraceLsa, RouterInformationLsa } from "#wire/ospf/opaque.ts";
import { options } from "#wire/ospf/options.ts";
import { TrafficEngineeringLsa } from "#wire/ospf/traffic-engineering.ts";

/** LSA types. RFC 2328 A.4.1, RFC 3101 (7), RFC 5250 (9 to 11). */
export const LS_TYPES: Readonly<Record<number, string>> = {
  1: "Router-LSA",
  2: "Network-LSA",
  3: "Summary-LSA (IP network)",
  4: "Summary-LSA (ASBR)",
  5: "AS-external-LSA",
  6: "Group-membership-LSA",
  7: "NSSA AS-external-LSA",
  8: "External-attributes-LSA",
  9: "Opaque LSA, link-local scope",
  10: "Opaque LSA, area-local scope",
  11: "Opaque LSA, AS-wide scope",
};

const LS_TYPE_QUERIES: Readonly<Record<string, string>> = {
  router: "lsType == 1",
  network: "lsType == 2",
  summary: "lsType == 3",
  asbr: "lsType == 4",
  asext: "lsType == 5",
  member: "lsType == 6",
  nssa: "lsType == 7",
  attr: "lsType == 8",
  opaque: "lsType >= 9 && lsType <= 11",
};

const IS_OPAQUE = "lsType >= 9 && lsType <= 11";

/** Queries see what the type makes of the Options' fifth bit and of the Link State ID (bytes 4 to 7, RFC 5250 3). */
const derived = {
  "ospf.v2.options.n": { type: "boolean", title: "NSSA", value: "options.nssa", when: "lsType != 7" },
  "ospf.v2.options.p": { type: "boolean", title: "Propagate", value: "options.nssa", when: "lsType == 7" },
  "ospf.lsa.id": { type: "ipv4", title: "Link State ID", value: "linkStateId", when: `!(${IS_OPAQUE})` },
  "ospf.lsid_opaque_type": { type: "number", title: "Opaque type", value: "$4", when: IS_OPAQUE },
  "ospf.lsid.opaque_id": {
    type: "number",
    title: "Opaque ID",
    value: "$5 * 65536 + $6 * 256 + $7",
    when: `${IS_OPAQUE} && $4 != 1`,
  },
  "ospf.lsid_te_lsa.reserved": {
    type: "number",
    title: "Reserved",
    value: "$5",
    when: `${IS_OPAQUE} && $4 == 1`,
  },
  "ospf.lsid_te_lsa.instance": {
    type: "number",
    title: "Instance",
    value: "$6 * 256 + $7",
    when: `${IS_OPAQUE} && $4 == 1`,
  },
  ...Object.fromEntries(
    Object.entries(LS_TYPE_QUERIES).map(([name, when]) => [
      `ospf.lsa.${name}`,
      { type: "boolean", title: "LSA of this type", value: "1", when } as const,
    ]),
  ),
} as const;

const identity = {
  doNotAge: bit({ query: "ospf.lsa.donotage", about: "RFC 1793 2.2" }),
  lsAge: bits(15, 0, { query: "ospf.lsa.age", title: "LS age", about: "in seconds" }),
  options,
  lsType: u8(1, { query: "ospf.lsa", names: LS_TYPES, title: "LS type" }),
  linkStateId: ip("0.0.0.0", { query: [], title: "Link State ID" }),
  advertisingRouter: ip("0.0.0.0", { query: "ospf.advrouter" }),
  lsSequenceNumber: u32(0x8000_0001, {
    query: "ospf.lsa.seqnum",
    display: "hex",
    title: "LS sequence number",
    about: "signed: 0x80000001 is the first, 0x7fffffff the last",
  }),
};

/** Names an instance of an LSA: all of it that Database Descriptions and Acknowledgments tell. RFC 2328 A.4.1. */
export const LsaHeader = message("ospf.lsa.header", {
  title: "LSA header",
  rfc: "RFC 2328 A.4.1",
  fields: {
    ...identity,
    lsChecksum: u16(0, { query: "ospf.lsa.chksum", display: "hex", title: "LS checksum" }),
    length: u16(20, { query: "ospf.lsa.length", about: "of the LSA with its header" }),
  },
  derived,
});
export type LsaHeader = ValuesOf<typeof LsaHeader>;

/**
 * A link state advertisement. Its checksum leaves out the age, which grows on the way. What the body is follows from
 * the type, and for opaque ones from the Link State ID's first byte. RFC 2328 A.4, 12.1.
 */
export const Lsa = message("ospf.lsa", {
  title: "LSA",
  rfc: "RFC 2328 A.4",
  fields: {
    ...identity,
    lsChecksum: u16(checksum({ algorithm: "fletcher", over: "layer", skip: [0, 2] }), {
      query: "ospf.lsa.chksum",
      display: "hex",
      title: "LS checksum",
    }),
    length: u16(computed("size"), { query: "ospf.lsa.length" }),
    body: choose(
      `${IS_OPAQUE} ? 256 + $4 : lsType`,
      {
        1: RouterLsa,
        2: NetworkLsa,
        3: SummaryLsa,
        4: SummaryLsa,
        5: AsExternalLsa,
        7: AsExternalLsa,
        257: TrafficEngineeringLsa,
        259: GraceLsa,
        260: RouterInformationLsa,
      },
      { length: "length - 20", query: [] },
    ),
  },
  derived,
});
export type Lsa = ValuesOf<typeof Lsa>;

/** An LSA's header alone. */
export function headerOf(lsa: Lsa): LsaHeader {
  const { body: _, ...header } = lsa;
  return header;
}
