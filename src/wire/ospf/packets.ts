import { computed, flags, ip, list, u16, u32, u8 } from "#packet/field.ts";
import { message, type ValuesOf } from "#packet/message.ts";
import { LS_TYPES, Lsa, LsaHeader } from "#wire/ospf/lsa.ts";
import { nssaBit, options } from "#wire/ospf/options.ts";

/** Finds neighbors, keeps them, and elects the designated router. RFC 2328 A.3.2. */
export const Hello = message("ospf.hello", {
  title: "Hello",
  rfc: "RFC 2328 A.3.2",
  fields: {
    networkMask: ip("255.255.255.0"),
    helloInterval: u16(10, { about: "in seconds" }),
    options,
    routerPriority: u8(1, { about: "0: never the designated router" }),
    routerDeadInterval: u32(40, { about: "in seconds" }),
    designatedRouter: ip("0.0.0.0", { about: "the address of its interface" }),
    backupDesignatedRouter: ip("0.0.0.0", { about: "the address of its interface" }),
    neighbors: list(ip("0.0.0.0", { query: "ospf.hello.active_neighbor" }), { title: "Neighbors" }),
  },
  derived: nssaBit,
});
export type Hello = ValuesOf<typeof Hello>;

/** Tells a forming adjacency the headers of the LSAs that the sender has. RFC 2328 A.3.3; R is RFC 4811's. */
export const DatabaseDescription = message("ospf.db", {
  title: "Database Description",
  rfc: "RFC 2328 A.3.3",
  fields: {
    interfaceMtu: u16(1500, { title: "Interface MTU", about: "0 on virtual links" }),
    options,
    flags: flags(
      {
        outOfBandResynchronization: [0x08, "ospf.dbd.r"],
        init: [0x04, "ospf.dbd.i"],
        more: [0x02, "ospf.dbd.m"],
        master: [0x01, "ospf.dbd.ms"],
      },
      { query: "ospf.dbd" },
    ),
    ddSequenceNumber: u32(0, { query: "ospf.db.dd_sequence", title: "DD sequence number" }),
    lsaHeaders: list(LsaHeader, { title: "LSA headers" }),
  },
  derived: nssaBit,
});
export type DatabaseDescription = ValuesOf<typeof DatabaseDescription>;

/** One LSA that is asked for, in whatever instance the neighbor has. RFC 2328 A.3.4. */
export const RequestedLsa = message("ospf.lsr.lsa", {
  title: "Requested LSA",
  rfc: "RFC 2328 A.3.4",
  fields: {
    lsType: u32(1, { query: "ospf.lsa", names: LS_TYPES, title: "LS type" }),
    linkStateId: ip("0.0.0.0", { query: "ospf.link_state_id", title: "Link State ID" }),
    advertisingRouter: ip("0.0.0.0", { query: "ospf.advrouter" }),
  },
});
export type RequestedLsa = ValuesOf<typeof RequestedLsa>;

/** Asks for the LSAs that a neighbor has newer. RFC 2328 A.3.4. */
export const LinkStateRequest = message("ospf.lsr", {
  title: "Link State Request",
  rfc: "RFC 2328 A.3.4",
  fields: { requests: list(RequestedLsa) },
});
export type LinkStateRequest = ValuesOf<typeof LinkStateRequest>;

/** Floods LSAs. RFC 2328 A.3.5. */
export const LinkStateUpdate = message("ospf.lsu", {
  title: "Link State Update",
  rfc: "RFC 2328 A.3.5",
  fields: {
    numberOfLsas: u32(computed("count.lsas"), { query: "ospf.ls.number_of_lsas", title: "Number of LSAs" }),
    lsas: list(Lsa, { count: "numberOfLsas", title: "LSAs" }),
  },
});
export type LinkStateUpdate = ValuesOf<typeof LinkStateUpdate>;

/** Says which LSAs arrived. RFC 2328 A.3.6. */
export const LinkStateAcknowledgment = message("ospf.lsack", {
  title: "Link State Acknowledgment",
  rfc: "RFC 2328 A.3.6",
  fields: { lsaHeaders: list(LsaHeader, { title: "LSA headers" }) },
});
export type LinkStateAcknowledgment = ValuesOf<typeof LinkStateAcknowledgment>;
