import { bit, bits, bytes, choose, flags, text, u16, u8 } from "#packet/field.ts";
import { message } from "#packet/message.ts";

const MediaCapabilities = message("lldp.media.capabilities", {
  title: "Media capabilities",
  prefix: "lldp.media.subtype",
  fields: {
    capabilities: flags(
      {
        capabilities: [0x01, ".caps.llpd"],
        networkPolicy: [0x02, ".caps.network_policy"],
        location: [0x04, ".caps.location_id"],
        powerSource: [0x08, ".caps.mdi_pse"],
        poweredDevice: [0x10, ".caps.mid_pd"],
        inventory: [0x20, ".caps.inventory"],
      },
      { bits: 16, query: ".caps" },
    ),
    deviceClass: u8(4, {
      query: ".class",
      names: { 1: "endpoint 1", 2: "endpoint 2", 3: "endpoint 3", 4: "network connectivity" },
    }),
  },
});

const NetworkPolicy = message("lldp.media.policy", {
  title: "Network policy",
  prefix: "lldp.media",
  fields: {
    application: u8(1, {
      query: ".app_type",
      names: { 1: "voice", 2: "voice signaling", 3: "guest voice", 5: "softphone", 6: "video conferencing" },
    }),
    unknown: bit({ query: ".policy_flag" }),
    tagged: bit({ query: ".tag_flag" }),
    reserved: bit({ query: [] }),
    vlan: bits(12, 0, { query: ".vlan_id" }),
    priority: bits(3, 0, { query: ".l2_prio" }),
    dscp: bits(6),
  },
});

const Power = message("lldp.media.power", {
  title: "Power",
  fields: {
    type: bits(2),
    source: bits(2),
    priority: bits(4, 0, { query: ".prio" }),
    value: u16(0, { about: "in tenths of a watt" }),
  },
});

const inventory = (name: string) => text("rest", { query: `lldp.media.${name}` });

/** Telephones and what powers them: LLDP-MED. ANSI/TIA-1057. */
export const MediaItem = message("lldp.media", {
  title: "Media endpoint discovery",
  fields: {
    subtype: u8(1, {
      display: "hex",
      names: {
        1: "capabilities",
        2: "network policy",
        3: "location",
        4: "power",
        5: "hardware revision",
        6: "firmware revision",
        7: "software revision",
        8: "serial number",
        9: "manufacturer",
        10: "model",
        11: "asset",
      },
    }),
    value: choose(
      "subtype",
      {
        1: MediaCapabilities,
        2: NetworkPolicy,
        4: Power,
        5: inventory("hardware"),
        6: inventory("firmware"),
        7: inventory("software"),
        8: inventory("sn"),
        9: inventory("manufacturer"),
        10: inventory("model"),
        11: inventory("asset"),
      },
      { length: "rest", otherwise: bytes("rest", { query: [] }) },
    ),
  },
});
