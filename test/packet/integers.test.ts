import assert from "node:assert/strict";
import { test } from "node:test";
import { emit } from "#packet/build.ts";
import { flags, i24, i48, i64, int, u8, uint, wide } from "#packet/field.ts";
import { message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { hexText } from "#packet/primitive.ts";

const Signed = message("signed", {
  fields: {
    short: int(5),
    long: int(43),
    medium: i24(),
    little: i24(0, { order: "little" }),
    six: i48(),
    eight: i64(0n, { order: "little" }),
  },
});

test("signed integers of any width are in two's complement, in both orders", () => {
  const values = { short: -1, long: -2, medium: -3, little: -4, six: -5, eight: -6n };
  const written = emit(Signed, values);
  assert.equal(hexText(written), "fffffffffffefffffdfcfffffffffffffffbfaffffffffffffff");
  assert.deepEqual(parse(Signed, written), { ok: true, value: values, end: written.length });
});

test("an integer lies across up to six bytes, and its neighbours keep theirs", () => {
  const Wide = message("wide", { fields: { first: uint(3), middle: uint(40), last: uint(5) } });
  const values = { first: 5, middle: 0x12_3456_789a, last: 17 };
  const written = emit(Wide, values);
  assert.equal(BigInt(`0x${hexText(written)}`), (5n << 45n) | (0x12_3456_789an << 5n) | 17n);
  assert.deepEqual(parse(Wide, written), { ok: true, value: values, end: 6 });
});

test("integers of more than 48 bits are exact", () => {
  const Label = message("label", { fields: { id: wide(128), key: wide(56, 0n, { order: "little" }) } });
  const values = { id: 0x0102_0304_0506_0708_090a_0b0c_0d0e_0f10n, key: 0x01_0203_0405_0607n };
  const written = emit(Label, values);
  assert.equal(hexText(written), "0102030405060708090a0b0c0d0e0f1007060504030201");
  assert.deepEqual(parse(Label, written), { ok: true, value: values, end: 23 });
});

test("flags have both orders", () => {
  const Both = message("both", {
    fields: {
      big: flags({ first: 1 }, { bits: 16 }),
      little: flags({ first: 1 }, { bits: 16, order: "little" }),
    },
  });
  const written = emit(Both, { big: { first: true }, little: { first: true } });
  assert.equal(hexText(written), "00010100");
  const read = parse(Both, written);
  assert.ok(read.ok && read.value.big.first && read.value.little.first);
});

test("a width that cannot be is refused where it is declared", () => {
  for (const bits of [0, 49, 2.5, Number.NaN]) assert.throws(() => uint(bits), /1 to 48/);
  for (const bits of [48, 60, 136]) assert.throws(() => wide(bits), /wide integer/);
  assert.throws(() => flags({}, { bits: 40 }), /flags of 40 bits/);
  const over = { before: uint(7), long: uint(48), after: uint(1) };
  assert.throws(() => message("over", { fields: over }), /more than six bytes/);
  const shared = { nibble: uint(4), lower: uint(4, 0, { order: "little" }), after: u8() };
  assert.throws(() => message("shared", { fields: shared }), /little endian/);
});
