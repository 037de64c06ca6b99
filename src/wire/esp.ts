import { bytes, u32 } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { byteCount } from "#wire/names.ts";

/** A packet that is encrypted: behind the two numbers only the receiver can read. RFC 4303. */
export const EncapsulatingSecurityPayload = message("esp", {
  title: "Encapsulating Security Payload",
  rfc: "RFC 4303",
  fields: {
    spi: u32(0, { display: "hex", title: "Security parameters index" }),
    sequence: u32(0),
    encrypted: bytes("rest", { query: [], title: "Encrypted data and integrity check value" }),
  },
  on: { "ip.proto": 50 },
  info: ({ spi, sequence, encrypted }) =>
    `SPI 0x${spi.toString(16).padStart(8, "0")}, sequence ${sequence}, ${byteCount(encrypted.length)}`,
});
