import assert from "node:assert/strict";
import { test } from "node:test";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import { hexText } from "#packet/primitive.ts";
import { Query } from "#packet/query/query.ts";
import { compileBpf, explainBpf } from "#packet/bpf/compile.ts";
import { runBpf, type BpfMetadata } from "#packet/bpf/run.ts";
import { EVERYDAY_QUERIES } from "#packet/bpf/testing/everyday-queries.ts";
import { verifyBpf } from "#packet/bpf/verify.ts";
import { Arp } from "#wire/arp.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Gre } from "#wire/gre.ts";
import { Icmp } from "#wire/icmp.ts";
import { Icmpv6 } from "#wire/icmpv6.ts";
import { HopByHopOptions } from "#wire/ipv6-extension.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { Ipv6 } from "#wire/ipv6.ts";
import { RawLink } from "#wire/raw-link.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Tcp } from "#wire/tcp.ts";
import { Udp } from "#wire/udp.ts";
import { ServiceVlan, Vlan } from "#wire/vlan.ts";
import { Vxlan } from "#wire/vxlan.ts";

const registry = standardRegistry();
const ethernet = registry.find("linktype", 1)!;
const raw = registry.find("linktype", 101)!;
const PAYLOAD = Uint8Array.from({ length: 24 }, (_, i) => i);

const eth = layer(Ethernet, { source: "02:00:00:00:00:01", destination: "02:00:00:00:00:02" });
const ip4 = (given = {}): GivenLayer =>
  layer(Ipv4, { source: "192.0.2.1", destination: "198.51.100.2", ...given });
const ip6 = layer(Ipv6, { source: "2001:db8::1", destination: "2001:db8:1::2" });
const udp = (sourcePort: number, destinationPort: number): GivenLayer =>
  layer(Udp, { sourcePort, destinationPort });
const tcp = (syn: boolean): GivenLayer =>
  layer(Tcp, { sourcePort: 40_000, destinationPort: 22, flags: { syn, ack: !syn }, window: 1_024 });
const arp = layer(Arp, { opcode: 1, senderIp: "192.0.2.1", targetIp: "192.0.2.9" });
const packet = (...layers: GivenLayer[]): Uint8Array => build(registry, layers, PAYLOAD);

/** Everyday packets, of which a filter knows everything. */
const PLAIN: readonly Uint8Array[] = [
  ...[udp(40_000, 53), udp(53, 40_000), udp(1_000, 2_000), tcp(true), tcp(false)].flatMap((above) => [
    packet(eth, ip4(), above),
    packet(eth, ip6, above),
    packet(eth, layer(Vlan, { id: 5, priority: 3 }), ip4({ ttl: 1 }), above),
    packet(eth, ip4({ destination: "192.0.2.200", ttl: 255, dscp: 46 }), above),
  ]),
  packet(eth, ip4(), layer(Icmp, { type: 8 })),
  packet(eth, ip6, layer(Icmpv6, { type: 128, body: { identifier: 1, sequence: 2 } })),
  packet(eth, arp),
  packet(eth, layer(Vlan, { id: 100 }), arp),
];

test("of no queries at all, no packet is wanted", () => {
  assert.deepEqual(
    compileBpf(registry, [], ethernet).map(({ k }) => k),
    [0],
  );
});

/** The packet as a socket has it: its first VLAN tag beside it. */
function asReceived(bytes: Uint8Array): readonly [Uint8Array, BpfMetadata] {
  const vlanTpid = (bytes[12]! << 8) | bytes[13]!;
  if (vlanTpid !== 0x8100 && vlanTpid !== 0x88a8) return [bytes, {}];
  const left = Uint8Array.of(...bytes.subarray(0, 12), ...bytes.subarray(16));
  return [left, { vlanPresent: true, vlanTpid, vlanTci: (bytes[14]! << 8) | bytes[15]! }];
}

function selects(query: Query, bytes: Uint8Array): boolean {
  const frame = { length: bytes.length, capturedLength: bytes.length };
  return query.matcher(ethernet)(bytes, 0, bytes.length, frame);
}

for (const text of EVERYDAY_QUERIES)
  test(`${text}: exactly what the query selects of everyday packets`, () => {
    const query = new Query(registry, text);
    const program = compileBpf(registry, query, ethernet);
    assert.deepEqual(verifyBpf(program), { ok: true });
    for (const bytes of PLAIN) {
      const wanted = selects(query, bytes);
      assert.equal(runBpf(program, bytes) > 0, wanted, hexText(bytes));
      assert.equal(runBpf(program, ...asReceived(bytes)) > 0, wanted, `tag taken out of ${hexText(bytes)}`);
    }
  });

const INNER = [ip4({ source: "203.0.113.7" }), udp(9, 53)];
const quoted = packet(...INNER);
const error = { ...layer(Icmp, { type: 3 }), raw: Uint8Array.of(3, 1, 0, 0, 0, 0, 0, 0, ...quoted) };

/** Packets in which the query finds something that a filter does not look for. */
const HIDDEN: Readonly<Record<string, Uint8Array>> = {
  GRE: packet(eth, ip4(), layer(Gre), ...INNER),
  "IP in IP": packet(eth, ip4(), ...INNER),
  "IPv4 in IPv6": packet(eth, ip6, ...INNER),
  VXLAN: packet(eth, ip4(), udp(9, 4_789), layer(Vxlan), eth, ...INNER),
  "an error of ICMP": build(registry, [eth, ip4(), error]),
  "hop-by-hop options": packet(eth, ip6, layer(HopByHopOptions), udp(9, 53)),
  "three tags": packet(eth, layer(ServiceVlan), layer(Vlan), layer(Vlan), ip4(), udp(9, 53)),
};

for (const [what, bytes] of Object.entries(HIDDEN))
  test(`${what}: what is inside counts`, () => {
    const program = compileBpf(registry, new Query(registry, "udp.port == 53"), ethernet);
    assert.ok(selects(new Query(registry, "udp.port == 53"), bytes));
    assert.ok(runBpf(program, bytes) > 0);
    assert.ok(runBpf(program, ...asReceived(bytes)) > 0);
    const other = compileBpf(registry, new Query(registry, "not udp.port == 53"), ethernet);
    assert.ok(runBpf(other, packet(eth, ip4(), layer(Gre), ip4(), udp(1, 2))) > 0);
  });

test("options of IPv4, fragments and short packets", () => {
  const port = compileBpf(registry, new Query(registry, "udp.port == 53"), ethernet);
  const none = compileBpf(registry, new Query(registry, "not udp.port == 53"), ethernet);
  const options = packet(eth, ip4({ options: [{ type: 1 }, { type: 1 }, { type: 0 }] }), udp(9, 53));
  assert.ok(runBpf(port, options) > 0);
  const later = packet(eth, ip4({ fragmentOffset: 185, protocol: 17 }), udp(9, 53));
  assert.equal(runBpf(port, later), 0);
  assert.ok(runBpf(none, later) > 0);
  for (let length = 0; length < 42; length++) {
    const bytes = packet(eth, ip4(), udp(9, 53)).subarray(0, length);
    // A packet that ends before its ports may have had any.
    assert.ok(runBpf(port, bytes) > 0 || length >= 38, `${length} bytes`);
    assert.equal(runBpf(none, bytes) > 0, true, `${length} bytes`);
  }
});

test("a program keeps as many bytes as were asked for, and does not count on others", () => {
  const query = new Query(registry, "not udp.port == 53");
  const program = compileBpf(registry, query, ethernet, { snapLength: 36 });
  const bytes = packet(eth, ip4(), udp(9, 53));
  const frame = { length: bytes.length, capturedLength: 36 };
  assert.equal(query.matcher(ethernet)(bytes, 0, 36, frame), true);
  assert.equal(runBpf(program, bytes), 36);
});

test("packets without a link layer", () => {
  const program = compileBpf(registry, new Query(registry, "udp.port == 53"), raw);
  assert.ok(runBpf(program, packet(layer(RawLink), ip4(), udp(9, 53))) > 0);
  assert.ok(runBpf(program, packet(layer(RawLink), ip6, udp(53, 9))) > 0);
  assert.equal(runBpf(program, packet(layer(RawLink), ip4(), udp(9, 54))), 0);
  assert.equal(runBpf(program, packet(layer(RawLink), ip6, tcp(true))), 0);
});

test("many queries in one program share their tests", () => {
  const texts = Array.from({ length: 200 }, (_, i) => `ip.src == 10.0.${i}.1 and udp.port == ${1_000 + i}`);
  const queries = texts.map((text) => new Query(registry, text));
  const { program, leftOut } = explainBpf(registry, queries, ethernet);
  assert.deepEqual(verifyBpf(program), { ok: true });
  assert.ok(program.length < 4_096);
  const from = (source: string, port: number): number =>
    runBpf(program, packet(eth, ip4({ source }), udp(9, port)));
  assert.ok(from("10.0.7.1", 1_007) > 0);
  assert.equal(from("192.0.2.1", 1_007), 0);
  if (leftOut.length === 0) assert.equal(from("10.0.7.1", 1_008), 0);
  const few = ["udp.port == 53", "tcp.port == 22", "arp"].map((text) => new Query(registry, text));
  const joint = compileBpf(registry, few, ethernet);
  for (const bytes of PLAIN)
    assert.equal(
      runBpf(joint, bytes) > 0,
      few.some((query) => selects(query, bytes)),
      hexText(bytes),
    );
});

test("what a filter cannot know is taken, and said", () => {
  for (const text of ["frame.number == 1", "count(ip.addr) == 1", 'dns.qry.name contains "example"']) {
    const { program, doubts } = explainBpf(registry, new Query(registry, text), ethernet);
    assert.deepEqual(verifyBpf(program), { ok: true });
    assert.ok([...doubts.values()].flat().length > 0, text);
  }
  const names = compileBpf(registry, new Query(registry, 'dns.qry.name contains "example"'), ethernet);
  assert.ok(runBpf(names, packet(eth, ip4(), udp(9, 53))) > 0);
  assert.equal(runBpf(names, packet(eth, ip4(), udp(9, 54))), 0);
});
