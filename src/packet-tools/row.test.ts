import assert from "node:assert/strict";
import { test } from "node:test";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { packetTree } from "#packet/show.ts";
import { Area } from "#wire/area.ts";
import { Arp } from "#wire/arp.ts";
import { EthernetLoopback } from "#wire/ethernet-loopback.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Gre } from "#wire/gre.ts";
import { Icmp } from "#wire/icmp.ts";
import { Icmpv6 } from "#wire/icmpv6.ts";
import { Igmp } from "#wire/igmp.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { FragmentHeader, HopByHopOptions, RoutingHeader } from "#wire/ipv6-extension.ts";
import { Ipv6 } from "#wire/ipv6.ts";
import { Llc } from "#wire/llc.ts";
import { Lldp } from "#wire/lldp.ts";
import { Ospf } from "#wire/ospf/ospf.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Stp } from "#wire/stp.ts";
import { Tcp } from "#wire/tcp.ts";
import { Udp } from "#wire/udp.ts";
import { ServiceVlan, Vlan } from "#wire/vlan.ts";
import { Vxlan } from "#wire/vxlan.ts";
import { Whisper } from "#wire/whisper.ts";
import { rowOf, rowPrinter, type Row } from "#packet-tools/row.ts";

const registry = standardRegistry();
const [US, THEM] = ["02:00:5e:10:00:01", "02:00:5e:10:00:02"];
const eth = layer(Ethernet, { source: US, destination: THEM });
const ip = layer(Ipv4, { source: "192.0.2.1", destination: "192.0.2.2" });
const ip6 = layer(Ipv6, { source: "2001:db8::1", destination: "2001:db8::2" });
const PAYLOAD = new Uint8Array(48);

function packetOf(layers: readonly GivenLayer[], payload?: Uint8Array, captured?: number): Packet {
  const bytes = build(registry, layers, payload);
  const originalLength = bytes.length;
  return new Packet(registry, Ethernet as never, bytes.subarray(0, captured), { originalLength });
}

function row(layers: readonly GivenLayer[], payload?: Uint8Array, captured?: number): Row {
  const frame = { number: 1, length: 0, capturedLength: 0 };
  return rowOf(packetOf(layers, payload, captured), frame);
}

/** "PROTOCOL info" of a packet. */
function said(layers: readonly GivenLayer[], payload?: Uint8Array, captured?: number): string {
  const { protocol, info } = row(layers, payload, captured);
  return `${protocol} ${info}`;
}

test("links: what nobody knows, tags, LLC, loopback", () => {
  assert.equal(said([layer(Ethernet, { type: 0x88b5 })], PAYLOAD), "Ethernet type 0x88b5");
  assert.equal(said([layer(Ethernet, { type: 0x8847 })], PAYLOAD), "Ethernet MPLS");
  const tags = [eth, layer(ServiceVlan, { id: 7 }), layer(Vlan, { id: 9, priority: 5, type: 0x88b5 })];
  assert.equal(said(tags, PAYLOAD), "VLAN VLAN 9, priority 5, type 0x88b5");
  const test = layer(Llc, { dsap: 0, ssap: 0x04, control: 0xf3 });
  assert.equal(said([layer(Ethernet, { type: 3 }), test]), "LLC TEST, SNA path control → Null");
  const loop = layer(EthernetLoopback, { steps: [{ function: 2, forwardingAddress: US }, { function: 1 }] });
  assert.equal(said([eth, loop]), `LOOP forward to ${US}, reply, receipt 0`);
});

test("ARP: questions, answers, announcements", () => {
  const usual = { senderMac: US, senderIp: "192.0.2.1", targetIp: "192.0.2.2" };
  assert.equal(said([eth, layer(Arp, usual)]), "ARP who has 192.0.2.2? tell 192.0.2.1");
  assert.equal(said([eth, layer(Arp, { ...usual, opcode: 2 })]), `ARP 192.0.2.1 is at ${US}`);
  const own = { senderMac: US, senderIp: "192.0.2.1", targetIp: "192.0.2.1" };
  assert.equal(said([eth, layer(Arp, own)]), "ARP announcement of 192.0.2.1");
  assert.equal(
    said([eth, layer(Arp, { senderMac: US, targetIp: "192.0.2.1" })]),
    "ARP who has 192.0.2.1? probe",
  );
});

test("LLDP and spanning tree", () => {
  const items = [
    { type: 1, value: { subtype: 4, id: US } },
    { type: 2, value: { subtype: 5, name: "ge-0/0/1" } },
    { type: 3, value: 120 },
    { type: 5, value: "switch1" },
    { type: 0, value: new Uint8Array(0) },
  ];
  assert.equal(said([eth, layer(Lldp, { items })]), `LLDP chassis ${US}, port ge-0/0/1, 120 s, switch1`);
  const llc = layer(Llc, { dsap: 0x42, ssap: 0x42 });
  const root = { priority: 8, extension: 1, address: US };
  const configuration = layer(Stp, { type: 0, body: { root, rootCost: 4, topologyChange: 1 } });
  assert.equal(
    said([layer(Ethernet, { type: 38 }), llc, configuration]),
    `STP configuration, topology change, root 32768/1/${US}, cost 4, port 0x8001`,
  );
});

test("IP: protocols that nobody knows, fragments, extension headers", () => {
  assert.equal(said([eth, layer(Ipv4, { protocol: 253 })], PAYLOAD), "IPv4 protocol 253");
  assert.equal(said([eth, layer(Ipv6, { nextHeader: 132 })], PAYLOAD), "IPv6 SCTP");
  assert.equal(said([eth, layer(Ipv6, {})]), "IPv6 no next header");
  const part = { id: 0xfa0, protocol: 17, moreFragments: 1 };
  const first = [eth, layer(Ipv4, part), layer(Udp, { destinationPort: 9, length: 408, checksum: 1 })];
  assert.equal(said(first, PAYLOAD), "IPv4 first fragment of UDP, id 0x0fa0");
  assert.equal(
    said([eth, layer(Ipv4, { ...part, fragmentOffset: 20 })], PAYLOAD),
    "IPv4 fragment of UDP from byte 160, id 0x0fa0",
  );
  const last = layer(FragmentHeader, { fragmentOffset: 20, id: 0xf00d, nextHeader: 17 });
  assert.equal(said([eth, ip6, last], PAYLOAD), "IPv6 last fragment of UDP from byte 160, id 0x0000f00d");
  const hop = layer(HopByHopOptions, { nextHeader: 253 });
  assert.equal(said([eth, ip6, hop], PAYLOAD), "IPv6 protocol 253");
});

test("UDP and TCP", () => {
  const ports = { sourcePort: 40000, destinationPort: 9 };
  assert.equal(said([eth, ip, layer(Udp, ports)], PAYLOAD), "UDP 40000 → 9, 48 bytes");
  assert.equal(said([eth, ip, layer(Udp, ports)], new Uint8Array(1)), "UDP 40000 → 9, 1 byte");
  const flags = { syn: true, ack: true };
  const segment = { sourcePort: 443, destinationPort: 51000, sequence: 100, acknowledgment: 201, flags };
  assert.equal(
    said([eth, ip, layer(Tcp, segment)]),
    "TCP 443 → 51000 SYN ACK, seq 100, ack 201, window 65535, 0 bytes",
  );
  const options = [
    { kind: 2, data: { maximum: 1460 } },
    { kind: 3, data: { shift: 7 } },
    { kind: 5, data: { blocks: [{ left: 5, right: 9 }] } },
  ];
  assert.equal(
    said([eth, ip, layer(Tcp, { ...segment, flags: {}, options })]),
    "TCP 443 → 51000 no flags, seq 100, window 65535, 0 bytes, MSS 1460, window scale 7, SACK 5-9",
  );
});

test("ICMP and IGMP; what an error quotes does not count", () => {
  const echo = layer(Icmp, { type: 8, identifier: 12, sequence: 3 });
  assert.equal(said([eth, ip, echo]), "ICMP echo request, id 12, seq 3");
  const needed = layer(Icmp, { type: 3, code: 4, mtu: 1400 });
  const quoted = [layer(Ipv4, { source: "198.51.100.7", totalLength: 99 }), layer(Tcp)];
  const error = row([eth, ip, needed, ...quoted]);
  assert.equal(error.info, "destination unreachable, fragmentation needed, MTU 1400");
  assert.deepEqual([error.protocol, error.source], ["ICMP", "192.0.2.1"]);
  const redirect = layer(Icmp, { type: 5, code: 1, gateway: "192.0.2.9" });
  assert.equal(said([eth, ip, redirect]), "ICMP redirect for the host, gateway 192.0.2.9");
  const group = "233.252.0.1";
  assert.equal(said([eth, ip, layer(Igmp, { type: 0x17, group })]), `IGMP leave group, ${group}`);
  const records = [
    { type: 4, group },
    { type: 1, group, sources: ["192.0.2.1", "192.0.2.2"] },
  ];
  assert.equal(
    said([eth, ip, layer(Igmp, { type: 0x22, records })]),
    `IGMP version 3 membership report: join ${group}; in ${group} from 192.0.2.1 and 192.0.2.2`,
  );
});

test("ICMPv6: echo, neighbor discovery, multicast listeners", () => {
  const of = (given: Parameters<typeof layer<(typeof Icmpv6)["fields"]>>[1]): string =>
    said([eth, ip6, layer(Icmpv6, given)]);
  const target = "2001:db8::2";
  assert.equal(of({ type: 129, body: { identifier: 12, sequence: 3 } }), "ICMPv6 echo reply, id 12, seq 3");
  const prefix = { type: 3, data: { prefix: "2001:db8::", prefixLength: 64 } };
  const source = { type: 1, data: { address: US } };
  assert.equal(
    of({ type: 134, body: { options: [prefix, source] } }),
    `ICMPv6 router advertisement, 2001:db8::/64, lifetime 1800 s, from ${US}`,
  );
  assert.equal(
    of({ type: 135, body: { target, options: [source] } }),
    `ICMPv6 neighbor solicitation for ${target}, from ${US}`,
  );
  const own = { type: 2, data: { address: US } };
  assert.equal(
    of({ type: 136, body: { target, solicited: 1, options: [own] } }),
    `ICMPv6 neighbor advertisement, ${target} is at ${US}, solicited`,
  );
  assert.equal(
    of({ type: 143, body: { records: [{ type: 4, group: "ff02::fb" }] } }),
    "ICMPv6 multicast listener report, version 2: join ff02::fb",
  );
});

test("OSPF", () => {
  const of = (type: number, body: object): string =>
    said([eth, ip, layer(Ospf, { type, routerId: "192.0.2.1", areaId: "0.0.0.1", body })]);
  assert.equal(of(1, { neighbors: ["192.0.2.2"] }), "OSPF hello, router 192.0.2.1, area 0.0.0.1, 1 neighbor");
  assert.equal(
    of(2, { flags: { init: true, more: true, master: true }, ddSequenceNumber: 7 }),
    "OSPF database description, I M MS, sequence 7, MTU 1500",
  );
  assert.equal(
    of(3, { requests: [{ lsType: 1 }, { lsType: 5 }, { lsType: 5 }] }),
    "OSPF link state request, 3 LSAs: router, 2 external",
  );
});

test("tunnels: the innermost packet", () => {
  const inner = layer(Icmpv6, { type: 128, body: { identifier: 1, sequence: 2 } });
  const vxlan = row([
    eth,
    ip,
    layer(Udp, { destinationPort: 4789 }),
    layer(Vxlan, { network: 42 }),
    eth,
    ip6,
    inner,
  ]);
  assert.deepEqual([vxlan.source, vxlan.protocol], ["2001:db8::1", "ICMPv6"]);
  assert.equal(
    said([eth, ip, layer(Gre, { protocol: 0x88b5, keyPresent: 1, key: 1 })], PAYLOAD),
    "GRE type 0x88b5, key 0x00000001",
  );
});

test("Parley's own protocols", () => {
  const of = (port: number, above: GivenLayer): string =>
    said([eth, ip, layer(Tcp, { sourcePort: 40000, destinationPort: port }), above]);
  const said1 = {
    id: "0123456789abcdef",
    address: "192.0.2.1:1",
    body: "hello\x1b",
    nick: "ann",
    timestamp: 1,
  };
  assert.equal(of(55_555, layer(Whisper, { messages: [said1] })), "Whisper ann: hello\\x1b");
  const frames = [
    { command: "CONN_REJECT", arguments: [word("00000000-0000-0000-0000-000000000001"), word("full")] },
  ];
  assert.equal(of(8083, layer(Area, { frames })), "Area CONN_REJECT full");
});

function word(value: string): { readonly type: "text"; readonly value: string } {
  return { type: "text", value };
}

test("a routing header tells where the packet goes in the end", () => {
  const addresses = ["2001:db8::8", "2001:db8::9"];
  const route = layer(RoutingHeader, { type: 0, segmentsLeft: 2, route: { addresses } });
  const { destination } = row([eth, ip6, route, layer(Udp, { destinationPort: 9 })], PAYLOAD);
  assert.equal(destination, "2001:db8::9");
});

test("what is wrong stands behind, once", () => {
  const udp = layer(Udp, { sourcePort: 40000, destinationPort: 9, checksum: 1 });
  assert.equal(said([eth, ip, udp], PAYLOAD), "UDP 40000 → 9, 48 bytes [udp: a bad checksum]");
  const segment = [eth, ip, layer(Tcp, { destinationPort: 9 })];
  assert.equal(said(segment, PAYLOAD, 40), "TCP [cut tcp.sequence]");
  assert.equal(said(segment, PAYLOAD, 60), "TCP 0 → 9 no flags, seq 0, window 65535, 48 bytes [cut]");
  assert.equal(said(segment, PAYLOAD, 54), "TCP 0 → 9 no flags, seq 0, window 65535, 48 bytes [cut]");
});

test("columns grow with what stands in them and stay so", () => {
  const print = rowPrinter();
  const short = { number: "1", time: "0.000000", source: "a", destination: "b", protocol: "UDP", info: "x" };
  const before = print(short);
  const long = print({ ...short, source: "2001:db8:1111:2222:3333:4444:5555:6666" });
  assert.equal(before.indexOf(" x"), 64);
  assert.equal(long.indexOf(" x"), 64 + 38 - 17);
  assert.equal(print(short).length, long.length);
});

test("the tree: abbreviations, one of several, units", () => {
  const options = [{ kind: 2, data: { maximum: 1460 } }];
  const lines = packetTree(packetOf([eth, ip, layer(Tcp, { flags: { syn: true }, options })]));
  const texts = lines.map(({ text }) => text);
  for (const expected of [
    ".0.. .... = Don't fragment: false",
    ".... 0101 = Header length: 5 (in words of four bytes)",
    "Flags: SYN",
    "Options: 1",
    "Option 1",
  ])
    assert.ok(texts.includes(expected), `${expected} in ${texts.join("\n")}`);
});
