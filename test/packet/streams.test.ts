import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { build, givenLayers, layer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { hexText } from "#packet/primitive.ts";
import type { Frame } from "#packet/query/frame.ts";
import { Query } from "#packet/query/query.ts";
import { Dns, DnsLength } from "#wire/dns.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Tcp } from "#wire/tcp.ts";

const registry = standardRegistry();
const link = registry.find("linktype", 1)!;

function question(id: number, name: string) {
  return layer(Dns, { id, questions: [{ name: { text: name }, type: 1 }] });
}

function segment(ids: readonly number[]): Uint8Array {
  const messages = ids.flatMap((id) => [layer(DnsLength), question(id, `host${id}.example`)]);
  return build(registry, [layer(Ethernet), layer(Ipv4), layer(Tcp, { destinationPort: 53 }), ...messages]);
}

function dissect(bytes: Uint8Array): Packet {
  return new Packet(registry, link, bytes);
}

function names(packet: Packet): string[] {
  return packet.layers.map(({ message }) => message.name);
}

function frameOf(bytes: Uint8Array): Frame {
  return { number: 1, length: bytes.length, capturedLength: bytes.length };
}

/** The compiled answer and the thorough one. */
function answers(text: string, bytes: Uint8Array): readonly [boolean, boolean] {
  const query = new Query(registry, text);
  const frame = frameOf(bytes);
  return [query.matcher(link)(bytes, 0, bytes.length, frame), query.matches(dissect(bytes), frame)];
}

test("messages of a segment are built one behind the other, and read so", () => {
  const packet = dissect(segment([1, 2, 3]));
  const one = ["dns.length", "dns"];
  assert.deepEqual(names(packet), ["eth", "ip", "tcp", ...one, ...one, ...one]);
  assert.deepEqual(packet.problems, []);
  const ids = packet.layers.flatMap(({ message, values }) => (message.name === "dns" ? [values["id"]] : []));
  assert.deepEqual(ids, [1, 2, 3]);
  assert.equal(packet.layers[2]!.end, packet.layers.at(-1)!.end);
  assert.equal(hexText(build(registry, givenLayers(packet))), hexText(packet.bytes));
});

test("a query asks all messages of a segment", () => {
  const bytes = segment([1, 2, 3]);
  for (const [text, selects] of [
    ["dns.id == 3", true],
    ["dns.id == 1 and dns.id == 2", true],
    ["dns.id == 4", false],
    ["dns.id != 2", false],
    ["dns.id ~= 2", true],
    ["count(dns.id) == 3", true],
    ['dns.qry.name == "host2.example"', true],
    ['dns contains "host3"', true],
    // With Wireshark they are one layer, and its bytes begin with the length.
    ["dns.id#1 == 3", true],
    ["dns.id#2", false],
    ["dns[2:2] == 00:02", true],
    ['frame.protocols == "eth:ethertype:ip:tcp:dns"', true],
  ] as const)
    assert.deepEqual(answers(text, bytes), [selects, selects], text);
});

test("a broken message does not hide the next, a length beyond the segment does", () => {
  const bytes = segment([1, 2]);
  const first = dissect(bytes).layers[3]!;
  const broken = bytes.slice();
  broken[first.headerEnd + 5] = 9; // nine questions
  assert.deepEqual(answers("dns.id == 2", broken), [true, true]);
  assert.equal(hexText(build(registry, givenLayers(dissect(broken)))), hexText(broken));
  const long = bytes.slice();
  long[first.start] = 0xff;
  assert.deepEqual(answers("dns.id == 2", long), [false, false]);
});

test("compiled and thorough answers agree on damaged segments, and they are written back", () => {
  const random = seededRandom(7);
  const queries = [
    "dns.id == 2",
    "dns.flags.response == 1",
    "dns.length > 30",
    "dns[2] == 0",
    "dns.qry.name",
  ];
  const compiled = queries.map((text) => new Query(registry, text));
  const good = segment([1, 2, 3, 4]);
  for (let round = 0; round < 500; round++) {
    const bytes = good.slice(0, random.below(4) === 0 ? 54 + random.below(good.length - 54) : good.length);
    for (let flips = random.below(4); flips > 0; flips--)
      if (bytes.length > 54) bytes[54 + random.below(bytes.length - 54)] = random.below(256);
    const frame = frameOf(bytes);
    const packet = dissect(bytes);
    for (const query of compiled)
      assert.equal(
        query.matcher(link)(bytes, 0, bytes.length, frame),
        query.matches(packet, frame),
        `${query.text}: ${hexText(bytes)}`,
      );
    assert.equal(hexText(build(registry, givenLayers(packet))), hexText(bytes));
  }
});

test("as many messages are read as a segment holds", () => {
  const headers = build(registry, [
    layer(Ethernet),
    layer(Ipv4, { totalLength: 65_535 }),
    layer(Tcp, { destinationPort: 53 }),
  ]);
  const bytes = new Uint8Array(14 + 65_535);
  bytes.set(headers);
  const { layers, problems } = dissect(bytes);
  // Messages of no bytes, and half a length.
  assert.equal(layers.length, 3 + Math.ceil((65_535 - 40) / 2));
  assert.ok(problems.some(({ kind }) => kind === "truncated"));
  assert.deepEqual(answers("dns.flags.response == 1", bytes), [false, false]);
});
