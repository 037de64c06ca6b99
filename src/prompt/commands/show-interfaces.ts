import type { Interface, InterfaceAddress, InterfaceCounters } from "#api/gen/parley/v1/links_pb.ts";
import { linesAnswer, type Answer, type TableBlock } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

export const showInterfaces = command<ParleyContext>()("show interfaces [name:interface]", {
  help: ["Show running system information", "Interface status and configuration", "One interface in detail"],
  async run({ client }, { name }, call): Promise<Answer> {
    const { interfaces } = await (await client()).links.listInterfaces({ name: name ?? "" }, call);
    const value = interfaces.map(interfaceJson);
    if (name === undefined) return { value, blocks: [interfaceTable(interfaces)] };
    return linesAnswer(value, interfaces.flatMap(interfaceDetail));
  },
});

/** The seed's columns: one line an interface and its first address, further addresses below. */
function interfaceTable(interfaces: readonly Interface[]): TableBlock {
  const rows = interfaces.flatMap(({ name, running, mtu, addresses }) => {
    const [first = "", ...others] = addresses.map(prefixText);
    const row = [name, running ? "Up" : "Down", mtu === 0 ? "" : String(mtu), first];
    return [row, ...others.map((address) => ["", "", "", address])];
  });
  return {
    type: "table",
    columns: ["Name", "State", "MTU", "Addresses"],
    rows,
    whenEmpty: "This machine has no interfaces.",
  };
}

function interfaceDetail(each: Interface): string[] {
  const { name, index, mtu, up, running, operState, flags, medium } = each;
  const state = running
    ? "Up"
    : up
      ? `Down (${operState}: no carrier, or what it depends on is down)`
      : "Down";
  const lines = [
    `${name} is ${state}`,
    `  Index ${index}, ${medium === "" ? "medium not known" : medium}, MTU ${mtu === 0 ? "not known" : `${mtu} bytes`}`,
    `  Operational state ${operState}, carrier ${flags.includes("LOWER_UP") ? "present" : "absent"}`,
    `  Flags ${flags.join(", ")}`,
  ];
  if (each.hardwareAddress !== "") lines.push(`  Hardware address ${each.hardwareAddress}`);
  for (const address of each.addresses) lines.push(`  ${addressLine(address)}`);
  if (each.counters) lines.push(...counterLines(each.counters));
  return lines;
}

function addressLine(address: InterfaceAddress): string {
  const { peer, broadcast, scope, flags } = address;
  return [
    `Address ${prefixText(address)}`,
    peer === "" ? "" : `peer ${peer}`,
    broadcast === "" ? "" : `broadcast ${broadcast}`,
    `scope ${scope}`,
    ...flags,
  ]
    .filter((part) => part !== "")
    .join(", ");
}

function counterLines(counters: InterfaceCounters): string[] {
  const { receivedPackets, receivedBytes, receiveErrors, receiveDropped, multicast } = counters;
  const { sentPackets, sentBytes, sendErrors, sendDropped } = counters;
  return [
    `  Received ${receivedPackets} packets, ${receivedBytes} bytes, ${receiveErrors} errors, ${receiveDropped} dropped, ${multicast} multicast`,
    `  Sent ${sentPackets} packets, ${sentBytes} bytes, ${sendErrors} errors, ${sendDropped} dropped`,
  ];
}

function prefixText({ address, prefixLength }: InterfaceAddress): string {
  return `${address}/${prefixLength}`;
}

/** In the keys of `ip -j -s addr`, so that what reads the one reads the other. */
function interfaceJson(each: Interface): unknown {
  const { index, name, flags, mtu, operState, medium, hardwareAddress, hardwareBroadcast, counters } = each;
  return {
    ifindex: index,
    ifname: name,
    flags,
    mtu,
    operstate: operState.replaceAll("-", "").toUpperCase(),
    link_type: medium,
    ...(hardwareAddress !== "" && { address: hardwareAddress }),
    ...(hardwareBroadcast !== "" && { broadcast: hardwareBroadcast }),
    addr_info: each.addresses.map(addressJson),
    ...(counters && { stats64: countersJson(counters) }),
  };
}

function addressJson({ address, prefixLength, peer, broadcast, scope, flags }: InterfaceAddress): unknown {
  return {
    family: address.includes(":") ? "inet6" : "inet",
    local: address,
    ...(peer !== "" && { address: peer }),
    prefixlen: prefixLength,
    ...(broadcast !== "" && { broadcast }),
    scope,
    ...Object.fromEntries(flags.map((flag) => [flag, true])),
  };
}

function countersJson(counters: InterfaceCounters): unknown {
  return {
    rx: {
      bytes: Number(counters.receivedBytes),
      packets: Number(counters.receivedPackets),
      errors: Number(counters.receiveErrors),
      dropped: Number(counters.receiveDropped),
      multicast: Number(counters.multicast),
    },
    tx: {
      bytes: Number(counters.sentBytes),
      packets: Number(counters.sentPackets),
      errors: Number(counters.sendErrors),
      dropped: Number(counters.sendDropped),
    },
  };
}
