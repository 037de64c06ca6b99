import { bit, bits, next, u16 } from "#packet/field.ts";
import type { Layer, Packet } from "#packet/dissect.ts";
import { message, type Finder } from "#packet/message.ts";
import { trailerNames } from "#wire/frame-trailer.ts";
import { ETHERTYPES, etherTypeText } from "#wire/names.ts";

/** A tag of IEEE 802.1Q: priority and the virtual LAN that the frame belongs to. */
export const Vlan = message("vlan", {
  title: "802.1Q Virtual LAN",
  rfc: "IEEE 802.1Q",
  fields: {
    priority: bits(3),
    dropEligible: bit({ query: ".dei" }),
    id: bits(12, 1, { title: "VLAN" }),
    type: u16(next("ethertype", "payloadSize"), {
      display: "hex",
      names: ETHERTYPES,
      query: [],
      title: "Type or length",
    }),
  },
  needs: "2",
  size: "4 + (type <= 1500 ? type : rest)",
  next: [
    { table: "ethertype", key: "type", when: "type > 1500" },
    { table: "ethernet.length", when: "type <= 1500 && ($4 & $5) != 255" },
  ],
  on: { ethertype: [0x8100, 0x9100] },
  info: (values) => tagText(values),
  derived: {
    "vlan.etype": { type: "number", title: "Type", value: "type", when: "type > 1500" },
    "vlan.len": { type: "number", title: "Length", value: "type", when: "type <= 1500" },
    ...trailerNames("vlan.trailer"),
  },
});

/** "VLAN 100, priority 5, IPv4". */
function tagText({ id, priority, type }: Readonly<Record<"id" | "priority" | "type", number>>): string {
  const what = type > 1500 ? etherTypeText(type) : `length ${type}`;
  return `VLAN ${id}${priority > 0 ? `, priority ${priority}` : ""}, ${what}`;
}

/** Of two service tags in a row, Wireshark calls the first one's VLAN the service's and the second one's the customer's. */
function idAs(role: "only" | "outer" | "inner"): Finder {
  return (packet, layer) => {
    if (roleOf(packet, layer) !== role) return undefined;
    const value = layer.values["id"];
    return typeof value === "number" ? { value, start: layer.start, end: layer.start + 2 } : undefined;
  };
}

function roleOf({ layers }: Packet, layer: Layer): "only" | "outer" | "inner" {
  const at = layers.indexOf(layer);
  let first = at;
  while (layers[first - 1]?.message === layer.message) first--;
  if ((at - first) % 2 === 1) return "inner";
  return layer.values["type"] === SERVICE_TAG ? "outer" : "only";
}

/** Wireshark shows the type behind two tags in a row, not the one between them. */
const findType: Finder = (packet, layer) => {
  const value = layer.values["type"];
  if (typeof value !== "number" || roleOf(packet, layer) === "outer") return undefined;
  return { value, start: layer.start + 2, end: layer.start + 4 };
};

const SERVICE_TAG = 0x88a8;

/** The service tag of a provider bridge, outside the customer's own tag. */
export const ServiceVlan = message("ieee8021ad", {
  title: "802.1ad Provider Bridge",
  label: "802.1ad",
  rfc: "IEEE 802.1ad",
  fields: {
    priority: bits(3),
    dropEligible: bit({ query: ".dei" }),
    id: bits(12, 1, { query: [], title: "VLAN" }),
    type: u16(next("ethertype"), { display: "hex", names: ETHERTYPES, query: [] }),
  },
  next: { table: "ethertype", key: "type" },
  on: { ethertype: SERVICE_TAG },
  info: (values) => tagText(values),
  derived: {
    "ieee8021ad.id": { type: "number", title: "VLAN", value: idAs("only") },
    "ieee8021ad.svid": { type: "number", title: "Service VLAN", value: idAs("outer") },
    "ieee8021ad.cvid": { type: "number", title: "Customer VLAN", value: idAs("inner") },
    "ieee8021ah.etype": { type: "number", title: "Type", value: findType },
    ...trailerNames("ieee8021ah.trailer"),
  },
});
