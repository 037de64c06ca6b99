import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hexText } from "#packet/primitive.ts";
import { MEMBERLIST_LIMITS } from "#wire/memberlist/limits.ts";
import { MsgpackReader, MsgpackWriter } from "#wire/memberlist/msgpack.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";

function reader(bytes: Uint8Array | string, limits = MEMBERLIST_LIMITS): MsgpackReader {
  const all = typeof bytes === "string" ? bytesOf(bytes) : bytes;
  return new MsgpackReader(all, 0, all.length, limits);
}

function written(write: (writer: MsgpackWriter) => void): Uint8Array {
  const writer = new MsgpackWriter();
  write(writer);
  return writer.finish();
}

/** A value, what writes it and what reads it, where a reader needs no more than the bytes. */
interface Step {
  write(writer: MsgpackWriter): void;
  read(reader: MsgpackReader): unknown;
  readonly expected: unknown;
}

const LOW = -(2n ** 63n);
const HIGH = 2n ** 64n - 1n;
const SAFE = Number.MAX_SAFE_INTEGER;
const bits = fc.integer({ min: 0, max: 63 });

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.maxSafeInteger().map((value) => ({
    write: (writer: MsgpackWriter) => writer.integer(value),
    read: (each: MsgpackReader) => each.integer(-SAFE, SAFE),
    expected: value,
  })),
  fc.tuple(fc.bigInt({ min: LOW, max: HIGH }), bits).map(([big, shift]) => ({
    write: (writer: MsgpackWriter) => writer.integer(big >> BigInt(shift)),
    read: (each: MsgpackReader) => each.bigint(LOW, HIGH),
    expected: big >> BigInt(shift),
  })),
  fc.double().map((value) => ({
    write: (writer: MsgpackWriter) => writer.float(value),
    read: (each: MsgpackReader) => each.float(),
    expected: value,
  })),
  fc.boolean().map((value) => ({
    write: (writer: MsgpackWriter) => writer.boolean(value),
    read: (each: MsgpackReader) => each.boolean(),
    expected: value,
  })),
  fc.constantFrom(0, 1, 31, 32, 255, 256, 65_535, 65_536).map((size) => ({
    write: (writer: MsgpackWriter) => writer.raw(new Uint8Array(size).fill(7)),
    read: (each: MsgpackReader) => each.raw().length,
    expected: size,
  })),
  fc.constantFrom(undefined).map(() => ({
    write: (writer: MsgpackWriter) => writer.nil(),
    read: (each: MsgpackReader) => each.nil(),
    expected: true,
  })),
);

test("what is written is read back, and skipped over", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const bytes = written((writer) => {
        for (const each of steps) each.write(writer);
      });
      const found = reader(bytes);
      for (const each of steps) assert.deepEqual(each.read(found), each.expected);
      assert.equal(found.problem, undefined);
      assert.equal(found.at, bytes.length);
      const skipping = reader(bytes);
      for (let i = 0; i < steps.length; i++) skipping.skip();
      assert.deepEqual([skipping.problem, skipping.at], [undefined, bytes.length]);
    }),
  );
});

test("a value may lie anywhere where the writer's buffer grows", () => {
  const writes: readonly ((writer: MsgpackWriter) => void)[] = [
    (writer) => writer.integer(300),
    (writer) => writer.integer(-300),
    (writer) => writer.integer(-100),
    (writer) => writer.integer(70_000),
    (writer) => writer.integer(-70_000),
    (writer) => writer.integer(2n ** 60n),
    (writer) => writer.float(0.5),
    (writer) => writer.raw(new Uint8Array(40)),
    (writer) => writer.map(20),
  ];
  for (const write of writes) {
    const alone = written(write);
    for (let before = 240; before < 270; before++) {
      const bytes = written((writer) => {
        writer.append(new Uint8Array(before));
        write(writer);
      });
      assert.equal(hexText(bytes, before), hexText(alone));
    }
  }
});

test("every value is written in the form that Go writes", () => {
  const integers: readonly (readonly [number | bigint, string])[] = [
    [0, "00"],
    [127, "7f"],
    [128, "cc80"],
    [255, "ccff"],
    [256, "cd0100"],
    [7946, "cd1f0a"],
    [65_535, "cdffff"],
    [65_536, "ce00010000"],
    [0xffff_ffff, "ceffffffff"],
    [2 ** 33, "cf0000000200000000"],
    [HIGH, "cfffffffffffffffff"],
    [-1, "ff"],
    [-32, "e0"],
    [-33, "d0df"],
    [-128, "d080"],
    [-129, "d1ff7f"],
    [-32_769, "d2ffff7fff"],
    [-(2 ** 31) - 1, "d3ffffffff7fffffff"],
    [LOW, "d38000000000000000"],
  ];
  for (const [value, hex] of integers)
    assert.equal(hexText(written((writer) => writer.integer(value))), hex, String(value));
  const heads: readonly (readonly [(writer: MsgpackWriter) => void, string])[] = [
    [(writer) => writer.raw(new Uint8Array(31)), "bf"],
    [(writer) => writer.raw(new Uint8Array(40)), "da0028"],
    [(writer) => writer.raw(new Uint8Array(65_536)), "db00010000"],
    [(writer) => writer.text("Node"), "a44e6f6465"],
    [(writer) => writer.map(15), "8f"],
    [(writer) => writer.map(16), "de0010"],
    [(writer) => writer.array(512), "dc0200"],
    [(writer) => writer.array(70_000), "dd00011170"],
    [(writer) => writer.nil(), "c0"],
    [(writer) => writer.boolean(true), "c3"],
    [(writer) => writer.float(1.5), "cb3ff8000000000000"],
  ];
  for (const [write, hex] of heads) assert.ok(hexText(written(write)).startsWith(hex), hex);
});

test("every form of a value is read", () => {
  for (const hex of [
    "05",
    "cc05",
    "cd0005",
    "ce00000005",
    "cf0000000000000005",
    "d005",
    "d10005",
    "d300000000 00000005",
  ])
    assert.equal(reader(hex).integer(0, 255), 5, hex);
  assert.equal(reader("d1ff38").integer(-1_000, 0), -200);
  for (const hex of [
    "a24869",
    "d9024869",
    "da00024869",
    "db000000024869",
    "c4024869",
    "c500024869",
    "c6000000024869",
  ])
    assert.deepEqual(reader(hex).raw(), bytesOf("4869"), hex);
  assert.equal(reader("ca3fc00000").float(), 1.5);
  assert.equal(reader("03").float(), 3);
  assert.equal(reader("df00000000").map(), 0);
  assert.equal(reader("dd00000000").array(), 0);
  // An unknown key's value may be anything: a float, an extension, a map of arrays.
  for (const hex of [
    "cb3ff8000000000000",
    "d40102",
    "c70301ffffff",
    "82a161920102a162c0",
    "d8" + "00".repeat(17),
  ]) {
    const each = reader(hex);
    each.skip();
    assert.deepEqual([each.problem, each.at], [undefined, hex.length / 2], hex);
  }
});

test("the first problem stays, with its place", () => {
  const cases: readonly (readonly [string, (each: MsgpackReader) => unknown, string, number, boolean])[] = [
    ["cb3ff8000000000000", (each) => each.integer(0, 9), "not an integer but 0xcb", 0, false],
    ["a161", (each) => each.map(), "not a map but 0xa1", 0, false],
    ["c1", (each) => each.skip(), "not an integer but 0xc1", 0, false],
    ["ff", (each) => each.integer(0, 9), "-1 does not fit 0 to 9", 0, false],
    [
      "cfffffffffffffffff",
      (each) => each.integer(0, 9),
      "18446744073709551615 does not fit 0 to 9",
      0,
      false,
    ],
    ["da0028", (each) => each.raw(), "it ends too early", 3, true],
    ["dfffffffff", (each) => each.map(), "4294967295 items in one value", 5, false],
    ["de0100", (each) => each.map(), "it ends too early", 3, true],
    ["dbffffffff", (each) => each.raw(), "a string of 4294967295 bytes", 5, false],
    ["91".repeat(20) + "00", (each) => each.skip(), "nested deeper than 16", 16, false],
  ];
  for (const [hex, read, error, at, truncated] of cases) {
    const each = reader(hex);
    read(each);
    assert.deepEqual(each.problem, { error, at, truncated }, hex);
    assert.equal(each.integer(0, 9), 0);
    assert.equal(each.raw().length, 0);
    assert.equal(each.problem!.error, error);
  }
  const few = reader("9f" + "00".repeat(15), { ...MEMBERLIST_LIMITS, msgpackValues: 15 });
  few.skip();
  assert.equal(few.problem?.error, "more than 15 values");
});

test("any bytes are read to an end, and no count takes memory", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(7), { maxLength: 30 }), (bytes, reads) => {
      const each = reader(bytes);
      for (const read of reads) {
        if (read === 0) assert.ok(each.map() <= bytes.length);
        else if (read === 1) assert.ok(each.array() <= bytes.length);
        else if (read === 2) each.raw();
        else if (read === 3) each.bigint(LOW, HIGH);
        else if (read === 4) each.float();
        else if (read === 5) each.boolean();
        else if (read === 6) each.nil();
        else each.skip();
        assert.ok(each.at <= bytes.length);
      }
    }),
    { numRuns: 2_000 },
  );
});
