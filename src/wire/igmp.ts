import {
  bit,
  bits,
  bytes,
  checksum,
  computed,
  ip,
  list,
  struct,
  u16,
  u24,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import type { Layer, Packet } from "#packet/dissect.ts";
import { message, type Finding } from "#packet/message.ts";
import { groupQueryText, groupRecordText } from "#wire/group-text.ts";

const oneOf = (...types: readonly number[]): string =>
  `(${types.map((type) => `type == ${type}`).join(" || ")})`;

const TRACE = oneOf(0x1e, 0x1f);
const VERSIONED = oneOf(0x11, 0x12, 0x16, 0x17, 0x22);
const KNOWN = oneOf(0x11, 0x12, 0x16, 0x17, 0x1e, 0x1f, 0x22);
/** Queries of version 1 have a zero where those of version 2 say a time; those of version 3 are longer. */
const TIMED = "(type == 0x16 || type == 0x17 || type == 0x11 && (maximumResponse != 0 || size >= 12))";
const FLOATING = "type == 0x11 && size >= 12 && maximumResponse >= 128";

const GroupRecord = message("igmp.record", {
  title: "Group record",
  fields: {
    type: u8(4, {
      query: "igmp.record_type",
      names: {
        1: "Mode is include",
        2: "Mode is exclude",
        3: "Change to include mode",
        4: "Change to exclude mode",
        5: "Allow new sources",
        6: "Block old sources",
      },
    }),
    auxiliaryLength: u8(computed("sizeOf.auxiliary / 4"), {
      query: "igmp.aux_data_len",
      about: "in words of four bytes",
    }),
    numberOfSources: u16(computed("count.sources"), { query: "igmp.num_src" }),
    group: ip("0.0.0.0", { query: "igmp.maddr" }),
    sources: list(ip("0.0.0.0", { query: "igmp.saddr" }), { count: "numberOfSources" }),
    auxiliary: when("auxiliaryLength > 0", bytes("auxiliaryLength * 4", { query: "igmp.aux_data" })),
  },
});

const TraceBlock = message("igmp.mtrace.block", {
  title: "Response",
  fields: {
    arrival: u32(0, { query: "igmp.mtrace.q_arrival" }),
    incoming: ip("0.0.0.0", { query: "igmp.mtrace.q_inaddr", title: "Incoming interface" }),
    outgoing: ip("0.0.0.0", { query: "igmp.mtrace.q_outaddr", title: "Outgoing interface" }),
    previous: ip("0.0.0.0", { query: "igmp.mtrace.q_prevrtr", title: "Previous router" }),
    inputPackets: u32(0, { query: "igmp.mtrace.q_inpkt" }),
    outputPackets: u32(0, { query: "igmp.mtrace.q_outpkt" }),
    total: u32(0, { query: "igmp.mtrace.q_total" }),
    protocol: u8(0, { query: "igmp.mtrace.q_rtg_proto" }),
    ttl: u8(0, { query: "igmp.mtrace.q_fwd_ttl" }),
    zero: bit({ query: "igmp.mtrace.q_mbz" }),
    shared: bit({ query: "igmp.mtrace.q_s" }),
    sourceMask: bits(6, 0, { query: "igmp.mtrace.q_src_mask" }),
    code: u8(0, { query: "igmp.mtrace.q_fwd_code" }),
  },
});

const Querier = message("igmp.querier", {
  title: "Querier",
  fields: {
    reserved: bits(4, 0, { query: [] }),
    suppress: bit({ query: "igmp.s", title: "Suppress router-side processing" }),
    robustness: bits(3, 2, { query: "igmp.qrv", title: "Robustness" }),
    interval: u8(125, { query: "igmp.qqic", title: "Query interval code" }),
    numberOfSources: u16(computed("count.sources"), { query: "igmp.num_src" }),
    sources: list(ip("0.0.0.0", { query: "igmp.saddr" }), { count: "numberOfSources" }),
  },
});

/** Hosts and routers agree on groups. RFC 1112 (version 1), 2236 (2), 3376 (3); traces of multicast paths. */
export const Igmp = message("igmp", {
  title: "Internet Group Management Protocol",
  rfc: "RFC 3376",
  fields: {
    type: u8(0x11, {
      display: "hex",
      names: {
        0x11: "Membership query",
        0x12: "Membership report (version 1)",
        0x16: "Membership report (version 2)",
        0x17: "Leave group",
        0x1e: "Traceroute response",
        0x1f: "Traceroute query",
        0x22: "Membership report (version 3)",
      },
    }),
    maximumResponse: when(
      oneOf(0x11, 0x16, 0x17),
      u8(0, { query: [], about: "in tenths of a second; from 128 on with an exponent in version 3" }),
    ),
    reserved: when(oneOf(0x12, 0x22), bytes(1, { query: "igmp.reserved" })),
    maximumHops: when(TRACE, u8(0, { query: "igmp.mtrace.max_hops" })),
    checksum: when(KNOWN, u16(checksum({ algorithm: "internet", over: "layer" }), { display: "hex" })),
    group: when(`${KNOWN} && type != 0x22`, ip("0.0.0.0", { query: "igmp.maddr" })),
    querier: when("type == 0x11 && rest >= 4", struct(Querier)),
    reserved2: when("type == 0x22", bytes(2, { query: "igmp.reserved", title: "Reserved" })),
    numberOfRecords: when("type == 0x22", u16(computed("count.records"), { query: "igmp.num_grp_recs" })),
    records: when("type == 0x22", list(GroupRecord, { count: "numberOfRecords" })),
    source: when(TRACE, ip("0.0.0.0", { query: "igmp.mtrace.saddr" })),
    receiver: when(TRACE, ip("0.0.0.0", { query: "igmp.mtrace.raddr" })),
    responseAddress: when(TRACE, ip("0.0.0.0", { query: "igmp.mtrace.rspaddr" })),
    responseTtl: when(TRACE, u8(0, { query: "igmp.mtrace.resp_ttl" })),
    queryId: when(TRACE, u24(0, { query: "igmp.mtrace.q_id" })),
    responses: when(TRACE, list(TraceBlock, { count: "rest / 32" })),
    data: when(`!${KNOWN} && rest > 0`, bytes("rest", { query: "igmp.data" })),
    extra: when("rest > 0", bytes("rest", { query: [], title: "Stray bytes" })),
  },
  on: { "ip.proto": 2 },
  info({ type, maximumResponse, group = "0.0.0.0", querier, records, source }) {
    switch (type) {
      case 0x11: {
        const version = querier ? 3 : maximumResponse === 0 ? 1 : 2;
        return `version ${version} membership query, ${groupQueryText(group, querier?.sources ?? [])}`;
      }
      case 0x12:
      case 0x16:
        return `version ${type === 0x12 ? 1 : 2} membership report, ${group}`;
      case 0x17:
        return `leave group, ${group}`;
      case 0x1e:
      case 0x1f:
        return `traceroute ${type === 0x1e ? "response" : "query"}, ${group} from ${source}`;
      case 0x22:
        return `version 3 membership report: ${records?.map(groupRecordText).join("; ") || "no groups"}`;
      default:
        return `type 0x${type.toString(16).padStart(2, "0")}`;
    }
  },
  derived: {
    "igmp.version": {
      type: "number",
      title: "Version",
      value:
        "type == 0x22 || type == 0x11 && size >= 12 ? 3 : type == 0x12 || type == 0x11 && $1 == 0 ? 1 : 2",
      when: VERSIONED,
    },
    "igmp.max_resp": {
      type: "number",
      title: "Maximum response time",
      value: `${FLOATING} ? (maximumResponse % 16 + 16) << (maximumResponse / 16 % 8 + 3) : maximumResponse`,
      when: TIMED,
    },
    "igmp.max_resp.exp": {
      type: "number",
      title: "Exponent",
      value: "maximumResponse / 16 % 8",
      when: FLOATING,
    },
    "igmp.max_resp.mant": {
      type: "number",
      title: "Mantissa",
      value: "maximumResponse % 16",
      when: FLOATING,
    },
    "igmp.reserved": { type: "bytes", title: "Reserved", value: reservedOfQuery, when: "type == 0x11" },
  },
});

function reservedOfQuery(packet: Packet, { start, end }: Layer): Finding | undefined {
  const { bytes, captured } = packet;
  if (end - start >= 12 || start + 1 >= captured || bytes[start + 1] !== 0) return undefined;
  return { value: bytes.subarray(start + 1, start + 2), start: start + 1, end: start + 2 };
}
