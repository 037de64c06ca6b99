import {
  bit,
  bits,
  bytes,
  choose,
  computed,
  ip,
  ip6,
  list,
  struct,
  text,
  u16,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import { message, type DerivedOptions } from "#packet/message.ts";
import { ntpTime } from "#wire/time.ts";

const MODES = {
  0: "reserved",
  1: "symmetric active",
  2: "symmetric passive",
  3: "client",
  4: "server",
  5: "broadcast",
  6: "control",
  7: "private",
};

/** More about the packet, for those who know it. RFC 7822; the length takes in type and length. */
const NtpExtension = message("ntp.ext", {
  title: "Extension",
  rfc: "RFC 7822",
  fields: {
    type: u16(0x0104, { display: "hex" }),
    length: u16(computed("headerSize")),
    value: bytes("length - 4"),
  },
});

/** A key's number and the digest made with it; the number alone says that the key was wrong. RFC 5905 7.3. */
const NtpAuthentication = message("ntp.authentication", {
  title: "Authentication",
  rfc: "RFC 5905 7.3",
  fields: {
    keyId: bytes(4, { query: "ntp.keyid" }),
    digest: when("rest > 0", bytes("rest", { query: "ntp.mac" })),
  },
});

/** What time it is, as far as the sender knows. RFC 5905 7.3; version 3, RFC 1305 appendix A. */
const NtpClock = message("ntp.clock", {
  title: "Clock",
  rfc: "RFC 5905 7.3",
  prefix: "ntp",
  fields: {
    stratum: u8(0),
    poll: u8(6, { query: ".ppoll", about: "a power of two, in seconds" }),
    precision: u8(0xe9, { about: "a power of two, in seconds, negative above 127" }),
    rootDelay: u32(0, { query: ".rootdelay", about: "in units of 1/65536 of a second" }),
    rootDispersion: u32(0, { query: ".rootdispersion", about: "in units of 1/65536 of a second" }),
    referenceId: bytes(4, { query: ".refid" }),
    reference: ntpTime("ntp.reftime", { title: "Reference time" }),
    origin: ntpTime("ntp.org", { title: "Origin time" }),
    receive: ntpTime("ntp.rec", { title: "Receive time" }),
    transmit: ntpTime("ntp.xmt", { title: "Transmit time" }),
    // Without an extension up to 24 bytes follow, of a key and the longest digest; an extension takes 16 at least, and
    // 28 where it stands last (RFC 7822 7.5). Bytes 49 and 50 are the first one's length.
    extensions: when(
      "rest > 24 && $49 * 256 + $50 >= 16",
      list(struct(NtpExtension, { query: "ntp.ext" }), { until: "rest <= 24" }),
    ),
    authentication: when("rest >= 4", struct(NtpAuthentication)),
    extra: when("rest > 0", bytes("rest", { query: [], title: "Bytes behind the packet" })),
  },
});

/** How a peer is, in the 16 bits of a status word. RFC 9327 3.2. */
function peerStatus(when: string): Readonly<Record<string, DerivedOptions>> {
  const flag = (title: string, shift: number): DerivedOptions => ({
    type: "boolean",
    title,
    value: `status >> ${shift} & 1`,
    when,
  });
  return {
    "ntp.ctrl.peer_status.config": flag("Configured", 15),
    "ntp.ctrl.peer_status.authenable": flag("Authentication enabled", 14),
    "ntp.ctrl.peer_status.authentic": flag("Authentic", 13),
    "ntp.ctrl.peer_status.reach": flag("Reachable", 12),
    "ntp.ctrl.peer_status.bcast": flag("Broadcast", 11),
    "ntp.ctrl.peer_status.selection": { type: "number", title: "Selection", value: "status >> 8 & 7", when },
    "ntp.ctrl.peer_status.count": { type: "number", title: "Events", value: "status >> 4 & 15", when },
    "ntp.ctrl.peer_status.code": { type: "number", title: "Last event", value: "status & 15", when },
  };
}

const NtpPeer = message("ntp.ctrl.item", {
  title: "Peer",
  rfc: "RFC 9327 3.2",
  fields: {
    associationId: u16(0, { query: "ntp.ctrl.associd" }),
    status: u16(0, { query: "ntp.ctrl.status", display: "hex" }),
  },
  derived: peerStatus("1"),
});

const ANSWER = "response && !error";
const STATUS = `${ANSWER} && (opcode >= 1 && opcode <= 3 || opcode == 7)`;
const SYSTEM = `${STATUS} && associationId == 0`;

/** Asks and tells about variables. RFC 9327; RFC 1305 appendix B. */
const NtpControl = message("ntp.ctrl", {
  title: "Control",
  rfc: "RFC 9327",
  fields: {
    response: bit({
      query: ".flags2.r",
      whole: { query: ".flags2", display: "hex", title: "Flags" },
    }),
    error: bit({ query: ".flags2.error" }),
    more: bit({ query: ".flags2.more" }),
    opcode: bits(5, 1, {
      query: ".flags2.opcode",
      names: {
        1: "read status",
        2: "read variables",
        3: "write variables",
        4: "read clock variables",
        5: "write clock variables",
        6: "set trap",
        7: "trap",
        8: "configure",
        9: "save configuration",
        10: "read most recently used",
        11: "read ordered list",
        12: "request nonce",
        31: "unset trap",
      },
    }),
    sequence: u16(0),
    status: u16(0, { display: "hex" }),
    associationId: u16(0, { query: ".associd" }),
    offset: u16(0),
    dataLength: u16(computed("sizeOf.data"), { query: ".count" }),
    data: choose(
      "response && !error && opcode == 1 && associationId == 0",
      { 1: list(NtpPeer) },
      { length: "dataLength", query: [], otherwise: text("rest", { query: [] }) },
    ),
    extra: when("rest > 0", bytes("rest", { query: [], title: "Padding and authentication" })),
  },
  derived: {
    "ntp.ctrl.data": { type: "none", title: "Data", value: "dataLength", when: "dataLength > 0" },
    "ntp.ctrl.err_status": {
      type: "number",
      title: "Error",
      value: "status >> 8",
      when: "response && error",
    },
    "ntp.ctrl.sys_status.li": { type: "number", title: "Leap", value: "status >> 14", when: SYSTEM },
    "ntp.ctrl.sys_status.clksrc": {
      type: "number",
      title: "Clock source",
      value: "status >> 8 & 63",
      when: SYSTEM,
    },
    "ntp.ctrl.sys_status.count": { type: "number", title: "Events", value: "status >> 4 & 15", when: SYSTEM },
    "ntp.ctrl.sys_status.code": { type: "number", title: "Last event", value: "status & 15", when: SYSTEM },
    ...peerStatus(`${STATUS} && associationId != 0`),
    "ntp.ctrl.clock_status.status": {
      type: "number",
      title: "Clock status",
      value: "status >> 8",
      when: `${ANSWER} && (opcode == 4 || opcode == 5)`,
    },
    "ntp.ctrl.clock_status.code": {
      type: "number",
      title: "Clock event",
      value: "status & 255",
      when: `${ANSWER} && (opcode == 4 || opcode == 5)`,
    },
  },
});

/** One that asked for the time, as ntpd's monitor remembers it (struct info_monitor_1). */
const NtpMonitored = message("ntp.priv.monlist", {
  title: "Client",
  fields: {
    averageInterval: u32(0, { query: ".avgint" }),
    lastInterval: u32(0, { query: ".lsint" }),
    restrictions: u32(0, { query: ".restr", display: "hex" }),
    requests: u32(0, { query: ".count" }),
    remoteAddress: ip(),
    localAddress: ip(),
    flags: u32(0, { display: "hex" }),
    port: u16(0),
    mode: u8(0, { names: MODES }),
    version: u8(0),
    isIpv6: u32(0, { query: ".ipv6", display: "hex" }),
    unused: u32(0, { display: "hex" }),
    remoteAddress6: ip6("::", { query: [] }),
    localAddress6: ip6("::", { query: [] }),
  },
  derived: {
    "ntp.priv.monlist.addr6": {
      type: "ipv6",
      title: "Remote address",
      value: "remoteAddress6",
      when: "isIpv6",
    },
    "ntp.priv.monlist.daddr6": {
      type: "ipv6",
      title: "Local address",
      value: "localAddress6",
      when: "isIpv6",
    },
  },
});

/** What ntpd's ntpdc spoke; bytes as items are one item. Of no standard; ntp_request.h of the reference implementation. */
const NtpPrivate = message("ntp.priv", {
  title: "Private",
  fields: {
    authenticated: bit({
      query: ".auth",
      whole: { query: ".auth_seq", title: "Authentication and sequence" },
    }),
    sequence: bits(7, 0, { query: ".seq" }),
    implementation: u8(3, { query: ".impl", names: { 0: "universal", 2: "xntpd, old", 3: "xntpd" } }),
    requestCode: u8(0, {
      query: ".reqcode",
      names: { 0: "PEER_LIST", 1: "PEER_LIST_SUM", 2: "PEER_INFO", 20: "MON_GETLIST", 42: "MON_GETLIST_1" },
    }),
    error: bits(4, 0, { query: ".err", display: "hex" }),
    itemCount: bits(12, computed("count.items > 0 ? count.items : sizeOf.items > 0"), { query: ".numitems" }),
    reserved: bits(4, 0, { display: "hex" }),
    itemSize: bits(12, computed("sizeOf.items / (count.items > 0 ? count.items : 1)"), {
      query: ".itemsize",
    }),
    items: choose(
      "requestCode",
      { 42: list(NtpMonitored, { count: "itemCount", fits: "0" }) },
      { length: "itemCount * itemSize", query: [], salvage: true },
    ),
    extra: when("rest > 0", bytes("rest", { query: [], title: "Padding and authentication" })),
  },
});

/** The time, over networks. RFC 5905; version 3, RFC 1305; version 1 and 2 look the same. */
export const Ntp = message("ntp", {
  title: "Network Time Protocol",
  rfc: "RFC 5905",
  fields: {
    leap: bits(2, 0, {
      query: [],
      title: "Leap indicator",
      names: {
        0: "none",
        1: "the last minute has 61 seconds",
        2: "the last minute has 59 seconds",
        3: "unknown",
      },
      about: "in mode 7, whether it is a response, and whether more follow",
      whole: { query: ".flags", display: "hex", title: "Flags" },
    }),
    version: bits(3, 4, { query: ".flags.vn" }),
    mode: bits(3, 3, { query: ".flags.mode", names: MODES }),
    clock: when("mode < 6", struct(NtpClock)),
    control: when("mode == 6", struct(NtpControl)),
    private: when("mode == 7", struct(NtpPrivate)),
  },
  on: { "udp.port": 123 },
  info: ({ version, mode }) => `version ${version}, ${MODES[mode as keyof typeof MODES]}`,
  derived: {
    "ntp.flags.li": { type: "number", title: "Leap indicator", value: "leap", when: "mode != 7" },
    "ntp.priv.flags.r": { type: "number", title: "Response", value: "leap >> 1", when: "mode == 7" },
    "ntp.priv.flags.more": { type: "number", title: "More", value: "leap & 1", when: "mode == 7" },
  },
});
