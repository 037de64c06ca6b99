import { bytes, computed, next, u32, u8 } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { NO_NEXT_HEADER, nextHeaderText } from "#wire/ipv6.ts";
import { IP_PROTOCOLS } from "#wire/names.ts";

/** Shows that nobody changed a packet on its way. RFC 4302. */
export const AuthenticationHeader = message("ah", {
  title: "Authentication Header",
  rfc: "RFC 4302",
  fields: {
    nextHeader: u8(next("ip.proto", NO_NEXT_HEADER), { names: IP_PROTOCOLS }),
    length: u8(computed("headerSize / 4 - 2"), { about: "in words of four bytes, without the first two" }),
    reserved: bytes(2),
    spi: u32(0, { display: "hex", title: "Security parameters index" }),
    sequence: u32(0),
    integrityCheck: bytes("length * 4 - 4", { query: "ah.icv", title: "Integrity check value" }),
  },
  headerSize: "length * 4 + 8",
  next: { table: "ip.proto", key: "nextHeader" },
  on: { "ip.proto": 51 },
  info: ({ nextHeader, spi, sequence }) =>
    `SPI 0x${spi.toString(16).padStart(8, "0")}, sequence ${sequence}, ${nextHeaderText(nextHeader)}`,
  mayOverrun: true,
  readsWhole: true,
});
