import {
  bit,
  bits,
  bytes,
  choose,
  computed,
  flags,
  struct,
  text,
  u16,
  u24,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { MediaItem } from "#wire/lldp-media.ts";

const IEEE_802_1 = 0x0080c2;
const IEEE_802_3 = 0x00120f;
const MEDIA = 0x0012bb;
const IANA = 0x00005e;

/** What an organization's own items hold that nobody here knows. */
const UNKNOWN = { length: "rest", otherwise: bytes("rest", { query: [] }) };

const ProtocolVlan = message("lldp.ieee.802_1.protocol", {
  title: "Port and protocol VLAN",
  fields: {
    flags: flags(
      {
        supported: [0x02, "lldp.ieee.802_1.port_and_vlan_id_flag.supported"],
        enabled: [0x04, "lldp.ieee.802_1.port_and_vlan_id_flag.enabled"],
      },
      { query: "lldp.ieee.802_1.port_and_vlan_id_flag" },
    ),
    vlan: u16(0, { query: "lldp.ieee.802_1.port_proto_vlan.id" }),
  },
});

const VlanName = message("lldp.ieee.802_1.vlan", {
  title: "VLAN name",
  fields: {
    id: u16(1),
    nameLength: u8(computed("sizeOf.name"), { query: ".name_len" }),
    name: when("nameLength > 0", text("nameLength")),
  },
});

const ProtocolIdentity = message("lldp.ieee.802_1.proto", {
  title: "Protocol identity",
  fields: {
    idLength: u8(computed("sizeOf.id"), { query: ".id_length" }),
    id: when("idLength > 0", bytes("idLength")),
  },
});

const Aggregation1 = message("lldp.ieee.802_1.aggregation", {
  title: "Link aggregation",
  prefix: "lldp.ieee.802_1.aggregation_status",
  fields: {
    reserved: bits(4, 0, {
      query: [],
      whole: { query: "lldp.ieee.802_1.aggregation_status", display: "hex" },
    }),
    portType: bits(2, 0, {
      query: ".porttype",
      names: { 0: "not told", 1: "aggregation port", 2: "aggregator", 3: "aggregator of one port" },
    }),
    enabled: bit(),
    capable: bit({ query: ".cap" }),
    portId: u32(0, { query: "lldp.ieee.802_1.aggregated_port_id" }),
  },
});

/** IEEE 802.1Q annex D. */
const Ieee8021 = message("lldp.ieee.802_1", {
  title: "IEEE 802.1",
  fields: {
    subtype: u8(1, {
      display: "hex",
      names: {
        1: "port VLAN",
        2: "port and protocol VLAN",
        3: "VLAN name",
        4: "protocol identity",
        7: "link aggregation",
      },
    }),
    value: choose(
      "subtype",
      {
        1: u16(1, { query: "lldp.ieee.802_1.port_vlan.id" }),
        2: ProtocolVlan,
        3: VlanName,
        4: ProtocolIdentity,
        7: Aggregation1,
      },
      UNKNOWN,
    ),
  },
});

const ABILITIES = "lldp.ieee.802_3.pmd_auto_neg_advertised_caps";
/** Some senders put the bits in the opposite order, which Wireshark offers under a name of its own. */
function ability(mask: number, name: string, opposite: string) {
  return [mask, `${ABILITIES}.${name}`, `${ABILITIES}_inv.${opposite}`] as const;
}

const ABILITY_TITLES = {
  tenBaseT: "10BASE-T",
  tenBaseTFullDuplex: "10BASE-T full duplex",
  hundredBaseT4: "100BASE-T4",
  hundredBaseTx: "100BASE-TX",
  hundredBaseTxFullDuplex: "100BASE-TX full duplex",
  hundredBaseT2: "100BASE-T2",
  hundredBaseT2FullDuplex: "100BASE-T2 full duplex",
  thousandBaseX: "1000BASE-X",
  thousandBaseXFullDuplex: "1000BASE-X full duplex",
  thousandBaseT: "1000BASE-T",
  thousandBaseTFullDuplex: "1000BASE-T full duplex",
};

const Negotiation = message("lldp.ieee.802_3.negotiation", {
  title: "MAC and PHY",
  fields: {
    autonegotiation: flags(
      {
        supported: [0x01, "lldp.ieee.802_3.mac_phy_auto_neg_status.supported"],
        enabled: [0x02, "lldp.ieee.802_3.mac_phy_auto_neg_status.enabled"],
      },
      { query: "lldp.ieee.802_3.mac_phy_auto_neg_status" },
    ),
    advertised: flags(
      {
        otherKind: ability(0x8000, "other", "1000base_tfd"),
        tenBaseT: ability(0x4000, "10base_t", "1000base_t"),
        tenBaseTFullDuplex: ability(0x2000, "10base_tfd", "1000base_xfd"),
        hundredBaseT4: ability(0x1000, "100base_t4", "1000base_x"),
        hundredBaseTx: ability(0x0800, "100base_tx", "fdx_bpause"),
        hundredBaseTxFullDuplex: ability(0x0400, "100base_txfd", "fdx_spause"),
        hundredBaseT2: ability(0x0200, "100base_t2", "fdx_apause"),
        hundredBaseT2FullDuplex: ability(0x0100, "100base_t2fd", "fdx_pause"),
        pause: ability(0x0080, "fdx_pause", "100base_t2fd"),
        asymmetricPause: ability(0x0040, "fdx_apause", "100base_t2"),
        symmetricPause: ability(0x0020, "fdx_spause", "100base_txfd"),
        bothPauses: ability(0x0010, "fdx_bpause", "100base_tx"),
        thousandBaseX: ability(0x0008, "1000base_x", "100base_t4"),
        thousandBaseXFullDuplex: ability(0x0004, "1000base_xfd", "10base_tfd"),
        thousandBaseT: ability(0x0002, "1000base_t", "10base_t"),
        thousandBaseTFullDuplex: ability(0x0001, "1000base_tfd", "other"),
      },
      { bits: 16, query: ABILITIES, titles: ABILITY_TITLES },
    ),
    mauType: u16(0, { query: "lldp.ieee.802_3.pmd_mau_type", display: "hex", about: "RFC 4836" }),
  },
});

/** How much power one asks for and the other one gives, in tenths of a watt: IEEE 802.3at. */
const PowerAllocation = message("lldp.ieee.802_3.allocation", {
  title: "Power allocation",
  fields: {
    type: bits(2, 0, { query: "lldp.ieee.802_3.mdi_power_type" }),
    source: bits(2, 0, { query: "lldp.ieee.802_3.mdi_power_source" }),
    priority: bits(4, 0, { query: "lldp.ieee.802_3.mdi_power_priority" }),
    requested: u16(0, { query: "lldp.ieee.802_3.mdi_pde_requested" }),
    allocated: u16(0, { query: "lldp.ieee.802_3.mdi_pse_allocated" }),
  },
});

const Power = message("lldp.ieee.802_3.power", {
  title: "Power over Ethernet",
  prefix: "lldp.ieee.802_3.mdi_power_support",
  fields: {
    reserved: bits(4, 0, {
      query: [],
      whole: { query: "lldp.ieee.802_3.mdi_power_support", display: "hex" },
    }),
    pairsControl: bit({ query: ".pse_pairs" }),
    enabled: bit(),
    supported: bit(),
    isSource: bit({ query: ".port_class" }),
    pair: u8(1, { query: "lldp.ieee.802_3.mdi_pse_pair", names: { 1: "signal", 2: "spare" } }),
    powerClass: u8(1, { query: "lldp.ieee.802_3.mdi_power_class", about: "the class plus 1" }),
    allocation: when("rest >= 5", struct(PowerAllocation)),
    extension: bytes("rest", { query: [], about: "what IEEE 802.3bt adds" }),
  },
});

const Aggregation3 = message("lldp.ieee.802_3.aggregation", {
  title: "Link aggregation",
  fields: {
    status: flags(
      {
        capable: [0x01, "lldp.ieee.802_3.aggregation_status.cap"],
        enabled: [0x02, "lldp.ieee.802_3.aggregation_status.enabled"],
      },
      { query: "lldp.ieee.802_3.aggregation_status" },
    ),
    portId: u32(0, { query: "lldp.ieee.802_3.aggregated_port_id" }),
  },
});

const EnergyEfficient = message("lldp.ieee.802_3.eee", {
  title: "Energy-efficient Ethernet",
  about: "Times in microseconds.",
  fields: {
    transmit: u16(),
    receive: u16(),
    fallbackReceive: u16(),
    echoTransmit: u16(),
    echoReceive: u16(),
  },
});

/** IEEE 802.3 79.3. */
const Ieee8023 = message("lldp.ieee.802_3", {
  title: "IEEE 802.3",
  fields: {
    subtype: u8(1, {
      display: "hex",
      names: {
        1: "MAC and PHY",
        2: "power over Ethernet",
        3: "link aggregation",
        4: "maximum frame size",
        5: "energy-efficient Ethernet",
      },
    }),
    value: choose(
      "subtype",
      {
        1: Negotiation,
        2: Power,
        3: Aggregation3,
        4: u16(1518, { query: "lldp.ieee.802_3.max_frame_size" }),
        5: EnergyEfficient,
      },
      UNKNOWN,
    ),
  },
});

const Iana = message("lldp.iana", {
  title: "IANA",
  fields: {
    subtype: u8(1, { display: "hex", names: { 1: "manufacturer usage description (RFC 8520)" } }),
    value: choose("subtype", { 1: text("rest", { query: "lldp.iana.mudurl" }) }, UNKNOWN),
  },
});

const Unknown = message("lldp.unknown_subtype", {
  title: "Unknown",
  fields: {
    subtype: u8(0, { query: "lldp.unknown_subtype" }),
    value: when("rest > 0", bytes("rest", { query: ".content" })),
  },
});

/** An organization's own item: whose it is, then what it calls the item. IEEE 802.1AB 8.6. */
export const Organization = message("lldp.orgtlv", {
  title: "Organization's own",
  fields: {
    oui: u24(IEEE_802_1, { display: "hex", title: "Organization" }),
    item: choose(
      "oui",
      { [IEEE_802_1]: Ieee8021, [IEEE_802_3]: Ieee8023, [MEDIA]: MediaItem, [IANA]: Iana },
      { length: "rest", otherwise: struct(Unknown) },
    ),
  },
});
