import { bytes, flags, ip, list, text, u32, u8 } from "#packet/field.ts";
import { message, type ValuesOf } from "#packet/message.ts";
import { tlv } from "#wire/ospf/tlv.ts";

/** What a router can do beyond the Options. RFC 7770 2.4. */
export const InformationalCapabilities = message("ospf.ri.capabilities", {
  title: "Informational capabilities",
  rfc: "RFC 7770 2.4",
  fields: {
    flags: flags(
      {
        gracefulRestart: [0x80, "ospf.ri.options.grc"],
        gracefulRestartHelper: [0x40, "ospf.ri.options.grh"],
        stubRouter: [0x20, "ospf.ri.options.srs"],
        trafficEngineering: [0x10, "ospf.ri.options.tes"],
        pointToPointOverLan: [0x08, "ospf.ri.options.p2plan"],
        experimentalTrafficEngineering: [0x04, "ospf.ri.options.ete"],
        hostRouter: [0x01, "ospf.ri.options.host"],
      },
      { query: "ospf.ri.options" },
    ),
    reserved: bytes("rest", { query: [], about: "bits that no RFC has named" }),
  },
});
export type InformationalCapabilities = ValuesOf<typeof InformationalCapabilities>;

/** Known to Wireshark by names of their own: not what queries call unknown. */
const undecoded = bytes("rest", { query: [] });

/** One piece of what a router tells of itself. RFC 7770 2.3, RFC 5642 (host name), RFC 8665 3.1 (algorithms). */
export const RouterInformationTlv = tlv("ospf.ri.tlv", {
  title: "Router Information TLV",
  rfc: "RFC 7770 2.3",
  type: "ospf.tlv_type.opaque",
  names: {
    1: "Informational capabilities",
    2: "Functional capabilities",
    3: "TE-MESH-GROUP IPv4",
    4: "TE-MESH-GROUP IPv6",
    5: "TE node capability descriptor",
    6: "PCE discovery",
    7: "Dynamic hostname",
    8: "SR-Algorithm",
    9: "SID/Label Range",
    12: "Node MSD",
    14: "SR Local Block",
    15: "SRMS Preference",
    16: "Flexible Algorithm Definition",
  },
  unknown: "ospf.tlv.unknown",
  cases: {
    1: InformationalCapabilities,
    7: text("rest", { query: "ospf.dynhostname" }),
    8: list(u8(0, { query: "ospf.lsa_sa" })),
    9: undecoded,
    12: undecoded,
    14: undecoded,
    15: undecoded,
    16: undecoded,
  },
});
export type RouterInformationTlv = ValuesOf<typeof RouterInformationTlv>;

/** Opaque type 4: what a router is and can do. RFC 7770. */
export const RouterInformationLsa = message("ospf.ri", {
  title: "Router Information LSA",
  rfc: "RFC 7770",
  fields: { tlvs: list(RouterInformationTlv) },
});
export type RouterInformationLsa = ValuesOf<typeof RouterInformationLsa>;

/** How long a router restarts, why, and from which address. RFC 3623 appendix A. */
export const GraceTlv = tlv("ospf.grace.tlv", {
  title: "Grace TLV",
  rfc: "RFC 3623 A",
  names: { 1: "Grace Period", 2: "Graceful restart reason", 3: "IP interface address" },
  padding: "ospf.pad_bytes",
  cases: {
    1: u32(0, { query: "ospf.v2.grace.period" }),
    2: u8(0, {
      query: "ospf.v2.grace.reason",
      names: {
        0: "unknown",
        1: "software restart",
        2: "software reload",
        3: "switch to redundant processor",
      },
    }),
    3: ip("0.0.0.0", { query: "ospf.v2.grace.ip" }),
  },
});
export type GraceTlv = ValuesOf<typeof GraceTlv>;

/** Opaque type 3: asks the neighbors to keep an adjacency while the router restarts. RFC 3623. */
export const GraceLsa = message("ospf.grace", {
  title: "Grace-LSA",
  rfc: "RFC 3623",
  fields: { tlvs: list(GraceTlv) },
});
export type GraceLsa = ValuesOf<typeof GraceLsa>;
