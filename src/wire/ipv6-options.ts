import { bytes, choose, computed, ip6, u16, u32, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";

/** Bytes of an option behind those that it is known to have. */
const ADDITIONAL = when("rest > 0", bytes("rest", { query: "ipv6.opt_unknown_data" }));

const Padding = message("ipv6.opt.padn", {
  fields: { zeros: bytes("rest", { query: "ipv6.opt.padn", title: "Padding" }) },
});

const Experiment = message("ipv6.opt.experimental", {
  fields: { data: bytes("rest", { query: "ipv6.opt.experimental" }) },
});

const PathMtu = message("ipv6.opt.pmtu", {
  rfc: "RFC 9268",
  fields: { minimum: u16(0, { query: ".min" }), returned: u16(0, { query: [] }) },
});

const PerformanceMetrics = message("ipv6.opt.pdm", {
  rfc: "RFC 8250",
  fields: {
    scaleLastReceived: u8(0, { query: ".scale_dtlr" }),
    scaleLastSent: u8(0, { query: ".scale_dtls" }),
    packetNumber: u16(0, { query: ".psn_this_pkt" }),
    lastReceivedNumber: u16(0, { query: ".psn_last_recv" }),
    deltaLastReceived: u16(0, { query: ".delta_last_recv" }),
    deltaLastSent: u16(0, { query: ".delta_last_sent" }),
  },
});

/**
 * One option of a hop-by-hop or destination options header. Type 0 is a single byte. The two high bits of the type say
 * what to do with an unknown option, the third whether its data may change on the way. RFC 8200 4.2.
 */
export const Ipv6Option = message("ipv6.opt", {
  title: "Option",
  rfc: "RFC 8200",
  fields: {
    type: u8(0, {
      display: "hex",
      names: {
        0x00: "Pad1",
        0x01: "PadN",
        0x04: "Tunnel Encapsulation Limit",
        0x05: "Router Alert",
        0x0f: "Performance and Diagnostic Metrics",
        0x1e: "Experimental",
        0x30: "Minimum Path MTU",
        0x3e: "Experimental",
        0x5e: "Experimental",
        0x7e: "Experimental",
        0x9e: "Experimental",
        0xbe: "Experimental",
        0xc2: "Jumbo Payload",
        0xc9: "Home Address",
        0xde: "Experimental",
        0xfe: "Experimental",
      },
    }),
    length: when("type != 0", u8(computed("headerSize - 2"))),
    data: when(
      "type != 0",
      choose(
        "type",
        {
          0x01: Padding,
          0x04: message("ipv6.opt.tel", {
            rfc: "RFC 2473",
            fields: { limit: u8(4, { query: "ipv6.opt.tel" }), additional: ADDITIONAL },
          }),
          0x05: message("ipv6.opt.router_alert", {
            rfc: "RFC 2711",
            fields: { value: u16(0, { query: "ipv6.opt.router_alert" }), additional: ADDITIONAL },
          }),
          0x0f: PerformanceMetrics,
          0x1e: Experiment,
          0x30: PathMtu,
          0x3e: Experiment,
          0x5e: Experiment,
          0x7e: Experiment,
          0x9e: Experiment,
          0xbe: Experiment,
          0xc2: message("ipv6.opt.jumbo", {
            rfc: "RFC 2675",
            fields: {
              payloadLength: u32(computed("headerSize + payloadSize"), { query: "ipv6.opt.jumbo" }),
              additional: ADDITIONAL,
            },
          }),
          0xc9: message("ipv6.opt.home", {
            rfc: "RFC 6275",
            fields: { address: ip6("::", { query: "ipv6.opt.mipv6.home_address" }), additional: ADDITIONAL },
          }),
          0xde: Experiment,
          0xfe: Experiment,
        },
        { length: "length", otherwise: bytes("length", { query: "ipv6.opt.unknown" }) },
      ),
    ),
  },
  stops: { "an option without a length": "type == 0 || rest > 0" },
  derived: {
    "ipv6.opt.type.action": {
      type: "number",
      title: "Action when unknown",
      value: "type >> 6",
      when: "type != 0",
    },
    "ipv6.opt.type.change": {
      type: "boolean",
      title: "May change",
      value: "(type >> 5) & 1",
      when: "type != 0",
    },
    "ipv6.opt.type.rest": { type: "number", title: "Low-order bits", value: "type & 31", when: "type != 0" },
    "ipv6.opt.pad1": { type: "none", title: "Pad1", value: "1", when: "type == 0" },
  },
});
