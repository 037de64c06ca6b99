import { mac, next, u16 } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { findChecksum, trailerNames } from "#wire/frame-trailer.ts";
import { ETHERTYPES, etherTypeText } from "#wire/names.ts";

const DESTINATION_OUI = "$0 << 16 | $1 << 8 | $2";
const SOURCE_OUI = "$6 << 16 | $7 << 8 | $8";
const [DESTINATION_LOCAL, SOURCE_LOCAL] = ["$0 >> 1 & 1", "$6 >> 1 & 1"];
const [DESTINATION_GROUP, SOURCE_GROUP] = ["$0 & 1", "$6 & 1"];

/** The third field is a length up to 1500, and a type from 1536 on; 0 is no length that anybody sends. */
const IS_LENGTH = "type <= 1500 && type > 0";

/** A frame of Ethernet: DIX, whose third field is a type, or IEEE 802.3, where it is the length of an LLC packet. */
export const Ethernet = message("eth", {
  title: "Ethernet",
  label: "Ethernet",
  rfc: "IEEE 802.3",
  fields: {
    destination: mac("00:00:00:00:00:00", { query: ["eth.dst", "eth.addr"] }),
    source: mac("00:00:00:00:00:00", { query: ["eth.src", "eth.addr"] }),
    type: u16(next("ethertype", "payloadSize"), {
      display: "hex",
      names: ETHERTYPES,
      query: [],
      title: "Type or length",
    }),
  },
  needs: "14",
  size: `14 + (${IS_LENGTH} ? type : rest)`,
  next: [
    { table: "ethertype", key: "type", when: "type >= 1536" },
    // Novell put IPX right behind the length; its first field is always 0xffff.
    { table: "ethernet.length", when: `${IS_LENGTH} && ($14 & $15) != 255` },
  ],
  on: { linktype: 1, ethertype: 0x6558, vxlan: 0 },
  info({ type }) {
    if (type >= 1536 || type === 0) return etherTypeText(type);
    return type <= 1500 ? `802.3, length ${type}` : `${type} is neither length nor type`;
  },
  derived: {
    "eth.type": { type: "number", title: "Type", value: "type", when: "type >= 1536 || type == 0" },
    "eth.len": { type: "number", title: "Length", value: "type", when: IS_LENGTH },
    "eth.invalid_lentype": {
      type: "number",
      title: "Neither length nor type",
      value: "type",
      when: "type > 1500 && type < 1536",
    },
    "eth.dst.oui": { type: "number", title: "Destination's vendor", value: DESTINATION_OUI },
    "eth.src.oui": { type: "number", title: "Source's vendor", value: SOURCE_OUI },
    "eth.addr.oui": { type: "number", title: "Vendor", value: [DESTINATION_OUI, SOURCE_OUI] },
    "eth.dst.lg": { type: "boolean", title: "Destination is locally administered", value: DESTINATION_LOCAL },
    "eth.src.lg": { type: "boolean", title: "Source is locally administered", value: SOURCE_LOCAL },
    "eth.lg": { type: "boolean", title: "Locally administered", value: [DESTINATION_LOCAL, SOURCE_LOCAL] },
    "eth.dst.ig": { type: "boolean", title: "Destination is a group", value: DESTINATION_GROUP },
    "eth.src.ig": { type: "boolean", title: "Source is a group", value: SOURCE_GROUP },
    "eth.ig": { type: "boolean", title: "Group", value: [DESTINATION_GROUP, SOURCE_GROUP] },
    ...trailerNames("eth.trailer"),
    "eth.fcs": { type: "number", title: "Frame check sequence", value: findChecksum },
  },
});
