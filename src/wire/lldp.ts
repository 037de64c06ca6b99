import {
  bits,
  bytes,
  choose,
  coded,
  computed,
  flags,
  ip,
  ip6,
  list,
  mac,
  text,
  u16,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import { message, type ValuesOf } from "#packet/message.ts";
import { readText } from "#packet/primitive.ts";
import { bytesText } from "#packet/show.ts";
import { Organization } from "#wire/lldp-organization.ts";
import { objectIdentifier } from "#wire/object-identifier.ts";

const FAMILIES = { 1: "IPv4", 2: "IPv6", 6: "IEEE 802" };

/** An address with its family, by the numbers of IANA's registry, as a chassis' or a port's name. */
function networkAddress(of: string, query: readonly string[]) {
  return message(`lldp.${of}.address`, {
    fields: {
      family: u8(1, { query: "lldp.network_address.subtype", names: FAMILIES }),
      address: choose(
        "family",
        {
          1: ip("0.0.0.0", { query: `lldp.${of}.id.ip4` }),
          2: ip6("::", { query: `lldp.${of}.id.ip6` }),
        },
        { length: "rest", query },
      ),
    },
  });
}

const Chassis = message("lldp.chassis", {
  title: "Chassis",
  fields: {
    subtype: u8(4, {
      names: {
        1: "chassis component",
        2: "interface alias",
        3: "port component",
        4: "MAC address",
        5: "network address",
        6: "interface name",
        7: "locally assigned",
      },
    }),
    id: choose(
      "subtype",
      {
        4: mac("00:00:00:00:00:00", { query: "lldp.chassis.id.mac" }),
        5: networkAddress("chassis", ["lldp.chassis.id"]),
      },
      { length: "rest", otherwise: bytes("rest", { query: "lldp.chassis.id" }) },
    ),
  },
});

const Port = message("lldp.port", {
  title: "Port",
  fields: {
    subtype: u8(5, {
      names: {
        1: "interface alias",
        2: "port component",
        3: "MAC address",
        4: "network address",
        5: "interface name",
        6: "agent circuit",
        7: "locally assigned",
      },
    }),
    address: when(
      "subtype == 3 || subtype == 4",
      choose(
        "subtype",
        { 3: mac("00:00:00:00:00:00", { query: "lldp.port.id.mac" }), 4: networkAddress("port", []) },
        { length: "rest", query: [] },
      ),
    ),
    name: when("subtype != 3 && subtype != 4", text("rest", { query: "lldp.port.id" })),
  },
});

/** What a system can be, and which of it it is. */
function capabilities(query: string) {
  return flags(
    {
      otherKind: [0x01, `${query}.other`],
      repeater: [0x02, `${query}.repeater`],
      bridge: [0x04, `${query}.bridge`],
      accessPoint: [0x08, `${query}.wlan_access_pt`],
      router: [0x10, `${query}.router`],
      telephone: [0x20, `${query}.telephone`],
      cableDevice: [0x40, `${query}.docsis_cable_device`],
      stationOnly: [0x80, `${query}.station_only`],
    },
    { bits: 16, query },
  );
}

const Capabilities = message("lldp.capabilities", {
  title: "System capabilities",
  fields: {
    supported: capabilities("lldp.tlv.system_cap"),
    enabled: capabilities("lldp.tlv.enable_system_cap"),
  },
});

/** Where to reach the system's management, and the number of the interface there. */
const Management = message("lldp.mgn", {
  title: "Management address",
  fields: {
    addressLength: u8(computed("sizeOf.address + 1"), {
      query: ".address.len",
      about: "with the family's byte",
    }),
    family: u8(1, { query: ".address.subtype", names: FAMILIES }),
    address: choose(
      "family",
      { 1: ip("0.0.0.0", { query: "lldp.mgn.addr.ip4" }), 2: ip6("::", { query: "lldp.mgn.addr.ip6" }) },
      { length: "addressLength - 1", query: "lldp.mgn.addr.hex" },
    ),
    interfaceSubtype: u8(2, {
      query: ".interface.subtype",
      names: { 1: "unknown", 2: "ifIndex", 3: "system port number" },
    }),
    interfaceNumber: u32(0, { query: ".interface.number" }),
    objectLength: u8(computed("sizeOf.object"), { query: ".obj.len" }),
    object: when(
      "objectLength > 0",
      coded(objectIdentifier, { length: "objectLength", query: "lldp.mgn.obj.id" }),
    ),
  },
});

const TYPES = {
  0: "end",
  1: "chassis",
  2: "port",
  3: "time to live",
  4: "port description",
  5: "system name",
  6: "system description",
  7: "system capabilities",
  8: "management address",
  127: "organization's own",
};

/** One piece of what a system tells. IEEE 802.1AB 8.4. */
export const LldpTlv = message("lldp.tlv", {
  title: "Item",
  needs: "2 + (($0 & 1) << 8 | $1)",
  fields: {
    type: bits(7, 0, { names: TYPES }),
    length: bits(9, computed("headerSize - 2"), { query: ".len" }),
    value: choose(
      "type",
      {
        1: Chassis,
        2: Port,
        3: u16(120, { query: "lldp.time_to_live", about: "in seconds; 0 takes everything back" }),
        4: text("rest", { query: "lldp.port.desc" }),
        5: text("rest", { query: "lldp.tlv.system.name" }),
        6: text("rest", { query: "lldp.tlv.system.desc" }),
        7: Capabilities,
        8: Management,
        127: Organization,
      },
      { length: "length", query: [] },
    ),
  },
});

/** Systems tell their neighbours on the link who they are and what they can. IEEE 802.1AB. */
export const Lldp = message("lldp", {
  title: "Link Layer Discovery Protocol",
  rfc: "IEEE 802.1AB",
  fields: { items: list(LldpTlv, { until: "type == 0" }) },
  size: "headerSize",
  on: { ethertype: 0x88cc },
  info({ items }) {
    const parts = items.map(itemText).filter((each) => each !== undefined);
    return parts.length > 0 ? parts.join(", ") : `${items.length} items`;
  },
});

/** What a line says of an item: who speaks, from which port, and for how long it counts. */
function itemText({ type, value }: ValuesOf<typeof LldpTlv>): string | undefined {
  if (value instanceof Uint8Array) return undefined;
  if (type === 3) return `${String(value)} s`;
  if (type === 5) return String(value);
  if (type === 1) return `chassis ${identityText((value as ValuesOf<typeof Chassis>).id)}`;
  if (type !== 2) return undefined;
  const { name, address } = value as ValuesOf<typeof Port>;
  return `port ${identityText(name ?? address)}`;
}

function identityText(id: unknown): string {
  if (typeof id === "string") return id;
  if (id instanceof Uint8Array) {
    const isText = id.length > 0 && id.every((byte) => byte >= 0x20 && byte < 0x7f);
    return isText ? readText(id, 0, id.length) : bytesText(id);
  }
  return identityText((id as { readonly address?: unknown } | undefined)?.address ?? "none");
}
