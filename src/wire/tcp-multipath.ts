import { bit, bits, bytes, ip, ip6, list, u16, u32, u64, u8, when } from "#packet/field.ts";
import type { Field } from "#packet/field.ts";
import { message } from "#packet/message.ts";

const SUBTYPES = {
  0: "Multipath capable",
  1: "Join connection",
  2: "Data sequence signal",
  3: "Add address",
  4: "Remove address",
  5: "Change subflow priority",
  6: "Fallback",
  7: "Fast close",
  8: "Subflow reset",
} as const;

const subtype = (value: number): Field<number> =>
  bits(4, value, { query: "tcp.options.mptcp.subtype", names: SUBTYPES, fixed: true });
const unused = (count: number): Field<number> => bits(count, 0, { query: [] });
const addressId = (): Field<number> => u8(0, { query: "tcp.options.mptcp.addrid" });
const extra = (): Field<Uint8Array | undefined> => when("rest > 0", bytes("rest", { query: [] }));
const flag = (name: string): Field<number> => bit({ query: `tcp.options.mptcp.${name}.flag` });

const FLAGS = { query: "tcp.options.mptcp.flags", title: "Flags", display: "hex" } as const;
const CHECKSUM = { query: "tcp.options.mptcp.checksumreq.flags", title: "Checksum required", whole: FLAGS };

/** The bits after the first two differ between RFC 6824 3.1 (version 0) and RFC 8684 3.1. */
const Capable = message("tcp.mptcp.capable", {
  title: "Multipath capable",
  fields: {
    subtype: subtype(0),
    version: bits(4, 1, { query: "tcp.options.mptcp.version" }),
    checksumRequired: bit(CHECKSUM),
    extensibility: flag("extensibility"),
    noMoreSubflows: bit({ query: [] }),
    reserved: bits(4, 0, { query: [] }),
    hash: bit({ query: [], title: "Use the version's hash" }),
    senderKey: when("rest >= 8", u64(0n, { query: "tcp.options.mptcp.sendkey" })),
    receiverKey: when("rest >= 8", u64(0n, { query: "tcp.options.mptcp.recvkey" })),
    dataLength: when("rest >= 2", u16(0, { query: "tcp.options.mptcp.datalvllen" })),
    checksum: when("rest >= 2", u16(0, { query: "tcp.options.mptcp.checksum", display: "hex" })),
    extra: extra(),
  },
  derived: {
    "tcp.options.mptcp.nomoresubflows.flag": {
      type: "number",
      title: "No more subflows to this address",
      value: "noMoreSubflows",
      when: "version != 0",
    },
    "tcp.options.mptcp.reserved.flag": {
      type: "number",
      title: "Reserved",
      value: "version == 0 ? noMoreSubflows * 16 + reserved : reserved",
    },
    "tcp.options.mptcp.sha1.flag": {
      type: "number",
      title: "Use HMAC-SHA1",
      value: "hash",
      when: "version == 0",
    },
    "tcp.options.mptcp.sha256.flag": {
      type: "number",
      title: "Use HMAC-SHA256",
      value: "hash",
      when: "version != 0",
    },
  },
});

/** The three steps of joining differ in their lengths. */
const Join = message("tcp.mptcp.join", {
  title: "Join",
  fields: {
    subtype: subtype(1),
    unused: unused(3),
    backup: bit({ query: [] }),
    addressId: u8(0, { query: [] }),
    receiverToken: when("rest == 8", u32(0, { query: "tcp.options.mptcp.recvtok" })),
    truncatedMac: when("rest == 12", u64(0n, { query: "tcp.options.mptcp.sendtrunchmac" })),
    senderRandom: when("rest == 4", u32(0, { query: "tcp.options.mptcp.sendrand" })),
    mac: when("rest == 20", bytes(20, { query: "tcp.options.mptcp.sendhmac", title: "MAC" })),
    extra: extra(),
  },
  derived: {
    "tcp.options.mptcp.backup.flag": {
      type: "number",
      title: "Backup",
      value: "backup",
      when: "size != 22",
    },
    "tcp.options.mptcp.addrid": {
      type: "number",
      title: "Address ID",
      value: "addressId",
      when: "size != 22",
    },
    "tcp.options.mptcp.reserved": {
      type: "number",
      title: "Reserved",
      value: "(unused * 2 + backup) * 256 + addressId",
      when: "size == 22",
    },
  },
});

const ACK = "tcp.options.mptcp.rawdataack";
const SEQUENCE = "tcp.options.mptcp.rawdataseqno";

const DataSequence = message("tcp.mptcp.dss", {
  title: "Data sequence signal",
  fields: {
    subtype: subtype(2),
    unused: unused(4),
    reserved: bits(3, 0, { query: [], whole: FLAGS }),
    dataFin: flag("datafin"),
    longSequence: flag("dseqn8"),
    hasSequence: flag("dseqnpresent"),
    longAck: flag("dataack8"),
    hasAck: flag("dataackpresent"),
    ack: when("hasAck && !longAck", u32(0, { query: ACK })),
    ack64: when("hasAck && longAck", u64(0n, { query: ACK })),
    sequence: when("hasSequence && !longSequence", u32(0, { query: SEQUENCE })),
    sequence64: when("hasSequence && longSequence", u64(0n, { query: SEQUENCE })),
    subflowSequence: when("hasSequence", u32(0, { query: "tcp.options.mptcp.subflowseqno" })),
    dataLength: when("hasSequence", u16(0, { query: "tcp.options.mptcp.datalvllen" })),
    checksum: when(
      "hasSequence && rest >= 2",
      u16(0, { query: "tcp.options.mptcp.checksum", display: "hex" }),
    ),
    extra: extra(),
  },
});

/** The version of IP is said in version 0 of the protocol, and follows from the length in version 1. */
const HAS4 = "(ipVersion == 4 || ipVersion < 2 && rest < 16)";
const AddAddress = message("tcp.mptcp.add", {
  title: "Add address",
  fields: {
    subtype: subtype(3),
    ipVersion: bits(4, 0, { query: [] }),
    addressId: addressId(),
    address: when(`${HAS4} && rest >= 4`, ip("0.0.0.0", { query: "tcp.options.mptcp.ipv4" })),
    address6: when("ipVersion != 4 && rest >= 16", ip6("::", { query: "tcp.options.mptcp.ipv6" })),
    port: when("rest == 2 || rest == 10", u16(0, { query: "tcp.options.mptcp.port" })),
    mac: when("rest >= 8", u64(0n, { query: "tcp.options.mptcp.addaddrtrunchmac", title: "MAC" })),
    extra: extra(),
  },
  derived: {
    "tcp.options.mptcp.ipver": {
      type: "number",
      title: "IP version",
      value: "ipVersion",
      when: "ipVersion == 4 || ipVersion == 6",
    },
    "tcp.options.mptcp.echo": {
      type: "number",
      title: "Echo",
      value: "ipVersion & 1",
      when: "ipVersion != 4 && ipVersion != 6",
    },
  },
});

const RemoveAddress = message("tcp.mptcp.remove", {
  title: "Remove address",
  fields: {
    subtype: subtype(4),
    unused: unused(4),
    addressIds: list(u8(0, { query: "tcp.options.mptcp.addrid" })),
  },
  derived: { "mptcp.rm_addr.count": { type: "number", title: "Addresses", value: "size - 1" } },
});

const Priority = message("tcp.mptcp.priority", {
  title: "Priority",
  fields: {
    subtype: subtype(5),
    unused: unused(3),
    backup: flag("backup"),
    addressId: when("rest > 0", addressId()),
    extra: extra(),
  },
});

const Fail = message("tcp.mptcp.fail", {
  title: "Fallback",
  fields: {
    subtype: subtype(6),
    reserved: bits(12, 0, { query: "tcp.options.mptcp.reserved", display: "hex" }),
    sequence: u64(0n, { query: SEQUENCE }),
    extra: extra(),
  },
});

const FastClose = message("tcp.mptcp.fastclose", {
  title: "Fast close",
  fields: {
    subtype: subtype(7),
    reserved: bits(12, 0, { query: "tcp.options.mptcp.reserved", display: "hex" }),
    receiverKey: u64(0n, { query: "tcp.options.mptcp.recvkey" }),
    extra: extra(),
  },
});

const Reset = message("tcp.mptcp.reset", {
  title: "Subflow reset",
  fields: {
    subtype: subtype(8),
    u: flag("flag_U"),
    v: flag("flag_V"),
    w: flag("flag_W"),
    transient: flag("flag_T"),
    reason: u8(0, { query: "tcp.options.mptcp.rst_reason", display: "hex" }),
    extra: extra(),
  },
});

const Other = message("tcp.mptcp.other", {
  title: "Multipath TCP",
  fields: { subtype: subtype(15), unused: unused(4), extra: extra() },
});

/** The forms of the option by the number that `MULTIPATH` gives. RFC 8684. */
export const multipathForms = {
  1000: Capable,
  1001: Join,
  1002: DataSequence,
  1003: AddAddress,
  1004: RemoveAddress,
  1005: Priority,
  1006: Fail,
  1007: FastClose,
  1008: Reset,
  1009: Other,
} as const;

/** Which form an option has: its subtype lies in its third byte, or, when it is written, among its values. */
const SUBTYPE = "($2 != 0 ? $2 >> 4 : data.subtype)";
export const MULTIPATH = `1000 + (${SUBTYPE} > 8 ? 9 : ${SUBTYPE})`;
