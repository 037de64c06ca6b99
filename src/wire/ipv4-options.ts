import {
  bit,
  bits,
  bytes,
  choose,
  coded,
  computed,
  ip,
  list,
  struct,
  text,
  u16,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import type { Field } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { cipsoCategories } from "#wire/cipso-categories.ts";

/** Bytes that an option has too many. */
const extra = (): Field<Uint8Array> => bytes("rest", { query: [], title: "Stray bytes" });

/** A pointer that points at an address: counted from the option's first byte, the first address is at 4. */
const POINTS = "(pointer >= 4 && pointer % 4 == 0)";
const RECORDED = `${POINTS} ? (pointer / 4 - 1 < rest / 4 ? pointer / 4 - 1 : rest / 4) : 0`;

const RecordRoute = message("ip.opt.route", {
  title: "Record route",
  fields: {
    pointer: u8(computed("4 + sizeOf.recorded"), { query: "ip.opt.ptr" }),
    recorded: list(ip("0.0.0.0", { query: "ip.rec_rt" }), { count: RECORDED }),
    empty: list(ip("0.0.0.0", { query: "ip.empty_rt" }), { count: `${POINTS} ? rest / 4 : 0` }),
    extra: extra(),
  },
});

const SourceRoute = message("ip.opt.source_route", {
  title: "Source route",
  fields: {
    pointer: u8(computed("4 + sizeOf.recorded"), { query: "ip.opt.ptr" }),
    recorded: list(ip("0.0.0.0", { query: "ip.rec_rt" }), { count: RECORDED }),
    route: list(ip("0.0.0.0", { query: "ip.src_rt" }), {
      count: `${POINTS} ? (rest % 4 == 0 ? rest / 4 - 1 : rest / 4) : 0`,
    }),
    destination: when(`${POINTS} && rest == 4`, ip("0.0.0.0", { query: ["ip.dst", "ip.addr"] })),
    extra: extra(),
  },
});

const TIME = { query: "ip.opt.time_stamp", about: "in milliseconds since midnight, universal time" } as const;

const AddressedTime = message("ip.opt.time", {
  fields: { address: ip("0.0.0.0", { query: "ip.opt.time_stamp_addr" }), time: u32(0, TIME) },
});

const Timestamp = message("ip.opt.timestamp", {
  title: "Timestamp",
  fields: {
    pointer: u8(5, { query: "ip.opt.ptr" }),
    overflow: bits(4, 0, { query: "ip.opt.overflow", about: "routers that found no room" }),
    flag: bits(4, 0, {
      query: "ip.opt.flag",
      display: "hex",
      names: { 0: "Times only", 1: "Addresses and times", 3: "Times of the addresses given" },
    }),
    times: list(u32(0, TIME), { count: "flag == 1 || flag == 3 ? 0 : rest / 4" }),
    addressed: list(AddressedTime, { count: "flag == 1 || flag == 3 ? rest / 8 : 0" }),
    extra: extra(),
  },
});

/** RFC 791 3.1: eleven bytes. */
const Security = message("ip.opt.security", {
  title: "Security (RFC 791)",
  fields: {
    level: u16(0, { query: "ip.opt.sec_rfc791_sec", display: "hex" }),
    compartments: u16(0, { query: "ip.opt.sec_rfc791_comp" }),
    handling: text(2, { query: "ip.opt.sec_rfc791_hr", title: "Handling restrictions" }),
    control: text(3, { query: "ip.opt.sec_rfc791_tcc", title: "Transmission control code" }),
  },
});

const FLAGS = { query: "ip.opt.sec_prot_auth_flags", title: "Protection authority", display: "hex" } as const;

const Authority = message("ip.opt.authority", {
  fields: {
    genser: bit({ query: "ip.opt.sec_prot_auth_genser", title: "GENSER", whole: FLAGS }),
    siop: bit({ query: "ip.opt.sec_prot_auth_siop_esi", title: "SIOP-ESI" }),
    sci: bit({ query: "ip.opt.sec_prot_auth_sci", title: "SCI" }),
    nsa: bit({ query: "ip.opt.sec_prot_auth_nsa", title: "NSA" }),
    doe: bit({ query: "ip.opt.sec_prot_auth_doe", title: "DOE" }),
    unassigned: bits(2, 0, { query: "ip.opt.sec_prot_auth_unassigned", display: "hex" }),
    more: bit({ query: "ip.opt.sec_prot_auth_fti", title: "Another byte follows" }),
  },
});

const MoreAuthorities = message("ip.opt.authorities", {
  fields: {
    unassigned: bits(7, 0, { query: "ip.opt.sec_prot_auth_unassigned", display: "hex", whole: FLAGS }),
    more: bit({ query: "ip.opt.sec_prot_auth_fti", title: "Another byte follows" }),
  },
});

const BasicSecurity = message("ip.opt.basic_security", {
  title: "Basic security",
  rfc: "RFC 1108",
  fields: {
    level: u8(0xab, {
      query: "ip.opt.sec_cl",
      display: "hex",
      title: "Classification level",
      names: { 0x3d: "Top Secret", 0x5a: "Secret", 0x96: "Confidential", 0xab: "Unclassified" },
    }),
    authority: when("rest > 0", struct(Authority)),
    authorities: list(MoreAuthorities),
  },
});

const ExtendedSecurity = message("ip.opt.extended_security", {
  title: "Extended security",
  rfc: "RFC 1108",
  fields: {
    format: u8(0, { query: "ip.opt.ext_sec_add_sec_info_format_code", display: "hex" }),
    information: when("rest > 0", bytes("rest", { query: "ip.opt.ext_sec_add_sec_info" })),
  },
});

const CipsoTag = message("ip.cipso.tag", {
  title: "Tag",
  fields: {
    type: u8(1, { query: "ip.cipso.tag_type" }),
    length: u8(computed("headerSize"), { query: [] }),
    alignment: when("type == 1 || type == 2 || type == 5", u8(0, { query: [] })),
    sensitivity: when(
      "type == 1 || type == 2 || type == 5",
      u8(0, { query: "ip.cipso.sensitivity_level", title: "Sensitivity level" }),
    ),
    data: choose(
      "length > 4 ? type : 0",
      {
        1: coded(cipsoCategories(1)),
        2: coded(cipsoCategories(2)),
        5: coded(cipsoCategories(5)),
      },
      { length: "length - (type == 1 || type == 2 || type == 5 ? 4 : 2)", query: [] },
    ),
  },
});

const CommercialSecurity = message("ip.opt.cipso", {
  title: "Commercial security",
  rfc: "FIPS 188",
  fields: {
    domain: u32(1, { query: "ip.cipso.doi", title: "Domain of interpretation" }),
    tags: list(CipsoTag),
  },
});

const Mtu = message("ip.opt.mtu_option", {
  title: "MTU",
  rfc: "RFC 1191",
  fields: { mtu: u16(1500, { query: "ip.opt.mtu" }), extra: extra() },
});

const StreamId = message("ip.opt.stream", {
  title: "Stream",
  fields: { id: u16(0, { query: "ip.opt.sid" }), extra: extra() },
});

const Traceroute = message("ip.opt.traceroute", {
  title: "Traceroute",
  rfc: "RFC 1393",
  fields: {
    id: u16(0, { query: "ip.opt.id_number" }),
    outboundHops: u16(0, { query: "ip.opt.ohc" }),
    returnHops: u16(0xffff, { query: "ip.opt.rhc" }),
    originator: ip("0.0.0.0", { query: "ip.opt.originator" }),
    extra: extra(),
  },
});

const RouterAlert = message("ip.opt.alert", {
  title: "Router alert",
  rfc: "RFC 2113",
  fields: { value: u16(0, { query: "ip.opt.ra" }), extra: extra() },
});

const DirectedBroadcast = message("ip.opt.broadcast", {
  title: "Selective directed broadcast",
  rfc: "RFC 1770",
  fields: {
    addresses: list(ip("0.0.0.0", { query: "ip.opt.addr" }), { count: "rest / 4" }),
    extra: when("rest > 0", bytes("rest", { query: "ip.opt.padding" })),
  },
});

const QuickStart = message("ip.opt.quick_start", {
  title: "Quick start",
  rfc: "RFC 4782",
  fields: {
    function: bits(4, 0, { query: "ip.opt.qs_func", names: { 0: "Rate request", 8: "Rate report" } }),
    rate: bits(4, 0, { query: [] }),
    ttl: u8(0, { query: [], title: "Time to live" }),
    nonce: bits(30, 0, { query: [], display: "hex" }),
    reserved: bits(2, 0, { query: [], display: "hex" }),
  },
  derived: {
    "ip.opt.qs_rate": { type: "number", title: "Rate", value: "rate", when: "function % 8 == 0" },
    "ip.opt.qs_ttl": { type: "number", title: "Time to live", value: "ttl", when: "function == 0" },
    "ip.opt.qs_unused": { type: "number", title: "Unused", value: "ttl", when: "function == 8" },
    "ip.opt.qs_nonce": { type: "number", title: "Nonce", value: "nonce", when: "function % 8 == 0" },
    "ip.opt.qs_reserved": { type: "number", title: "Reserved", value: "reserved", when: "function % 8 == 0" },
  },
});

/** Types, what people and what queries call them. */
const TYPES: readonly (readonly [type: number, name: string, query: string])[] = [
  [0, "End of Options List", "eol"],
  [1, "No Operation", "nop"],
  [7, "Record Route", "record_route"],
  [11, "MTU Probe", "mtu_probe"],
  [12, "MTU Reply", "mtu_reply"],
  [25, "Quick-Start", "qs"],
  [68, "Time Stamp", "timestamp"],
  [82, "Traceroute", "traceroute"],
  [130, "Security", "security"],
  [131, "Loose Source Route", "route"],
  [133, "Extended Security", "ext_security"],
  [134, "Commercial Security", "cipso"],
  [136, "Stream ID", "sid"],
  [137, "Strict Source Route", "source_route"],
  [148, "Router Alert", "routeralert"],
  [149, "Selective Directed Broadcast", "sdb"],
];
const KNOWN = TYPES.map(([type]) => `type == ${type}`).join(" || ");

/** Two options share a number: RFC 791's has eleven bytes; where emit is to work that out, levels of two bytes. */
const SECURITY =
  "type != 130 || length == 11 || length == 0 && (data.level == 0 || data.level > 255) ? type : 1108";

/** One option. Types 0 and 1 are single bytes. RFC 791 3.1; queries find only those with a name. */
export const Ipv4Option = message("ip.opt", {
  title: "Option",
  fields: {
    type: u8(1, { query: [], names: new Map(TYPES.map(([type, name]) => [type, name])) }),
    length: when("type > 1", u8(computed("headerSize"), { query: [] })),
    data: when(
      "type > 1",
      choose(
        SECURITY,
        {
          7: RecordRoute,
          11: Mtu,
          12: Mtu,
          25: QuickStart,
          68: Timestamp,
          82: Traceroute,
          130: Security,
          131: SourceRoute,
          133: ExtendedSecurity,
          134: CommercialSecurity,
          136: StreamId,
          137: SourceRoute,
          148: RouterAlert,
          149: DirectedBroadcast,
          1108: BasicSecurity,
        },
        { length: "length - 2", query: [] },
      ),
    ),
  },
  derived: {
    "ip.opt.type": { type: "number", title: "Type", value: "type", when: KNOWN },
    "ip.opt.type.copy": { type: "boolean", title: "Copy on fragmentation", value: "type >> 7", when: KNOWN },
    "ip.opt.type.class": { type: "number", title: "Class", value: "type >> 5 & 3", when: KNOWN },
    "ip.opt.type.number": { type: "number", title: "Number", value: "type & 31", when: KNOWN },
    "ip.opt.len": { type: "number", title: "Length", value: "length", when: KNOWN },
    ...Object.fromEntries(
      TYPES.map(([type, title, query]) => [
        `ip.options.${query}`,
        { type: "none" as const, title, value: "type", when: `type == ${type}` },
      ]),
    ),
  },
});
