import { bytes, checksum, computed, flags, list, u16, u32 } from "#packet/field.ts";
import { message, type ValuesOf } from "#packet/message.ts";
import { tlv } from "#wire/ospf/tlv.ts";

/** Authenticates the block as the packet is. RFC 5613 2.5. */
export const LinkLocalAuthentication = message("ospf.lls.authentication", {
  title: "Cryptographic authentication",
  rfc: "RFC 5613 2.5",
  fields: {
    sequenceNumber: u32(0, { query: "ospf.v2.lls.sequence_number" }),
    authenticationData: bytes("rest", { query: "ospf.v2.lls.auth_data" }),
  },
});
export type LinkLocalAuthentication = ValuesOf<typeof LinkLocalAuthentication>;

/** One piece of link-local signaling. RFC 5613 2.3; 2.4 (extended options). */
export const LinkLocalTlv = tlv("ospf.lls.tlv", {
  title: "Link-local signaling TLV",
  rfc: "RFC 5613 2.3",
  names: { 1: "Extended options and flags", 2: "Cryptographic authentication" },
  cases: {
    1: flags(
      {
        restartSignal: [0x2, "ospf.lls.ext.options.rs"],
        lsdbResynchronization: [0x1, "ospf.lls.ext.options.lr"],
      },
      { bits: 32, query: "ospf.lls.ext.options" },
    ),
    2: LinkLocalAuthentication,
  },
});
export type LinkLocalTlv = ValuesOf<typeof LinkLocalTlv>;

/**
 * What neighbors tell each other behind Hellos and Database Descriptions. RFC 5613. The checksum is 0 where the
 * packet is authenticated cryptographically.
 */
export const LinkLocalSignaling = message("ospf.lls", {
  title: "Link-local signaling",
  rfc: "RFC 5613 2",
  fields: {
    checksum: u16(checksum({ algorithm: "internet", over: "layer", zeroMeansNone: true }), {
      query: "ospf.lls.checksum",
      display: "hex",
    }),
    length: u16(computed("size / 4"), { query: [], about: "in words of four bytes" }),
    tlvs: list(LinkLocalTlv, { length: "length * 4 - 4" }),
  },
  derived: { "ospf.lls.data_length": { type: "number", title: "Length", value: "length * 4" } },
});
export type LinkLocalSignaling = ValuesOf<typeof LinkLocalSignaling>;
