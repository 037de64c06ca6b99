import { bit, bits, bytes, checksum, computed, list, next, u16, u32, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { ETHERTYPES, etherTypeText } from "#wire/names.ts";

/** An entry of the routing field of RFC 1701, which RFC 2784 took away again. */
const RoutingEntry = message("gre.routing", {
  title: "Routing entry",
  fields: {
    family: u16(0, { query: "gre.routing.address_family" }),
    offset: u8(0, { query: "gre.routing.sre_offset" }),
    length: u8(computed("sizeOf.information"), { query: "gre.routing.src_length" }),
    information: when("length > 0", bytes("length", { query: "gre.routing.information" })),
  },
  derived: { "gre.routing": { type: "none", title: "Routing", value: "family" } },
});

/** Of Ethernet's types, those that tshark looks for in GRE too. */
const CARRIED = [0x0800, 0x0806, 0x6558, 0x86dd, 0x8847, 0x8848, 0x88be]
  .map((type) => `protocol == ${type}`)
  .join(" || ");
const PPTP = "version == 1 && protocol == 0x880b";

/** Carries any protocol in IP. RFC 2784; key and sequence RFC 2890; version 1 carries PPP (RFC 2637). */
export const Gre = message("gre", {
  title: "Generic Routing Encapsulation",
  rfc: "RFC 2784",
  fields: {
    checksumPresent: bit({ query: "gre.flags.checksum" }),
    routingPresent: bit({ query: "gre.flags.routing" }),
    keyPresent: bit({ query: "gre.flags.key" }),
    sequencePresent: bit({ query: "gre.flags.sequence_number" }),
    strictSourceRoute: bit({ query: "gre.flags.strict_source_route" }),
    recursionControl: bits(3, 0, { query: "gre.flags.recursion_control" }),
    acknowledgmentPresent: bit({ query: [], about: "in version 1" }),
    reserved: bits(4, 0, { query: [] }),
    version: bits(3, 0, { query: "gre.flags.version" }),
    protocol: u16(next("ethertype"), { query: "gre.proto", display: "hex", names: ETHERTYPES }),
    checksum: when(
      "checksumPresent || routingPresent",
      u16(checksum({ algorithm: "internet", over: "layer", when: "checksumPresent" }), { display: "hex" }),
    ),
    offset: when("checksumPresent || routingPresent", u16(0)),
    key: when(`keyPresent && !(${PPTP})`, u32(0, { display: "hex" })),
    payloadLength: when(
      `keyPresent && ${PPTP}`,
      u16(computed("payloadSize"), { query: "gre.key.payload_length" }),
    ),
    callId: when(`keyPresent && ${PPTP}`, u16(0, { query: "gre.key.call_id" })),
    sequence: when("sequencePresent", u32(0, { query: "gre.sequence_number" })),
    acknowledgment: when(`acknowledgmentPresent && ${PPTP}`, u32(0, { query: "gre.ack_number" })),
    routing: when("routingPresent", list(RoutingEntry, { until: "family == 0 && length == 0" })),
  },
  next: { table: "ethertype", key: "protocol", when: CARRIED },
  needs: "4",
  on: { "ip.proto": 47 },
  info({ protocol, key, callId, sequence, acknowledgment }) {
    const parts = [protocol === 0 ? "keepalive" : etherTypeText(protocol)];
    if (key !== undefined) parts.push(`key 0x${key.toString(16).padStart(8, "0")}`);
    if (callId !== undefined) parts.push(`call ${callId}`);
    if (sequence !== undefined) parts.push(`seq ${sequence}`);
    if (acknowledgment !== undefined) parts.push(`ack ${acknowledgment}`);
    return parts.join(", ");
  },
  derived: {
    "gre.flags_and_version": { type: "number", title: "Flags and version", value: "$0 * 256 + $1" },
    "gre.flags.ack": {
      type: "boolean",
      title: "Acknowledgment present",
      value: "acknowledgmentPresent",
      when: PPTP,
    },
    "gre.flags.reserved": {
      type: "number",
      title: "Reserved",
      value: `${PPTP} ? reserved : acknowledgmentPresent * 16 + reserved`,
    },
  },
});
