import assert from "node:assert/strict";
import { test } from "node:test";
import { build, layer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { bytes, flags, ip, list, mac, next, text, u16, u8, computed } from "#packet/field.ts";
import { message, type Message } from "#packet/message.ts";
import type { Frame } from "#packet/query/frame.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { query, Query } from "#packet/query/query.ts";
import { Registry } from "#packet/registry.ts";

const Data = message("data", { fields: { data: bytes("rest", { query: "data.data" }) } });
const Link = message("link", {
  fields: {
    source: mac("02:00:00:00:00:01", { query: ["link.src", "link.addr"] }),
    destination: mac("02:00:00:00:00:02", { query: ["link.dst", "link.addr"] }),
    type: u16(next("type")),
  },
  next: { table: "type", key: "type" },
});
const Item = message("net.item", { fields: { kind: u8(), value: u16() } });
const Net = message("net", {
  title: "A network",
  fields: {
    ttl: u8(64, { names: { 1: "near", 64: "far" } }),
    flags: flags({ syn: 0x80, ack: 0x01 }),
    source: ip("192.0.2.1", { query: ["net.src", "net.addr"] }),
    destination: ip("192.0.2.2", { query: ["net.dst", "net.addr"] }),
    itemCount: u8(computed("count.items")),
    items: list(Item, { count: "itemCount" }),
    nameLength: u8(computed("sizeOf.name")),
    name: text("nameLength"),
  },
  next: { table: "type", key: "flags.other == 2 ? 7 : 9" },
  on: { type: [7] },
  derived: {
    "net.double": { type: "number", value: "ttl * 2" },
    "net.payload": { type: "bytes", value: "payload" },
  },
});
const registry = new Registry([Link, Net] as unknown as Message[], Data as unknown as Message);
const first = Link as unknown as Message;

const inner = layer(Net, { ttl: 3, source: "10.1.2.3", name: "inner", items: [{ kind: 9, value: 900 }] });
const packet = build(
  registry,
  [
    layer(Link),
    layer(Net, {
      ttl: 64,
      flags: { syn: true, other: 2 },
      items: [
        { kind: 1, value: 100 },
        { kind: 2, value: 200 },
      ],
      name: "Example one",
    }),
    inner,
  ],
  Uint8Array.of(0x47, 0x45, 0x54, 0x20, 0x2f),
);
const frame: Frame = {
  number: 7,
  seconds: 1_700_000_000,
  nanoseconds: 500_000_000,
  firstTime: 1_700_000_000_000_000_000n,
  previousTime: 1_700_000_000_250_000_000n,
  length: packet.length,
  capturedLength: packet.length,
};

/** By the compiled way, which has to be the thorough one's. */
function selects(source: string): boolean {
  const asked = new Query(registry, source);
  const slow = asked.matches(new Packet(registry, first, packet), frame);
  const padded = new Uint8Array(packet.length + 20).fill(0x55);
  padded.set(packet, 9);
  assert.equal(asked.matcher(first)(padded, 9, 9 + packet.length, frame), slow, source);
  const set = new QuerySet(registry, [asked, new Query(registry, "net")]);
  assert.equal(set.match(first, packet, 0, packet.length, frame, []).includes(0), slow, `set: ${source}`);
  return slow;
}

const CASES: readonly (readonly [query: string, expected: boolean])[] = [
  ["net", true],
  ["not net", false],
  ["link and net", true],
  ["data", true],
  ["net.ttl == 64", true],
  ["net.ttl == 3", true],
  ["net.ttl == 5", false],
  ["net.ttl != 5", true],
  ["net.ttl != 3", false],
  ["net.ttl ~= 3", true],
  ["net.ttl !== 3", true],
  ["net.ttl === 3", false],
  ["all net.ttl > 2", true],
  ["all net.ttl > 3", false],
  ["any net.ttl > 3", true],
  ["not net.ttl == 3", false],
  ["net.ttl#1 == 64", true],
  ["net.ttl#1 == 3", false],
  ["net.ttl#[2] == 3", true],
  ["net.ttl#[-1] == 3", true],
  ["net.ttl == near", false],
  ['net.ttl == "far"', true],
  ["net.ttl in {1, 2, 60 .. 70}", true],
  ["net.ttl not in {1, 3, 64}", false],
  ["net.ttl in {0x40}", true],
  ["net.ttl == 0100", true],
  ["net.ttl & 0x40", true],
  ["net.ttl & 0x80", false],
  ["net.ttl & 0x41 == 0x40", true],
  ["net.flags.syn == 1", true],
  ["net.flags.syn == True", true],
  ["all net.flags.syn == true", false],
  ["net.flags == 0x82", true],
  ["net.flags.ack", true],
  ["net.double == 128", true],
  ["net.double in {6}", true],
  ["net.src == 192.0.2.0/24", true],
  ["net.src == 10/8", true],
  ["net.addr == 198.51.100.0/24", false],
  ["net.addr != 198.51.100.0/24", true],
  ["net.src > 100.0.0.0", true],
  ["net.src == net.dst", false],
  ["net.src[0] == 0a", true],
  ["net.src in {10.1.2.3, 203.0.113.1}", true],
  ["link.src == 02:00:00:00:00:01", true],
  ["link.addr == 02-00-00-00-00-02", true],
  ["link.src[0:2] == 02:00", true],
  ["link.src[4-5] == 00:01", true],
  ["link.src[-1:] == 01", true],
  ["link.addr contains 00:02", true],
  ["net.item.kind == 9", true],
  ["net.item.value > 800", true],
  ["net.item.kind == 4", false],
  ["count(net.item.kind) == 3", true],
  ['net.name == "inner"', true],
  ['net.name contains "ample"', true],
  ['net.name contains "AMPLE"', false],
  ['net.name matches "^EX.*one$"', true],
  ['net.name matches r"\\w+ \\w+"', true],
  ['lower(net.name) == "example one"', true],
  ['upper(net.name) contains "INN"', true],
  ["len(net.name) == 5", true],
  ["len(net.name) > 11", false],
  ['net.name[0:2] == "Ex"', true],
  ['net.payload contains "GET"', true],
  ["net.payload contains 45:54", true],
  ["data.data == 47:45:54:20:2f", true],
  ['data.data matches "^get"', true],
  ["data.data[0] == 'G'", true],
  ["data.data[1:] == 45:54:20:2f", true],
  ["data.data[0:9] == 47", false],
  ["net[0] == 40", true],
  ['string(net.src) == "10.1.2.3"', true],
  ['string(link.src) contains "00:01"', true],
  ['string(net.ttl) == "64"', true],
  ["net.ttl + 1 == 65", true],
  ["{net.ttl + 1} * 2 == 8", true],
  ["net.ttl % 2 == 1", true],
  ["-net.ttl < 0", true],
  ["max(net.ttl) == 64", true],
  ["min(net.ttl, net.double) == 3", true],
  ["1 < net.ttl", true],
  ["2 < net.ttl < 5", true],
  ["net.ttl == 64 xor net.ttl == 3", false],
  ["net.ttl == 64 ^^ net.ttl == 5", true],
  ["net.ttl == 5 or net.ttl == 64 and net.src == 10.1.2.3", true],
  ["!(net.ttl == 5) && !data.data == 00", true],
  ["frame.number == 7", true],
  ["frame.number != 7", false],
  ["frame.len > 20 and frame.cap_len == frame.len", true],
  ["frame.time_relative == 0.5", true],
  ["frame.time_delta < 0.3", true],
  ['frame.time == "2023-11-14 22:13:20.5"', true],
  ['frame.time < "Nov 14, 2023 22:13:21"', true],
  ['frame.time == "2023-11-14T23:13:20.5+01:00"', true],
  ["frame.time_epoch > 1700000000", true],
  ['frame.protocols contains "net:net"', true],
  ['frame contains "GET"', true],
  ["frame[0:2] == 02:00", true],
  // Of "all", one element of the set has to hold every value; "not in" is that none holds any.
  ["all net.ttl in {3, 64}", false],
  ["all net.ttl in {3, 1 .. 64}", true],
  ["all net.ttl not in {3}", false],
  ["all net.ttl not in {4}", true],
  ["net.ttl in {5, net.ttl}", true],
  ["net.src in {net.dst}", false],
  ["net.flags.syn == 5", true],
  ["net.flags.syn < 2", true],
  ["count(net.ttl#7) == 0", false],
  ["max(net.ttl, 70) == 70", true],
  ["net.ttl & 0xff00 == 0", true],
  ["net.ttl#[1:1] == 64", true],
  ["net.ttl#[:2] == 3", false],
  // What is too short for a slice has no bytes there, and no bytes are a value.
  ["net.src[0:5]", false],
  ["net.src[0:5] != 00", true],
  ["net.src[0:5] < 00", true],
  ["net.src[0:5] == 0a", false],
  ["net.src[0,9] == 0a", true],
  ["net.src[9,0] == 0a", false],
  ["net.src[-1:2]", false],
  ["net.src[-2:2]", true],
  ["net.name[0:2] == 45:78", true],
  ['net.name[0:9] matches ""', true],
  ['net.name[0:99] matches ""', false],
  // What is longer is greater.
  ["data.data > ff:ff", true],
  ["data.data < 00:00:00:00:00:00", true],
  ['net.name contains ""', false],
  // Bytes that are no characters, one by one.
  ['frame contains "\\x82"', true],
  ['frame matches "[\\x81-\\x83]"', true],
  ['frame contains "\\xc2\\x82"', false],
  ["frame.marked == 0", true],
];

for (const [source, expected] of CASES)
  test(`${source}: ${expected ? "yes" : "no"}`, () => assert.equal(selects(source), expected));

const MISTAKES: readonly (readonly [query: string, message: RegExp, at: number])[] = [
  ["", /empty/, 0],
  ["net.tll == 3", /no field or protocol net\.tll/, 0],
  ["net and ntt", /ntt/, 8],
  ["net.ttl ==", /ends too early/, 10],
  ["net.ttl == x", /no number/, 11],
  ["net.src == 192.0.2.1/33", /33 bits/, 11],
  ["net.src == 192.0.2", /no IPv4 address/, 11],
  ["link.src == 02:00", /no MAC address/, 12],
  ["(net", /ends too early/, 4],
  ["net)", /"\)" is not expected/, 3],
  ["net.ttl in 5", /not expected/, 11],
  ["net.ttl in {5", /ends too early/, 13],
  ['net.name matches "("', /./, 17],
  ['net.name == "open', /no end/, 12],
  ["net.ttl contains 5", /only texts and bytes/, 0],
  ["net.ttl[0] == 5", /only texts and bytes have parts/, 7],
  ["net.name[x] == 5", /no range/, 8],
  ["foo(net.ttl) == 1", /no function foo/, 0],
  ["len(net.ttl) == 1", /len takes/, 4],
  ["net.ttl == net.src", /cannot be compared/, 8],
  ["net.ttl == 5 net.ttl", /not expected/, 13],
  ["5 == 6", /no field or protocol 5/, 0],
  ["net ? 5", /"\?" is not expected/, 4],
  ["net.ttl == 256", /256 is too big/, 11],
  ["net.ttl == -1", /-1 is too small/, 11],
  ["net.ttl in {1, 300}", /300 is too big/, 15],
  ["nonsense(net.ttl)", /no function nonsense/, 0],
  [`net${" and net".repeat(1_001)}`, /more than 1000 operators/, 8_004],
  [`net.ttl${" + 1".repeat(1_001)} == 1`, /more than 1000 operators/, 4_008],
  ["frame.time == yesterday", /no time/, 14],
  ["(".repeat(5_000) + "net", /nested too deeply/, 200],
];

for (const [source, expected, at] of MISTAKES)
  test(`${source.slice(0, 40)} is a mistake, and where`, () => {
    assert.throws(
      () => new Query(registry, source),
      (error) => {
        assert.ok(error instanceof QueryError);
        assert.match(error.message, expected);
        assert.equal(error.at, at);
        return true;
      },
    );
  });

test("an unknown field is told with the nearest names, marked in the query", () => {
  assert.throws(
    () => new Query(registry, "net and net.tll == 3"),
    (error) => {
      assert.ok(error instanceof QueryError);
      assert.equal(
        error.explain("net and net.tll == 3"),
        "net and net.tll == 3\n        ^^^^^^^\nthere is no field or protocol net.tll; did you mean net.ttl?",
      );
      return true;
    },
  );
});

test("a template takes values as values, whatever they hold", () => {
  const name = 'a" or net or "';
  assert.equal(query`net.name == ${name}`, 'net.name == "a\\" or net or \\""');
  assert.equal(selects(query`net.name == ${name}`), false);
  assert.ok(selects(query`net.src == ${"10.1.2.3"} and net.ttl in ${[3, 4]}`));
  assert.ok(selects(query`data.data contains ${Uint8Array.of(0x45, 0x54)}`));
  assert.ok(selects(query`link.src == ${Uint8Array.of(2, 0, 0, 0, 0, 1)} and net.flags.syn == ${true}`));
  assert.throws(() => query`net.ttl == ${Number.NaN}`, TypeError);
});

test("a hundred queries at once answer as each alone", () => {
  const sources = CASES.map(([source]) => source);
  const ports = Array.from({ length: 50 }, (_, i) => `net.ttl == ${i} and net.src == 10.1.2.${i % 5}`);
  const all = [...sources, ...ports].map((source) => new Query(registry, source));
  const set = new QuerySet(registry, all);
  const whole = new Packet(registry, first, packet);
  const expected = all.flatMap((each, i) => (each.matches(whole, frame) ? [i] : []));
  const hits: number[] = [];
  assert.deepEqual([...set.match(first, packet, 0, packet.length, frame, hits)], expected);
  assert.deepEqual([...set.match(first, packet, 0, packet.length, frame, hits)], expected);
  const cut = packet.subarray(0, 30);
  const short = { ...frame, length: 30, capturedLength: 30 };
  const cutPacket = new Packet(registry, first, cut);
  assert.deepEqual(
    [...set.match(first, cut, 0, 30, short, hits)],
    all.flatMap((each, i) => (each.matches(cutPacket, short) ? [i] : [])),
  );
});

test("generated code holds nothing of a query's text", () => {
  const source = new Query(registry, 'net.name == "process.exit()" or net.payload contains "evil"').source(
    first,
  );
  assert.doesNotMatch(source, /process|evil/);
});
