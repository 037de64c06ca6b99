// From the interfaces of the machine to the messages of parley.v1.

import { create } from "@bufbuild/protobuf";
import { formatAddress } from "#base/address.ts";
import { InterfaceSchema } from "#api/gen/parley/v1/links_pb.ts";
import type { Link, LinkAddress, LinkCounters } from "#host/links.ts";

export function interfaceMessage(link: Link) {
  const { index, name, up, running, operState, flags, medium, counters } = link;
  return create(InterfaceSchema, {
    index,
    name,
    mtu: link.mtu ?? 0,
    up,
    running,
    operState,
    flags: [...flags],
    medium,
    hardwareAddress: hardwareText(link.hardwareAddress),
    hardwareBroadcast: hardwareText(link.hardwareBroadcast),
    addresses: link.addresses.map(addressFields),
    ...(counters && { counters: counterFields(counters) }),
  });
}

function addressFields({ address, prefixLength, peer, broadcast, scope, flags }: LinkAddress) {
  return {
    address: formatAddress(address),
    prefixLength,
    peer: peer ? formatAddress(peer) : "",
    broadcast: broadcast ? formatAddress(broadcast) : "",
    scope,
    flags: [...flags],
  };
}

function counterFields(counters: LinkCounters) {
  return {
    receivedPackets: BigInt(counters.receivedPackets),
    receivedBytes: BigInt(counters.receivedBytes),
    receiveErrors: BigInt(counters.receiveErrors),
    receiveDropped: BigInt(counters.receiveDropped),
    sentPackets: BigInt(counters.sentPackets),
    sentBytes: BigInt(counters.sentBytes),
    sendErrors: BigInt(counters.sendErrors),
    sendDropped: BigInt(counters.sendDropped),
    multicast: BigInt(counters.multicast),
  };
}

function hardwareText(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
