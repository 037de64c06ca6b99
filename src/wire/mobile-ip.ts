import { bit, bits, bytes, choose, computed, ip, list, u16, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";

const FLAGS = { query: "icmp.mip.flags", title: "Flags", display: "hex" } as const;

const AgentAdvertisement = message("icmp.mip.agent", {
  title: "Mobility agent",
  fields: {
    sequence: u16(0, { query: "icmp.mip.seq" }),
    lifetime: u16(0, { query: "icmp.mip.life", about: "of a registration, in seconds" }),
    registration: bit({ query: "icmp.mip.r", title: "Registration required", whole: FLAGS }),
    busy: bit({ query: "icmp.mip.b" }),
    homeAgent: bit({ query: "icmp.mip.h" }),
    foreignAgent: bit({ query: "icmp.mip.f" }),
    minimalEncapsulation: bit({ query: "icmp.mip.m" }),
    gre: bit({ query: "icmp.mip.g", title: "GRE" }),
    vanJacobson: bit({ query: "icmp.mip.v", title: "Header compression" }),
    reverseTunnel: bit({ query: "icmp.mip.rt" }),
    udpTunnel: bit({ query: "icmp.mip.u", title: "UDP tunnel" }),
    revocation: bit({ query: "icmp.mip.x" }),
    reserved: bits(6, 0, { query: "icmp.mip.reserved", display: "hex" }),
    careOfAddresses: list(ip("0.0.0.0", { query: "icmp.mip.coa" }), { count: "rest / 4" }),
    extra: bytes("rest", { query: [] }),
  },
});

const PrefixLengths = message("icmp.mip.prefixes", {
  title: "Prefix lengths",
  fields: { lengths: list(u8(0, { query: "icmp.mip.prefixlength" })) },
});

/** What makes a router advertisement one of a mobility agent. RFC 5944 2.1. */
export const MobileIpExtension = message("icmp.mip", {
  title: "Mobile IP extension",
  rfc: "RFC 5944",
  fields: {
    type: u8(16, {
      query: "icmp.mip.type",
      names: { 0: "Padding", 16: "Mobility agent", 19: "Prefix lengths", 24: "Challenge" },
    }),
    length: when("type != 0", u8(computed("headerSize - 2"), { query: "icmp.mip.length" })),
    data: when(
      "type != 0",
      choose(
        "type",
        { 16: AgentAdvertisement, 19: PrefixLengths, 24: bytes("rest", { query: "icmp.mip.challenge" }) },
        { length: "length", query: "icmp.mip.content" },
      ),
    ),
  },
});
