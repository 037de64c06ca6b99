import type { Layer, Packet } from "#packet/dissect.ts";
import {
  bit,
  bits,
  bytes,
  choose,
  ip,
  list,
  mac,
  padding,
  text,
  u16,
  u32,
  u8,
  when,
  type Field,
} from "#packet/field.ts";
import { message, type Finding } from "#packet/message.ts";
import { cookieField, overloadField, withoutOptionsField } from "#wire/dhcp-codecs.ts";
import { DHCP_MESSAGES } from "#wire/dhcp-numbers.ts";
import { DhcpOption, HAS_LENGTH } from "#wire/dhcp-options.ts";

const MESSAGE_TYPE = 53;
const NAME_BYTES = 64;
const FILE_BYTES = 128;
/** Where the hardware address ends. */
const HARDWARE_END = 44;

const options = () => list(DhcpOption, { until: "type == 255", fits: HAS_LENGTH });

/** Options in the place of the server's or the file's name. RFC 2131 4.1. */
const overloaded = (size: number) =>
  message("dhcp.overload", {
    title: "Options",
    rfc: "RFC 2131 4.1",
    fields: { options: options(), unused: padding(size) },
  });

const IS_MAC = "hardwareLength == 6 && (hardwareType == 1 || hardwareType == 6)";

/** Emit fills the hardware address up to its end. */
function hardwarePadding(): Field<Uint8Array> {
  const { spec } = bytes("16 - hardwareLength", {
    query: ".hw.addr_padding",
    title: "Rest of the hardware address",
  });
  return { spec: spec.kind === "bytes" ? { ...spec, align: HARDWARE_END } : spec };
}

/** Gives hosts their addresses and much besides. RFC 2131; BOOTP RFC 951. */
export const Dhcp = message("dhcp", {
  title: "Dynamic Host Configuration Protocol",
  rfc: "RFC 2131",
  fields: {
    opcode: u8(1, { query: ".type", names: { 1: "request", 2: "reply" } }),
    hardwareType: u8(1, { query: ".hw.type", display: "hex", names: { 1: "Ethernet", 6: "IEEE 802" } }),
    hardwareLength: u8(6, { query: ".hw.len" }),
    hops: u8(0),
    transactionId: u32(0, { query: ".id", display: "hex" }),
    seconds: u16(0, { query: [] }),
    broadcast: bit({ query: ".flags.bc" }),
    reserved: bits(15, 0, { query: ".flags.reserved", display: "hex" }),
    clientIp: ip("0.0.0.0", { query: ".ip.client", title: "Client address" }),
    yourIp: ip("0.0.0.0", { query: ".ip.your", title: "Your address" }),
    serverIp: ip("0.0.0.0", { query: ".ip.server", title: "Next server address" }),
    relayIp: ip("0.0.0.0", { query: ".ip.relay", title: "Relay agent address" }),
    clientMac: when(IS_MAC, mac("00:00:00:00:00:00", { query: ".hw.mac_addr", title: "Client MAC address" })),
    clientHardware: when(
      `!(${IS_MAC}) && hardwareLength > 0`,
      bytes("hardwareLength > 16 ? 16 : hardwareLength", { query: ".hw.addr" }),
    ),
    hardwarePadding: when("hardwareLength > 0 && hardwareLength < 16", hardwarePadding()),
    noHardware: when("hardwareLength == 0", bytes(16, { query: [], title: "No hardware address" })),
    // Of an overload that nobody knows (above 3) it is not known what stands in the fields.
    overload: overloadField(),
    withoutOptions: withoutOptionsField(),
    serverName: choose(
      "overload > 3 ? overload & 2 ? 4 : 0 : overload & 2",
      { 2: overloaded(NAME_BYTES), 4: bytes(NAME_BYTES, { query: [] }) },
      { length: String(NAME_BYTES), salvage: true, otherwise: text(NAME_BYTES, { query: "dhcp.server" }) },
    ),
    file: choose(
      "overload > 3 ? overload & 1 ? 4 : 0 : overload & 1",
      { 1: overloaded(FILE_BYTES), 4: bytes(FILE_BYTES, { query: [] }) },
      { length: String(FILE_BYTES), salvage: true, otherwise: text(FILE_BYTES, { query: "dhcp.file" }) },
    ),
    cookie: when("!withoutOptions", cookieField()),
    options: when("!withoutOptions", options()),
    padding: when("!withoutOptions && rest > 0", bytes("rest", { query: "dhcp.option.padding" })),
    vendor: when("rest > 0", bytes("rest", { query: [], title: "Vendor-specific area" })),
  },
  on: { "udp.port": [67, 68] },
  info({ opcode, transactionId, options: all }) {
    const kind = all?.find(({ type }) => type === MESSAGE_TYPE)?.data;
    const known = DHCP_MESSAGES[kind as keyof typeof DHCP_MESSAGES];
    const bootp = opcode === 1 ? "boot request" : "boot reply";
    return `${known ?? bootp}, transaction ${transactionId.toString(16).padStart(8, "0")}`;
  },
  derived: {
    "dhcp.flags": { type: "number", title: "Flags", value: "broadcast * 32768 + reserved" },
    // Windows sends them little endian; nobody waits for so many times 256 seconds.
    "dhcp.secs": {
      type: "number",
      title: "Seconds",
      value: "(seconds & 255) == 0 ? seconds >> 8 : seconds",
    },
    "dhcp.bootp": { type: "boolean", title: "Is BOOTP", value: withoutMessageType },
  },
});

function withoutMessageType(
  _packet: Packet,
  { start, headerEnd, values, whole }: Layer,
): Finding | undefined {
  const found = (values["options"] ?? []) as readonly { readonly type: number }[];
  if (!whole || found.some(({ type }) => type === MESSAGE_TYPE)) return undefined;
  return { value: 1, start, end: headerEnd };
}
