import {
  bit,
  bits,
  bytes,
  choose,
  computed,
  list,
  mac,
  struct,
  text,
  u16,
  u32,
  u8,
  when,
} from "#packet/field.ts";
import { message, type DerivedOptions, type Finder, type ValuesOf } from "#packet/message.ts";
import { readUint } from "#packet/primitive.ts";

const [CONFIGURATION, RAPID, TOPOLOGY_CHANGE] = [0, 2, 0x80];
const ROLES = { 0: "unknown", 1: "alternate or backup", 2: "root", 3: "designated" };

/** A bridge's number: a priority in steps of 4096, the VLAN or instance (IEEE 802.1t), and its address. */
function bridgeId(query: string, title: string) {
  return message(query, {
    title,
    fields: {
      priority: bits(4, 8, { query: [], about: "times 4096" }),
      extension: bits(12, 1, { query: ".ext" }),
      address: mac("00:00:00:00:00:00", { query: ".hw" }),
    },
    derived: { [`${query}.prio`]: { type: "number", title: "Priority", value: "priority * 4096" } },
  });
}

const RootId = bridgeId("stp.root", "Root bridge");
const BridgeId = bridgeId("stp.bridge", "Sending bridge");
const RegionalBridgeId = bridgeId("mstp.cist_bridge", "Bridge in the region");

/** What configuration messages of all versions have in common behind the flags. Times are in 256ths of a second. */
const VECTOR = {
  root: struct(RootId),
  rootCost: u32(0, { query: "stp.root.cost", title: "Cost of the way to the root" }),
  bridge: struct(BridgeId),
  port: u16(0x8001, { query: "stp.port", display: "hex" }),
  messageAge: u16(0, { query: [], about: "in 256ths of a second" }),
  maximumAge: u16(20 * 256, { query: [], about: "in 256ths of a second" }),
  helloTime: u16(2 * 256, { query: [], about: "in 256ths of a second" }),
  forwardDelay: u16(15 * 256, { query: [], about: "in 256ths of a second" }),
};

/** IEEE 802.1D-1998 9.3.1. */
const Configuration = message("stp.configuration", {
  title: "Configuration",
  fields: {
    topologyChangeAcknowledgment: bit({
      query: "stp.flags.tcack",
      whole: { query: "stp.flags", display: "hex" },
    }),
    reserved: bits(6, 0, { query: [] }),
    topologyChange: bit({ query: "stp.flags.tc" }),
    ...VECTOR,
  },
});

/** The state of one tree of a region, with the sender's place in it. IEEE 802.1Q 14.4.1. */
const TreeInstance = message("mstp.msti", {
  title: "Tree instance",
  fields: {
    isMaster: bit({ query: "stp.flags.tcack", whole: { query: ".flags", display: "hex" } }),
    agreement: bit({ query: "stp.flags.agreement" }),
    forwarding: bit({ query: "stp.flags.forwarding" }),
    learning: bit({ query: "stp.flags.learning" }),
    role: bits(2, 3, { query: "stp.flags.port_role", names: ROLES }),
    proposal: bit({ query: "stp.flags.proposal" }),
    topologyChange: bit({ query: "stp.flags.tc" }),
    rootPriority: bits(4, 8, { query: ".priority", about: "times 4096" }),
    instance: bits(12, 1, { query: ".msti_id" }),
    root: mac("00:00:00:00:00:00", { query: ".root.hw" }),
    rootCost: u32(0, { title: "Cost of the way to the root" }),
    bridgePriority: bits(4, 8, { query: [], about: "times 4096" }),
    reservedBridge: bits(4, 0, { query: [] }),
    portPriority: bits(4, 8, { query: [], about: "times 16" }),
    reservedPort: bits(4, 0, { query: [] }),
    remainingHops: u8(20),
  },
  derived: {
    "mstp.msti.bridge_priority": { type: "number", title: "Bridge priority", value: "bridgePriority" },
    "mstp.msti.port_priority": { type: "number", title: "Port priority", value: "portPriority" },
  },
});

/** Of regions without trees; what is shorter is a rapid message of a bridge that could do more. */
const REGIONS_BYTES = 66;

/** What several trees add: the region, and the state of each of its trees. IEEE 802.1Q 14.4. */
const Regions = message("mstp", {
  title: "Multiple spanning tree",
  fields: {
    version3Length: u16(computed("headerSize - 2"), { query: "mstp.version_3_length" }),
    formatSelector: u8(0, { query: "mstp.config_format_selector" }),
    name: text(32, { query: "mstp.config_name" }),
    revision: u16(0, { query: "mstp.config_revision_level" }),
    digest: bytes(16, { query: "mstp.config_digest" }),
    internalRootCost: u32(0, { query: "mstp.cist_internal_root_path_cost" }),
    bridge: struct(RegionalBridgeId),
    remainingHops: u8(20, { query: "mstp.cist_remaining_hops" }),
    instances: list(TreeInstance, { count: "version3Length < 80 ? 0 : (version3Length - 64) / 16" }),
  },
});

/** Rapid and multiple spanning tree. IEEE 802.1D-2004 9.3.3. */
const Rapid = message("stp.rapid", {
  title: "Rapid configuration",
  fields: {
    topologyChangeAcknowledgment: bit({
      query: "stp.flags.tcack",
      whole: { query: "stp.flags", display: "hex" },
    }),
    agreement: bit({ query: "stp.flags.agreement" }),
    forwarding: bit({ query: "stp.flags.forwarding" }),
    learning: bit({ query: "stp.flags.learning" }),
    role: bits(2, 3, { query: "stp.flags.port_role", names: ROLES }),
    proposal: bit({ query: "stp.flags.proposal" }),
    topologyChange: bit({ query: "stp.flags.tc" }),
    ...VECTOR,
    version1Length: u8(0, { query: "stp.version_1_length", title: "Version 1 length" }),
  },
});

/** "The topology has changed": nothing but the type. */
const TopologyChange = message("stp.tcn", { title: "Topology change notification", fields: {} });

const BPDU = {
  protocol: u16(0, { query: "stp.protocol", display: "hex" }),
  version: u8(0, {
    query: "stp.version",
    names: { 0: "spanning tree", 2: "rapid", 3: "multiple", 4: "shortest path" },
  }),
  type: u8(CONFIGURATION, {
    query: "stp.type",
    display: "hex",
    names: {
      [CONFIGURATION]: "configuration",
      [RAPID]: "rapid or multiple spanning tree",
      [TOPOLOGY_CHANGE]: "topology change notification",
    },
  }),
  body: choose(
    "type",
    { [CONFIGURATION]: Configuration, [RAPID]: Rapid, [TOPOLOGY_CHANGE]: TopologyChange },
    { query: [] },
  ),
};

/** Without a root it tells only that the topology has changed. */
type Body =
  ValuesOf<typeof Configuration> | ValuesOf<typeof Rapid> | ValuesOf<typeof TopologyChange> | Uint8Array;

/** "rapid, topology change, root 32768/1/02:00:00:00:00:01, cost 4, port 0x8002". */
function bodyText(body: Body, isMultiple: boolean): string {
  if (body instanceof Uint8Array) return "unknown type";
  if (!("rootCost" in body)) return "topology change notification";
  const { root, rootCost, port, topologyChange } = body;
  const kind = isMultiple ? "multiple" : "role" in body ? "rapid" : "configuration";
  const bridge = `${root.priority * 4096}/${root.extension}/${root.address}`;
  const change = topologyChange ? ", topology change" : "";
  return `${kind}${change}, root ${bridge}, cost ${rootCost}, port 0x${port.toString(16).padStart(4, "0")}`;
}

const NEEDS = `$3 == ${CONFIGURATION} || $3 == ${RAPID} ? 27 : 4`;

/** A time as seconds: two bytes at a fixed place, in 256ths. */
function seconds(title: string, offset: number): DerivedOptions {
  const value: Finder = ({ bytes: all, captured }, { start, limit }) => {
    const [from, to] = [start + offset, start + offset + 2];
    if (to > Math.min(limit, captured)) return undefined;
    return { value: readUint(all, from, 2, false) / 256, start: from, end: to };
  };
  return { type: "float", title, value, when: `type == ${CONFIGURATION} || type == ${RAPID}` };
}

const TIMES = {
  "stp.msg_age": seconds("Message age", 27),
  "stp.max_age": seconds("Maximum age", 29),
  "stp.hello": seconds("Hello time", 31),
  "stp.forward": seconds("Forward delay", 33),
};

/** Bridges agree on a tree without loops, and say which ports forward. IEEE 802.1D, rapid and multiple IEEE 802.1Q. */
export const Stp = message("stp", {
  title: "Spanning Tree Protocol",
  rfc: "IEEE 802.1D",
  needs: NEEDS,
  fields: {
    ...BPDU,
    regions: when(`type == ${RAPID} && version >= 3 && rest >= ${REGIONS_BYTES}`, struct(Regions)),
  },
  size: "headerSize",
  on: { "llc.dsap": 0x42 },
  info: ({ body, regions }) => bodyText(body, regions !== undefined),
  derived: TIMES,
});

const PvstTlv = message("stp.pvst", {
  title: "Record",
  needs: "4 + ($2 << 8 | $3)",
  fields: {
    type: u16(0, { query: ".tlvtype", display: "hex", names: { 0: "originating VLAN" } }),
    length: u16(computed("headerSize - 4"), { query: ".tlvlen" }),
    value: choose(
      "type",
      { 0: message("stp.pvst.origin", { fields: { vlan: u16(1, { query: "stp.pvst.origvlan" }) } }) },
      { length: "length", query: ".tlvval" },
    ),
  },
});

/** Cisco's tree for each VLAN: the same messages over SNAP, and behind them the VLAN that they are of. */
export const PvstStp = message("pvst", {
  protocol: "stp",
  title: "Per-VLAN Spanning Tree",
  about: "Cisco's PVST+ and Rapid PVST+: the messages of the spanning tree protocol, each of one VLAN.",
  needs: NEEDS,
  fields: {
    ...BPDU,
    padding: when(`type == ${CONFIGURATION} && rest > 0`, u8(0, { query: [] })),
    records: when(`type != ${TOPOLOGY_CHANGE}`, list(PvstTlv, { query: [], fits: "rest >= 4" })),
  },
  size: "headerSize",
  on: { "llc.cisco_pid": 0x010b },
  info({ body, records }) {
    const origin = records?.find(({ type }) => type === 0)?.value as { readonly vlan?: number } | undefined;
    return (origin?.vlan === undefined ? "" : `VLAN ${origin.vlan}, `) + bodyText(body, false);
  },
  derived: TIMES,
});
