import { bit, bits, bytes, ip6, list, struct, u16, u32, u8 } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { NeighborOption } from "#wire/neighbor-options.ts";

// What a redirected header quotes comes after the options, as the next layer.
const options = list(struct(NeighborOption, { query: "icmpv6.opt" }), {
  until: "type == 4",
  fits: "rest >= 2",
});

/** Asks the routers of a link to tell about themselves. RFC 4861 4.1. */
export const RouterSolicitation = message("icmpv6.nd.rs", {
  title: "Router solicitation",
  rfc: "RFC 4861",
  fields: { reserved: bytes(4, { query: "icmpv6.reserved" }), options },
});

/** What a router tells about itself and its link. RFC 4861 4.2; preference RFC 4191, home agents RFC 6275, proxies RFC 4389. */
export const RouterAdvertisement = message("icmpv6.nd.ra", {
  title: "Router advertisement",
  rfc: "RFC 4861",
  fields: {
    currentHopLimit: u8(64, { query: ".cur_hop_limit" }),
    managed: bit({ query: ".flag.m", whole: { query: ".flag", display: "hex", title: "Flags" } }),
    otherConfiguration: bit({ query: ".flag.o" }),
    homeAgent: bit({ query: ".flag.h" }),
    preference: bits(2, 0, {
      query: ".flag.prf",
      names: { 0: "medium", 1: "high", 2: "reserved", 3: "low" },
    }),
    proxy: bit({ query: ".flag.p" }),
    reservedFlags: bits(2, 0, { query: ".flag.rsv" }),
    routerLifetime: u16(1800, { about: "in seconds" }),
    reachableTime: u32(0, { about: "in milliseconds" }),
    retransTimer: u32(0, { title: "Retransmission timer", about: "in milliseconds" }),
    options,
  },
});

/** Asks which link address a neighbor has, or whether it is still there. RFC 4861 4.3. */
export const NeighborSolicitation = message("icmpv6.nd.ns", {
  title: "Neighbor solicitation",
  rfc: "RFC 4861",
  fields: {
    reserved: bytes(4, { query: "icmpv6.reserved" }),
    target: ip6("::", { query: ".target_address" }),
    options,
  },
});

/** Says which link address a node has. RFC 4861 4.4. */
export const NeighborAdvertisement = message("icmpv6.nd.na", {
  title: "Neighbor advertisement",
  rfc: "RFC 4861",
  fields: {
    router: bit({ query: ".flag.r", whole: { query: ".flag", display: "hex", title: "Flags" } }),
    solicited: bit({ query: ".flag.s" }),
    override: bit({ query: ".flag.o" }),
    reserved: bits(29, 0, { query: ".flag.rsv" }),
    target: ip6("::", { query: ".target_address" }),
    options,
  },
});

/** A router's word that there is a better first hop. RFC 4861 4.5. */
export const Redirect = message("icmpv6.nd.rd", {
  title: "Redirect",
  rfc: "RFC 4861",
  fields: {
    reserved: bytes(4, { query: "icmpv6.reserved" }),
    target: ip6("::", { query: ".target_address" }),
    destination: ip6("::", { query: "icmpv6.rd.na.destination_address" }),
    options,
  },
});
