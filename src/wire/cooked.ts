import { bytes, ip, mac, next, padding, u16, u32, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { trailerNames } from "#wire/frame-trailer.ts";
import { ETHERTYPES, etherTypeText } from "#wire/names.ts";

const PACKET_TYPES = { 0: "to us", 1: "broadcast", 2: "multicast", 3: "to another host", 4: "sent by us" };
const HARDWARE_TYPES = {
  1: "Ethernet",
  512: "PPP",
  768: "IPv4 tunnel",
  769: "IPv6 tunnel",
  772: "Loopback",
  776: "IPv6-in-IPv4 tunnel",
  778: "GRE over IPv4",
  803: "802.11 with radiotap",
  823: "GRE over IPv6",
  824: "Netlink",
  65534: "none",
};

/** The sender's link address, in eight bytes whatever its length. */
const ADDRESS = {
  sourceMac: when("addressLength == 6", mac("00:00:00:00:00:00", { query: "sll.src.eth" })),
  sourceIp: when("addressLength == 4", ip("0.0.0.0", { query: "sll.src.ipv4" })),
  source: when(
    "addressLength > 0 && addressLength != 4 && addressLength != 6",
    bytes("addressLength > 8 ? 8 : addressLength", { query: "sll.src.other" }),
  ),
};
const UNUSED = { length: "8 - addressLength", query: "sll.unused" };

/** Types below Ethernet's are Linux's own: 802.3 frames are 4, whatever their length. */
const OWN_TYPE = 4;
/** GRE's types are Ethernet's; netlink and radiotap use the field for something else. */
const NEXT = [
  { table: "ethertype", key: "protocol", when: "protocol > 1536" },
  {
    table: "sll.ltype",
    key: "protocol",
    when: "protocol <= 1536 && hardwareType != 803 && hardwareType != 824",
  },
];
const DERIVED = {
  "sll.ltype": { type: "number", title: "Linux's type", value: "protocol", when: "protocol <= 1536" },
  "sll.gretype": {
    type: "number",
    title: "Type in GRE",
    value: "protocol",
    when: "protocol > 1536 && hardwareType == 778",
  },
  "sll.etype": {
    type: "number",
    title: "Type",
    value: "protocol",
    when: "protocol > 1536 && hardwareType != 778",
  },
  ...trailerNames("sll.trailer"),
} as const;

const protocol = u16(next("ethertype", String(OWN_TYPE)), { display: "hex", names: ETHERTYPES, query: [] });

/** "to us, IPv4". */
function cookedText(values: { readonly packetType: number; readonly protocol: number }): string {
  const direction = (PACKET_TYPES as Readonly<Record<number, string>>)[values.packetType];
  return `${direction ?? `packet type ${values.packetType}`}, ${etherTypeText(values.protocol)}`;
}

/** What Linux puts before packets captured on all interfaces at once, in place of their link layer. */
export const Cooked = message("sll", {
  title: "Linux cooked capture",
  about: "Link type 113.",
  fields: {
    packetType: u16(0, { query: ".pkttype", names: PACKET_TYPES }),
    hardwareType: u16(1, { query: ".hatype", names: HARDWARE_TYPES }),
    addressLength: u16(6, { query: ".halen" }),
    ...ADDRESS,
    unused: when("addressLength < 8", padding(14, UNUSED)),
    protocol,
  },
  next: NEXT,
  on: { linktype: 113 },
  info: (values) => cookedText(values),
  derived: DERIVED,
});

/** The second version, which tells the interface too. */
export const Cooked2 = message("sll2", {
  protocol: "sll",
  prefix: "sll",
  title: "Linux cooked capture v2",
  about: "Link type 276.",
  fields: {
    protocol,
    reserved: u16(0, { query: [] }),
    interfaceIndex: u32(0, { query: ".ifindex" }),
    hardwareType: u16(1, { query: ".hatype", names: HARDWARE_TYPES }),
    packetType: u8(0, { query: ".pkttype", names: PACKET_TYPES }),
    addressLength: u8(6, { query: ".halen" }),
    ...ADDRESS,
    unused: when("addressLength < 8", padding(20, UNUSED)),
  },
  next: NEXT,
  on: { linktype: 276 },
  info: (values) => cookedText(values),
  derived: DERIVED,
});
