import { flags } from "#packet/field.ts";

/** What a router can do, in Hellos, Database Descriptions and LSAs. RFC 2328 A.2, RFC 4576 (DN). */
export const options = flags(
  {
    /** DN: an external route that a provider took from its VPN. RFC 4576. */
    down: [0x80, "ospf.v2.options.dn"],
    /** O: takes opaque LSAs. RFC 5250. */
    opaque: [0x40, "ospf.v2.options.o"],
    /** DC: handles demand circuits. RFC 1793. */
    demandCircuits: [0x20, "ospf.v2.options.dc"],
    /** L: a link-local signaling block follows the packet. RFC 5613. */
    linkLocalSignaling: [0x10, "ospf.v2.options.l"],
    /** N in packets, P in LSAs: not-so-stubby areas. RFC 3101. */
    nssa: [0x08, null],
    /** MC: forwards multicast. RFC 1584. */
    multicast: [0x04, "ospf.v2.options.mc"],
    /** E: takes AS-external-LSAs. */
    externalRouting: [0x02, "ospf.v2.options.e"],
    /** MT: multi-topology routing, RFC 4915; RFC 2328 keeps it for TOS. */
    multiTopology: [0x01, "ospf.v2.options.mt"],
  },
  { query: "ospf.v2.options" },
);

/** The N bit of packets; in LSAs it is named by the type. */
export const nssaBit = {
  "ospf.v2.options.n": { type: "boolean", title: "Not-so-stubby area", value: "options.nssa" },
} as const;
