import { bit, bits, list, struct, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { dnsDerived, dnsFields, dnsInfo, questionName, questionType, recordType } from "#wire/dns.ts";
import { ownerField } from "#wire/dns-name.ts";
import { CLASSES } from "#wire/dns-numbers.ts";
import { recordDerived, recordRest } from "#wire/dns-records.ts";

/** A question with the wish for an answer by unicast. RFC 6762 18.12. */
const MdnsQuestion = message("mdns.qry", {
  title: "Question",
  rfc: "RFC 6762 18.12",
  fields: {
    name: questionName,
    type: questionType,
    unicastResponse: bit({ query: "dns.qry.qu" }),
    class: bits(15, 1, { query: "dns.qry.class", names: CLASSES, display: "hex" }),
  },
});

const cacheFlush = bit({ query: "dns.resp.cache_flush" });

/** A record's class, and whether other records of the name are to be forgotten. RFC 6762 10.2. */
const MdnsClass = message("mdns.class", {
  title: "Class",
  rfc: "RFC 6762 10.2",
  fields: {
    cacheFlush,
    class: bits(15, 1, { query: "dns.resp.class", names: CLASSES, display: "hex" }),
  },
});

const MdnsPayloadSize = message("mdns.payload", {
  title: "UDP payload size",
  fields: { cacheFlush, bytes: bits(15, 1_440, { query: "dns.rr.udp_payload_size" }) },
});

const MdnsRecord = message("mdns.resp", {
  title: "Record",
  rfc: "RFC 6762 10.2",
  fields: {
    name: ownerField(),
    type: recordType,
    class: when("type != 41", struct(MdnsClass)),
    udpPayloadSize: when("type == 41", struct(MdnsPayloadSize)),
    ...recordRest,
  },
  derived: recordDerived,
});

/** Names on one link, without servers: everyone answers for its own. RFC 6762; services RFC 6763. */
export const Mdns = message("mdns", {
  title: "Multicast Domain Name System",
  rfc: "RFC 6762",
  prefix: "dns",
  fields: dnsFields(list(MdnsQuestion, { count: "questionCount", fits: "0" }), (count) =>
    list(MdnsRecord, { count, fits: "0" }),
  ),
  on: { "udp.port": 5353 },
  info: dnsInfo,
  derived: dnsDerived,
});
