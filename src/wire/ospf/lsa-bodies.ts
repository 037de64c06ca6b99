import { bit, bits, computed, flags, ip, list, u16, u24, u32, u8 } from "#packet/field.ts";
import { message, type ValuesOf } from "#packet/message.ts";

/** The cost of a link for one type of service. RFC 2328 A.4.2. */
export const RouterLinkTosMetric = message("ospf.lsa.router.tos", {
  title: "TOS metric",
  rfc: "RFC 2328 A.4.2",
  fields: {
    tos: u8(0, { query: [], title: "Type of service" }),
    reserved: u8(0, { query: [] }),
    tosMetric: u16(0, { query: "ospf.ls.metric" }),
  },
});
export type RouterLinkTosMetric = ValuesOf<typeof RouterLinkTosMetric>;

/** One of a router's links. What Link ID and Link Data mean follows from the type. RFC 2328 A.4.2. */
export const RouterLink = message("ospf.lsa.router.link", {
  title: "Link",
  rfc: "RFC 2328 A.4.2",
  fields: {
    linkId: ip("0.0.0.0", { query: "ospf.lsa.router.linkid" }),
    linkData: ip("0.0.0.0", { query: "ospf.lsa.router.linkdata" }),
    type: u8(1, {
      query: "ospf.lsa.router.linktype",
      names: {
        1: "Point-to-point connection to another router",
        2: "Connection to a transit network",
        3: "Connection to a stub network",
        4: "Virtual link",
      },
    }),
    numberOfTosMetrics: u8(computed("count.tosMetrics"), { query: "ospf.lsa.router.nummetrics" }),
    metric: u16(0, { query: "ospf.lsa.router.metric0" }),
    tosMetrics: list(RouterLinkTosMetric, { count: "numberOfTosMetrics" }),
  },
});
export type RouterLink = ValuesOf<typeof RouterLink>;

/** Type 1: the links of a router into one area, flooded there. RFC 2328 A.4.2; H is RFC 8770's, Nt RFC 3101's. */
export const RouterLsa = message("ospf.lsa.router", {
  title: "Router-LSA",
  rfc: "RFC 2328 A.4.2",
  fields: {
    flags: flags(
      {
        hostRouter: [0x80, "ospf.v2.router.lsa.flags.h"],
        nssaTranslator: [0x10, "ospf.v2.router.lsa.flags.n"],
        wildcardMulticastReceiver: [0x08, "ospf.v2.router.lsa.flags.w"],
        virtualLinkEndpoint: [0x04, "ospf.v2.router.lsa.flags.v"],
        asBoundaryRouter: [0x02, "ospf.v2.router.lsa.flags.e"],
        areaBorderRouter: [0x01, "ospf.v2.router.lsa.flags.b"],
      },
      { query: "ospf.v2.router.lsa.flags" },
    ),
    reserved: u8(0, { query: [] }),
    numberOfLinks: u16(computed("count.links"), { query: "ospf.lsa.number_of_links" }),
    links: list(RouterLink, { count: "numberOfLinks" }),
  },
});
export type RouterLsa = ValuesOf<typeof RouterLsa>;

/** Type 2: the routers on a broadcast or NBMA network, told by its designated router. RFC 2328 A.4.3. */
export const NetworkLsa = message("ospf.lsa.network", {
  title: "Network-LSA",
  rfc: "RFC 2328 A.4.3",
  fields: {
    networkMask: ip("255.255.255.0", { query: "ospf.lsa.network.netmask" }),
    attachedRouters: list(ip("0.0.0.0", { query: "ospf.lsa.network.attchrtr" })),
  },
});
export type NetworkLsa = ValuesOf<typeof NetworkLsa>;

/** The cost of a summary route for one type of service. RFC 2328 A.4.4. */
export const SummaryTosMetric = message("ospf.lsa.summary.tos", {
  title: "TOS metric",
  rfc: "RFC 2328 A.4.4",
  fields: {
    tos: u8(0, { query: "ospf.lsa.tos", title: "Type of service" }),
    tosMetric: u24(0, { query: "ospf.metric" }),
  },
});
export type SummaryTosMetric = ValuesOf<typeof SummaryTosMetric>;

/** Types 3 and 4: a network, or an AS boundary router, in another area. RFC 2328 A.4.4. */
export const SummaryLsa = message("ospf.lsa.summary", {
  title: "Summary-LSA",
  rfc: "RFC 2328 A.4.4",
  fields: {
    networkMask: ip("0.0.0.0", { query: "ospf.lsa.asbr.netmask", about: "0.0.0.0 in type 4" }),
    reserved: u8(0, { query: "ospf.lsa.tos", about: "type of service 0" }),
    metric: u24(0, { query: "ospf.metric" }),
    tosMetrics: list(SummaryTosMetric),
  },
});
export type SummaryLsa = ValuesOf<typeof SummaryLsa>;

/** An external route for one type of service. RFC 2328 A.4.5. */
export const AsExternalTosMetric = message("ospf.lsa.asext.tos", {
  title: "TOS metric",
  rfc: "RFC 2328 A.4.5",
  fields: {
    externalMetric: bit({ query: "ospf.lsa.asext.type" }),
    tos: bits(7, 0, { query: "ospf.lsa.tos", title: "Type of service" }),
    tosMetric: u24(0, { query: "ospf.metric" }),
    forwardingAddress: ip("0.0.0.0", { query: "ospf.lsa.asext.fwdaddr" }),
    externalRouteTag: u32(0, { query: "ospf.lsa.asext.extrttag" }),
  },
});
export type AsExternalTosMetric = ValuesOf<typeof AsExternalTosMetric>;

/** Types 5 and 7: a network outside the autonomous system. RFC 2328 A.4.5; in a not-so-stubby area RFC 3101. */
export const AsExternalLsa = message("ospf.lsa.asext", {
  title: "AS-external-LSA",
  rfc: "RFC 2328 A.4.5",
  fields: {
    networkMask: ip("255.255.255.0", { query: "ospf.lsa.asext.netmask" }),
    externalMetric: bit({
      query: "ospf.lsa.asext.type",
      title: "Bit E",
      about: "1: a type 2 external metric, larger than any path inside; 0: type 1, of the same units",
    }),
    reserved: bits(7, 0, { query: "ospf.lsa.tos", about: "type of service 0" }),
    metric: u24(0, { query: "ospf.metric" }),
    forwardingAddress: ip("0.0.0.0", {
      query: "ospf.lsa.asext.fwdaddr",
      about: "0.0.0.0: the router that originated the LSA",
    }),
    externalRouteTag: u32(0, { query: "ospf.lsa.asext.extrttag" }),
    tosMetrics: list(AsExternalTosMetric),
  },
});
export type AsExternalLsa = ValuesOf<typeof AsExternalLsa>;
