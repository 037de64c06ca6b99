import { bit, bits, bytes, computed, ip6, list, struct, u16, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";

/** What a later version may add; to be ignored, but part of the checksum. RFC 3810 5.1.12. */
const ADDITIONAL = when("rest > 0", bytes("rest", { query: [] }));

const SourcesQuery = message("icmpv6.mld.sources", {
  title: "Version 2",
  prefix: "icmpv6.mld",
  fields: {
    reserved: bits(4, 0, {
      query: ".flag.reserved",
      whole: { query: ".flag", display: "hex", title: "Flags" },
    }),
    suppressProcessing: bit({ query: ".flag.s", title: "Suppress router-side processing" }),
    robustness: bits(3, 2, { query: ".flag.qrv", title: "Querier's robustness variable" }),
    queryInterval: u8(125, { query: [], title: "Querier's query interval code" }),
    sourceCount: u16(computed("count.sources"), { query: ".nb_sources" }),
    sources: list(ip6("::", { query: ".source_address" }), { count: "sourceCount" }),
  },
  derived: {
    "icmpv6.mld.qqi": {
      type: "number",
      title: "Querier's query interval in seconds",
      value:
        "queryInterval < 128 ? queryInterval : (queryInterval & 15 | 16) << (queryInterval >> 4 & 7) + 3",
    },
  },
});

/** Asks who listens to a group, or to any; version 2 also for which sources. RFC 2710 3, RFC 3810 5.1. */
export const MldQuery = message("icmpv6.mld.query", {
  title: "Multicast listener query",
  prefix: "icmpv6.mld",
  rfc: "RFC 3810",
  fields: {
    maximumResponse: u16(10_000, { query: [], about: "in milliseconds; version 2 codes it from 32768 on" }),
    reserved: bytes(2, { query: "icmpv6.reserved" }),
    group: ip6("::", { query: ".multicast_address" }),
    version2: when("rest >= 4", struct(SourcesQuery)),
    additional: ADDITIONAL,
  },
  derived: {
    "icmpv6.mld.maximum_response_delay": {
      type: "number",
      title: "Maximum response delay in milliseconds",
      value: "maximumResponse",
      when: "size < 24",
    },
    "icmpv6.mld.maximum_response_code": {
      type: "number",
      title: "Maximum response delay in milliseconds",
      value:
        "maximumResponse < 32768 ? maximumResponse : (maximumResponse & 4095 | 4096) << (maximumResponse >> 12 & 7) + 3",
      when: "size >= 24",
    },
  },
});

/** Says that somebody listens to a group, or no longer does, in version 1. RFC 2710 3. */
export const MldReport = message("icmpv6.mld.report", {
  title: "Multicast listener report or done",
  prefix: "icmpv6.mld",
  rfc: "RFC 2710",
  fields: {
    maximumResponseDelay: u16(),
    reserved: bytes(2, { query: "icmpv6.reserved" }),
    group: ip6("::", { query: ".multicast_address" }),
    additional: ADDITIONAL,
  },
});

const AddressRecord = message("icmpv6.mldr.mar", {
  title: "Multicast address record",
  rfc: "RFC 3810",
  fields: {
    type: u8(4, {
      query: ".record_type",
      names: {
        1: "Mode is include",
        2: "Mode is exclude",
        3: "Change to include",
        4: "Change to exclude",
        5: "Allow new sources",
        6: "Block old sources",
      },
    }),
    auxiliaryLength: u8(computed("sizeOf.auxiliaryData / 4"), {
      query: ".aux_data_len",
      about: "in words of four bytes",
    }),
    sourceCount: u16(computed("count.sources"), { query: ".nb_sources" }),
    group: ip6("::", { query: ".multicast_address" }),
    sources: list(ip6("::", { query: ".source_address" }), { count: "sourceCount" }),
    auxiliaryData: when("auxiliaryLength > 0", bytes("auxiliaryLength * 4")),
  },
});

/** Says to what a node listens, in version 2. RFC 3810 5.2. */
export const MldReport2 = message("icmpv6.mldr", {
  title: "Multicast listener report, version 2",
  rfc: "RFC 3810",
  fields: {
    reserved: bytes(2, { query: "icmpv6.reserved" }),
    recordCount: u16(computed("count.records"), { query: ".nb_mcast_records" }),
    records: list(struct(AddressRecord, { query: "icmpv6.mldr.mar" }), { count: "recordCount" }),
    additional: ADDITIONAL,
  },
});
