import type { OspfInterface, OspfTraffic } from "#api/gen/parley/v1/ospf_pb.ts";
import type { CallOptions } from "@connectrpc/connect";
import { linesAnswer, type Answer } from "#prompt/answer.ts";
import { formatTimer, hex } from "#prompt/commands/ospf-text.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

const INTERFACE = [
  "Show running system information",
  "IP information",
  "OSPF information",
  "Interface information",
] as const;
const NAME = "Name of one interface";
const TRAFFIC = "Packets by type, and why some were not taken or not sent";

export const showIpOspfInterface = command<ParleyContext>()("show ip ospf interface [name:ospfinterface]", {
  help: [...INTERFACE, NAME],
  async run(context, { name = "" }, call) {
    const { routerId, interfaces } = await list(context, name, call);
    const value = {
      interfaces: Object.fromEntries(interfaces.map((each) => [each.name, interfaceJson(each, routerId)])),
    };
    const lines = interfaces.flatMap((each) => interfaceLines(each, routerId));
    return linesAnswer(value, lines.length === 0 ? [noInterface(name)] : lines);
  },
});

export const showIpOspfInterfaceTraffic = command<ParleyContext>()("show ip ospf interface traffic", {
  help: [...INTERFACE, TRAFFIC],
  run: (context, _args, call) => trafficAnswer(context, "", call),
});

export const showIpOspfInterfaceOneTraffic = command<ParleyContext>()(
  "show ip ospf interface <name:ospfinterface> traffic",
  {
    help: [...INTERFACE, NAME, TRAFFIC],
    run: (context, { name }, call) => trafficAnswer(context, name, call),
  },
);

async function list({ client }: ParleyContext, name: string, call: CallOptions) {
  return (await client()).ospf.listInterfaces({ name }, call);
}

function noInterface(name: string): string {
  return name === "" ? "OSPF has no interfaces." : `OSPF has no interface ${name}.`;
}

function interfaceLines(each: OspfInterface, routerId: string): string[] {
  const { name, index, running, mtu, flags, area, priority, transmitDelay, networkType } = each;
  const { helloInterval, deadInterval, retransmitInterval } = each;
  const lines = [
    `${name} is ${running ? "up" : "down"}`,
    index === 0
      ? `  This machine has no such interface`
      : `  ifindex ${index}, MTU ${mtu} bytes <${flags.join(",")}>`,
    `  ${addressText(each)}, Area ${area}`,
  ];
  for (const network of each.furtherNetworks) lines.push(`  Also Network ${network} (stub)`);
  lines.push(
    `  MTU mismatch detection: ${each.mtuIgnore ? "disabled" : "enabled"}`,
    `  Router ID ${routerId}, Network Type ${NETWORK_TYPES.get(networkType) ?? networkType}, Cost: ${each.cost}`,
    `  Transmit Delay is ${transmitDelay} sec, State ${stateText(each)}, Priority ${priority}`,
    ...designatedLines(each),
    `  Multicast group memberships: ${groupsText(each)}`,
    `  Timer intervals configured, Hello ${helloInterval}s, Dead ${deadInterval}s, Wait ${deadInterval}s, Retransmit ${retransmitInterval}`,
    `    ${helloText(each)}`,
  );
  if (each.waitInMs !== undefined) lines.push(`    Wait timer due in ${formatTimer(each.waitInMs)}`);
  if (each.socket === "opening") lines.push(`    Its socket is being opened`);
  lines.push(
    `  Neighbor Count is ${each.neighbors}, Adjacent neighbor count is ${each.adjacentNeighbors}`,
    ...authenticationLines(each),
  );
  return lines;
}

function addressText({ address, broadcast }: OspfInterface): string {
  if (address === "") return "No Internet Address";
  return `Internet Address ${address}${broadcast === "" ? "" : `, Broadcast ${broadcast}`}`;
}

function stateText({ state }: OspfInterface): string {
  return state === "Point-to-Point" ? "Point-To-Point" : state;
}

function designatedLines(each: OspfInterface): string[] {
  const { designatedRouter, designatedRouterId, address, networkType } = each;
  const elects = networkType === "broadcast" || networkType === "non-broadcast";
  if (designatedRouter === "")
    return [`  No ${elects ? "designated router" : "backup designated router"} on this network`];
  const length = address.split("/")[1];
  const lines = [
    `  Designated Router (ID) ${idText(designatedRouterId)} Interface Address ${designatedRouter}/${length}`,
    each.backupDesignatedRouter === ""
      ? `  No backup designated router on this network`
      : `  Backup Designated Router (ID) ${idText(each.backupDesignatedRouterId)}, Interface Address ${each.backupDesignatedRouter}`,
  ];
  if (each.networkLsaSequence !== undefined)
    lines.push(`  Saved Network-LSA sequence number ${hex(each.networkLsaSequence, 8)}`);
  return lines;
}

function idText(routerId: string): string {
  return routerId === "" ? "not known" : routerId;
}

function groupsText({ groups }: OspfInterface): string {
  return groups.length === 0 ? "<None>" : groups.map((group) => GROUPS.get(group) ?? group).join(" ");
}

function helloText({ passive, helloInMs, networkType }: OspfInterface): string {
  if (passive || networkType === "loopback") return "No Hellos (Passive interface)";
  return helloInMs === undefined ? "Hello timer is inactive" : `Hello due in ${formatTimer(helloInMs)}`;
}

function authenticationLines({ authentication, keys }: OspfInterface): string[] {
  if (authentication === "simple") return ["  Simple password authentication enabled"];
  if (authentication !== "cryptographic") return [];
  const [first, ...others] = keys.map(({ id, algorithm }) => `${algorithm.toUpperCase()}, key ${id}`);
  const taken = others.length === 0 ? [] : [`  Also taken: ${others.join("; ")}`];
  return ["  Cryptographic authentication enabled", `  Algorithm:${first ?? ""}`, ...taken];
}

async function trafficAnswer(context: ParleyContext, name: string, call: CallOptions): Promise<Answer> {
  const { interfaces } = await list(context, name, call);
  const value = Object.fromEntries(interfaces.map(({ name: of, traffic }) => [of, trafficJson(traffic)]));
  if (interfaces.length === 0) return linesAnswer(value, [noInterface(name)]);
  const reasons = interfaces.flatMap(reasonRows);
  return {
    value,
    blocks: [
      { type: "lines", lines: TRAFFIC_HEADER, isHeading: true },
      { type: "lines", lines: interfaces.map(trafficLine) },
      {
        type: "lines",
        lines: reasons.length === 0 ? [] : ["", "Interface       Packets    Reason", ...reasons],
        isHeading: true,
      },
    ],
  };
}

function trafficLine({ name, traffic }: OspfInterface): string {
  const pairs = TYPES.map((type, i) => {
    const width = i === 0 ? 8 : 7;
    const [received, sent] = [traffic?.received, traffic?.sent].map((each) => String(each?.[type] ?? 0n));
    return `${received!.padStart(width)}/${sent!.padEnd(width)}`;
  });
  return `${name.padEnd(10)} ${pairs.join(" ")} ${String(traffic?.queued ?? 0).padStart(12)}`;
}

function reasonRows({ name, traffic }: OspfInterface): string[] {
  const row = (count: bigint, text: string): string =>
    `${name.padEnd(15)} ${String(count).padEnd(10)} ${text}`;
  return [
    ...(traffic?.dropped ?? []).map(({ count, reason }) => row(count, `not taken: ${reason}`)),
    ...(traffic?.unsent ?? []).map(({ count, reason }) => row(count, `not sent: ${reason}`)),
  ];
}

function trafficJson(traffic: OspfTraffic | undefined): unknown {
  const numbers = (packets: OspfTraffic["received"]) => ({
    hello: Number(packets?.hello ?? 0n),
    dbDesc: Number(packets?.databaseDescription ?? 0n),
    lsReq: Number(packets?.linkStateRequest ?? 0n),
    lsUpdate: Number(packets?.linkStateUpdate ?? 0n),
    lsAck: Number(packets?.linkStateAcknowledgment ?? 0n),
    bytes: Number(packets?.bytes ?? 0n),
  });
  const [received, sent] = [numbers(traffic?.received), numbers(traffic?.sent)];
  const counts = (of: OspfTraffic["dropped"]) =>
    Object.fromEntries(of.map(({ reason, count }) => [reason, Number(count)]));
  return {
    helloIn: received.hello,
    helloOut: sent.hello,
    dbDescIn: received.dbDesc,
    dbDescOut: sent.dbDesc,
    lsReqIn: received.lsReq,
    lsReqOut: sent.lsReq,
    lsUpdateIn: received.lsUpdate,
    lsUpdateOut: sent.lsUpdate,
    lsAckIn: received.lsAck,
    lsAckOut: sent.lsAck,
    packetsQueued: traffic?.queued ?? 0,
    bytesIn: received.bytes,
    bytesOut: sent.bytes,
    dropped: counts(traffic?.dropped ?? []),
    unsent: counts(traffic?.unsent ?? []),
  };
}

/** In the keys of FRR's `show ip ospf interface json`. */
function interfaceJson(each: OspfInterface, routerId: string): unknown {
  const { address, broadcast, networkType, keys } = each;
  const [ip = "", length] = address.split("/");
  return {
    ifUp: each.running,
    ifIndex: each.index,
    mtuBytes: each.mtu,
    ifFlags: `<${each.flags.join(",")}>`,
    ospfEnabled: true,
    ...(address !== "" && { ipAddress: ip, ipAddressPrefixlen: Number(length) }),
    ...(broadcast !== "" && { localIfUsed: broadcast }),
    ...(each.furtherNetworks.length > 0 && { furtherNetworks: each.furtherNetworks }),
    area: each.area,
    routerId,
    networkType: NETWORK_TYPES.get(networkType) ?? networkType,
    cost: each.cost,
    transmitDelaySecs: each.transmitDelay,
    state: stateText(each),
    priority: each.priority,
    ...(each.mtuIgnore && { mtuMismatchDetect: false }),
    ...(each.designatedRouter !== "" && { drId: each.designatedRouterId, drAddress: each.designatedRouter }),
    ...(each.backupDesignatedRouter !== "" && {
      bdrId: each.backupDesignatedRouterId,
      bdrAddress: each.backupDesignatedRouter,
    }),
    ...(each.networkLsaSequence !== undefined && { networkLsaSequence: each.networkLsaSequence }),
    ...(each.groups.includes("224.0.0.5") && { mcastMemberOspfAllRouters: true }),
    ...(each.groups.includes("224.0.0.6") && { mcastMemberOspfDesignatedRouters: true }),
    timerMsecs: each.helloInterval * 1_000,
    timerDeadSecs: each.deadInterval,
    timerWaitSecs: each.deadInterval,
    timerRetransmitSecs: each.retransmitInterval,
    ...(each.helloInMs === undefined ? {} : { timerHelloInMsecs: each.helloInMs }),
    ...(each.passive && { timerPassiveIface: true }),
    nbrCount: each.neighbors,
    nbrAdjacentCount: each.adjacentNeighbors,
    ...(AUTHENTICATIONS.has(each.authentication) && {
      authentication: AUTHENTICATIONS.get(each.authentication),
      authenticationKeys: keys.map(({ id, algorithm }) => ({ id, algorithm })),
    }),
  };
}

const TYPES = [
  "hello",
  "databaseDescription",
  "linkStateRequest",
  "linkStateUpdate",
  "linkStateAcknowledgment",
] as const;

const TRAFFIC_HEADER = [
  "",
  "Interface       HELLO            DB-Desc         LS-Req           LS-Update        LS-Ack            Packets",
  "                Rx/Tx            Rx/Tx            Rx/Tx            Rx/Tx            Rx/Tx            Queued",
  "-".repeat(109),
];

const NETWORK_TYPES: ReadonlyMap<string, string> = new Map([
  ["broadcast", "BROADCAST"],
  ["point-to-point", "POINTOPOINT"],
  ["point-to-multipoint", "POINTOMULTIPOINT"],
  ["non-broadcast", "NBMA"],
  ["loopback", "LOOPBACK"],
]);

const GROUPS: ReadonlyMap<string, string> = new Map([
  ["224.0.0.5", "OSPFAllRouters"],
  ["224.0.0.6", "OSPFDesignatedRouters"],
]);

const AUTHENTICATIONS: ReadonlyMap<string, string> = new Map([
  ["simple", "authenticationSimplePassword"],
  ["cryptographic", "authenticationMessageDigest"],
]);
