import { checksum, computed, u16 } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { byteCount } from "#wire/names.ts";

/** User datagrams. RFC 768. */
export const Udp = message("udp", {
  title: "User Datagram Protocol",
  rfc: "RFC 768",
  fields: {
    sourcePort: u16(0, { query: ["udp.srcport", "udp.port"] }),
    destinationPort: u16(0, { query: ["udp.dstport", "udp.port"] }),
    length: u16(computed("size")),
    checksum: u16(checksum({ algorithm: "internet", over: "layer", pseudo: true, zeroMeansNone: true }), {
      display: "hex",
    }),
  },
  needs: "4",
  // A length of 0 is that of a jumbogram, which ends with what carries it (RFC 2675 4).
  stops: { "a length of less than eight bytes": "length >= 8 || length == 0 && rest > 65535 - 6" },
  size: "length == 0 ? 8 + rest : length",
  next: [
    {
      table: "udp.port",
      key: "sourcePort < destinationPort ? sourcePort : destinationPort",
    },
    {
      table: "udp.port",
      key: "sourcePort < destinationPort ? destinationPort : sourcePort",
    },
  ],
  on: { "ip.proto": 17 },
  info: ({ sourcePort, destinationPort }, { payloadSize }) =>
    `${sourcePort} → ${destinationPort}, ${byteCount(payloadSize)}`,
  // Bytes behind the datagram, too: Wireshark's way, and the surplus of UDP options (RFC 9868).
  derived: { "udp.payload": { type: "bytes", title: "Payload", value: "carried" } },
});
