import assert from "node:assert/strict";
import { test } from "node:test";
import { build, emit, layer } from "#packet/build.ts";
import { Packet, type PacketOptions } from "#packet/dissect.ts";
import { bits, text, u8, when } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { hexText } from "#packet/primitive.ts";
import { packetTree } from "#packet/show.ts";
import { Arp } from "#wire/arp.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Icmp } from "#wire/icmp.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { Ipv6 } from "#wire/ipv6.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Tcp } from "#wire/tcp.ts";
import { Udp } from "#wire/udp.ts";
import { Vlan } from "#wire/vlan.ts";

const registry = standardRegistry();
const addresses = { source: "192.0.2.1", destination: "192.0.2.9" };
const payload = Uint8Array.from({ length: 40 }, (_, i) => i);

function dissect(bytes: Uint8Array, options?: PacketOptions): Packet {
  return new Packet(registry, registry.find("linktype", 1)!, bytes, options);
}

function names(packet: Packet): string[] {
  return packet.layers.map(({ message }) => message.name);
}

function kinds(packet: Packet): string[] {
  return packet.problems.map(({ kind }) => kind);
}

test("what is left out is worked out: lengths, checksums, and what follows", () => {
  const bytes = build(
    registry,
    [layer(Ethernet), layer(Vlan, { id: 7 }), layer(Ipv4, addresses), layer(Udp, { destinationPort: 9 })],
    payload,
  );
  const packet = dissect(bytes);
  assert.deepEqual(names(packet), ["eth", "vlan", "ip", "udp", "data"]);
  assert.deepEqual(packet.problems, []);
  assert.equal(packet.get(Ipv4)?.totalLength, 68);
  assert.equal(packet.get(Ipv4)?.protocol, 17);
  assert.equal(packet.get(Udp)?.length, 48);
});

test("a known packet has the bytes of RFC 1071's sums", () => {
  const bytes = build(registry, [
    layer(Ipv4, { source: "10.0.0.1", destination: "10.0.0.2", id: 1, ttl: 64 }),
    layer(Icmp, { type: 8 }),
  ]);
  // The header's words sum to 0xffff.
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  assert.equal((sum & 0xffff) + (sum >>> 16), 0xffff);
});

test("what is given is written as it is, however wrong", () => {
  const bytes = build(
    registry,
    [layer(Ethernet), layer(Ipv4, { ...addresses, totalLength: 9_999, checksum: 0xdead }), layer(Udp, {})],
    payload,
  );
  const packet = dissect(bytes);
  assert.equal(packet.get(Ipv4)?.totalLength, 9_999);
  assert.equal(packet.get(Ipv4)?.checksum, 0xdead);
  assert.ok(kinds(packet).includes("malformed"));
});

test("a bad checksum is told, one that hardware was to fill in is not an error", () => {
  const good = build(registry, [layer(Ethernet), layer(Ipv4, addresses), layer(Tcp, {})], payload);
  const bad = good.slice();
  bad[50]! ^= 0xff;
  assert.deepEqual(kinds(dissect(bad)), ["checksum"]);
  const left = good.slice();
  // The pseudo header's sum alone: source, destination, protocol 6, length 60.
  let sum = 0xc000 + 0x0201 + 0xc000 + 0x0209 + 6 + 60;
  sum = (sum & 0xffff) + (sum >>> 16);
  left[50] = sum >> 8;
  left[51] = sum & 0xff;
  assert.deepEqual(kinds(dissect(left)), ["offload"]);
});

test("a capture that kept the start only is no error of the packet", () => {
  const bytes = build(registry, [layer(Ethernet), layer(Ipv4, addresses), layer(Tcp, {})], payload);
  const inPayload = dissect(bytes.subarray(0, 60), { originalLength: bytes.length });
  assert.deepEqual(names(inPayload), ["eth", "ip", "tcp", "data"]);
  assert.ok(kinds(inPayload).every((kind) => kind === "cut"));
  const inHeader = dissect(bytes.subarray(0, 44), { originalLength: bytes.length });
  assert.deepEqual(kinds(inHeader), ["cut"]);
  assert.equal(inHeader.get(Tcp)?.destinationPort, 0);
});

test("a frame that hardware was to split has no length of its own", () => {
  const bytes = build(
    registry,
    [layer(Ethernet), layer(Ipv4, { ...addresses, totalLength: 0 }), layer(Tcp, {})],
    payload,
  );
  const packet = dissect(bytes);
  assert.deepEqual(names(packet), ["eth", "ip", "tcp", "data"]);
  assert.ok(kinds(packet).every((kind) => kind === "offload"));
});

test("of a packet that ends early there is what was there, and where it ends", () => {
  const bytes = build(registry, [layer(Ethernet), layer(Arp, { senderIp: "192.0.2.1" })]);
  const packet = dissect(bytes.subarray(0, 34));
  assert.deepEqual(names(packet), ["eth", "arp"]);
  assert.equal(packet.get(Arp)?.senderIp, "192.0.2.1");
  const [problem] = packet.problems;
  assert.equal(problem?.kind, "truncated");
  assert.match(problem.error, /truncated arp\.target/);
  assert.ok(problem.at >= 32 && problem.at <= 34);
});

test("a length that cannot be ends the reading, except where it has a meaning", () => {
  const broken = dissect(
    build(registry, [layer(Ethernet), layer(Ipv4, addresses), layer(Udp, { length: 0 })], payload),
  );
  assert.deepEqual(names(broken), ["eth", "ip", "udp"]);
  assert.match(broken.problems[0]!.error, /^udp: a length of less than eight bytes/);
  assert.equal(broken.get(Udp)?.checksum, undefined);
  const layers = [layer(Ethernet), layer(Ipv6, { payloadLength: 0 }), layer(Udp, { length: 0 })];
  const jumbogram = dissect(build(registry, layers, payload), { originalLength: 14 + 40 + 65_536 });
  assert.deepEqual(names(jumbogram), ["eth", "ipv6", "udp", "data"]);
});

test("parse tells the field and the place", () => {
  const bytes = emit(Udp, { sourcePort: 1 });
  assert.deepEqual(parse(Udp, bytes.subarray(0, 5)), {
    ok: false,
    error: "truncated udp.length",
    at: 4,
    partial: { sourcePort: 1, destinationPort: 0 },
  });
});

test("values that a field cannot hold are refused by name", () => {
  assert.throws(() => emit(Udp, { sourcePort: 65_536 }), /udp\.sourcePort takes an integer from 0 to 65535/);
  assert.throws(() => emit(Ipv4, { source: "300.1.2.3" }), /ip\.source: 300\.1\.2\.3 is no ipv4 address/);
  // @ts-expect-error the compiler knows the fields, too
  assert.throws(() => emit(Udp, { port: 1 }), /udp has no field port/);
});

test("a declaration that cannot be right is refused when it is made", () => {
  assert.throws(() => message("own", { fields: { name: text("nn") } }), /own\.name asks for nn/);
  assert.throws(() => message("own", { fields: { name: when("versoin == 2", u8()) } }), /asks for versoin/);
  assert.throws(() => message("own", { fields: { rest: u8() } }), /cannot be the name of a field/);
  assert.throws(() => message("own", { fields: { half: bits(4) } }), /whole byte/);
});

test("tunnels inside tunnels end somewhere", () => {
  const layers = [layer(Ethernet), ...Array.from({ length: 200 }, () => layer(Ipv4, addresses))];
  const packet = dissect(build(registry, layers));
  assert.equal(packet.layers.length, 64);
});

test("the tree has a line for each layer and field with its place", () => {
  const bytes = build(registry, [
    layer(Ethernet),
    layer(Ipv6, { destination: "2001:db8::2" }),
    layer(Udp, {}),
  ]);
  const tree = packetTree(dissect(bytes));
  const hop = tree.find(({ query }) => query === "ipv6.hlim");
  assert.equal(hop?.depth, 1);
  assert.equal(hexText(bytes.subarray(hop.start, hop.end)), "40");
  assert.deepEqual(
    tree.filter(({ depth }) => depth === 0).map(({ query }) => query),
    ["eth", "ipv6", "udp"],
  );
});

test("the data of a reset is its cause, and nothing follows it", () => {
  const cause = Uint8Array.of(0x6e, 0x6f, 0xc3, 0xa9);
  const segment = (rst: boolean): Packet =>
    dissect(
      build(
        registry,
        [
          layer(Ethernet),
          layer(Ipv4, addresses),
          layer(Tcp, { sourcePort: 53, destinationPort: 9, flags: { rst } }),
        ],
        cause,
      ),
    );
  assert.deepEqual(names(segment(true)), ["eth", "ip", "tcp", "tcp.reset"]);
  assert.equal(segment(true).layers.at(-1)!.values["cause"], "no\udcc3\udca9");
  assert.deepEqual(names(segment(false)), ["eth", "ip", "tcp", "dns.length", "dns"]);
});

test("what is wrong with a list's last item is said", () => {
  const question = Uint8Array.of(0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1);
  const packet = dissect(
    build(registry, [layer(Ethernet), layer(Ipv4, addresses), layer(Udp, { destinationPort: 53 })], question),
  );
  assert.deepEqual(
    packet.problems.map(({ kind, error, at }) => [kind, error, at]),
    [["truncated", "dns.qry.name: a pointer that does not lead back", 54]],
  );
});

test("of what a redirect quotes, eight bytes behind the header are read", () => {
  const quoted = build(registry, [layer(Ipv4, addresses), layer(Udp, { destinationPort: 53 })], payload);
  const error = (type: number): Packet =>
    dissect(build(registry, [layer(Ethernet), layer(Ipv4, addresses), layer(Icmp, { type })], quoted));
  assert.deepEqual(names(error(5)), ["eth", "ip", "icmp", "ip", "udp"]);
  assert.deepEqual(names(error(3)).slice(0, 6), ["eth", "ip", "icmp", "ip", "udp", "dns"]);
});
