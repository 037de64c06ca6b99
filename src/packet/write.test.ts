import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { build, emit, layer } from "#packet/build.ts";
import {
  bits,
  bytes,
  checksum,
  computed,
  flags,
  int,
  ip,
  list,
  mac,
  padding,
  struct,
  u16,
  u64,
  u8,
  when,
} from "#packet/field.ts";
import { message, type Message } from "#packet/message.ts";
import { addressBytes, hexText } from "#packet/primitive.ts";
import { Registry } from "#packet/registry.ts";
import { putIpv4, putMac } from "#packet/write-address.ts";
import { placeOf, putBits } from "#packet/write-number.ts";

const Data = message("data", { fields: { data: bytes("rest", { query: "data.data" }) } });

const hex = (written: Uint8Array): string => hexText(written);

test("addresses that are put straight into the bytes are those that every other way finds", () => {
  const part = fc.oneof(
    fc.integer({ min: 0, max: 300 }).map(String),
    fc.constantFrom("", "00", "01", "x", "-1", " 1"),
  );
  const dotted = fc.array(part, { minLength: 3, maxLength: 5 }).map((parts) => parts.join("."));
  const pair = fc.oneof(
    fc.integer({ min: 0, max: 255 }).map((byte) => byte.toString(16).padStart(2, "0")),
    fc.constantFrom("0", "AF", "g0", "000"),
  );
  const hexes = fc
    .tuple(fc.array(pair, { minLength: 5, maxLength: 7 }), fc.constantFrom(":", "-"))
    .map(([pairs, between]) => pairs.join(between));
  let quick = 0;
  const agree = (family: "ipv4" | "mac", put: typeof putIpv4, size: number) => (text: string) => {
    const target = new Uint8Array(size + 2);
    if (!put(target, 1, text)) return;
    quick++;
    assert.deepEqual(target.subarray(1, 1 + size), addressBytes(family, text));
    assert.deepEqual([target[0], target[size + 1]], [0, 0]);
  };
  fc.assert(fc.property(dotted, agree("ipv4", putIpv4, 4)), { numRuns: 2_000 });
  fc.assert(fc.property(hexes, agree("mac", putMac, 6)), { numRuns: 2_000 });
  fc.assert(fc.property(fc.ipV4(), agree("ipv4", putIpv4, 4)));
  assert.ok(quick > 100, `${quick} were put straight`);
});

test("bits are put into their place and leave their neighbors alone", () => {
  const place = fc
    .tuple(fc.integer({ min: 0, max: 7 }), fc.integer({ min: 1, max: 32 }))
    .filter(([offset, width]) => offset + width <= 32);
  const around = fc.uint8Array({ minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(place, around, fc.nat(2 ** 31 - 1), ([offset, width], given, number) => {
      const value = Math.floor(number * 2) % 2 ** width;
      const written = given.slice();
      putBits(written, 0, placeOf(offset, width), value);
      const text = (of: Uint8Array): string =>
        Array.from(of, (byte) => byte.toString(2).padStart(8, "0")).join("");
      const before = text(given);
      const wanted =
        before.slice(0, offset) + value.toString(2).padStart(width, "0") + before.slice(offset + width);
      assert.equal(text(written), wanted);
    }),
  );
});

const Inner = message("inner", {
  fields: { length: u8(computed("payloadSize + sizeOf.tail + kind")), kind: u8(100) },
});
const Outer = message("outer", {
  fields: {
    kind: bits(4, 2),
    words: bits(4, computed("headerSize / 4")),
    itemCount: u8(computed("count.items")),
    inner: struct(Inner),
    items: list(u16()),
    more: when("kind == 3 && $1 == 0", u8(9)),
    tail: bytes("rest", { query: [] }),
    fill: padding(4),
    sum: u16(checksum({ algorithm: "internet", over: "layer" })),
  },
  on: { linktype: 1 },
});
const registry = new Registry(
  [Outer as unknown as Message, Data as unknown as Message],
  Data as unknown as Message,
);

test("a structure's field that depends on the payload is worked out of the layer's own fields", () => {
  const packet = [
    layer(Outer, { items: [1, 2], tail: Uint8Array.of(7) }),
    layer(Data, { data: Uint8Array.of(5) }),
  ];
  // The layer's kind, not the structure's: 1 of payload, 1 of tail, 2.
  assert.equal(hex(build(registry, packet)), "23020464" + "00010002" + "07000000" + "cc96" + "05");
});

test("what is given stands, also where it is wrong; what is not is worked out", () => {
  const given = { kind: 3, words: 1, itemCount: 9, inner: { length: 0 }, sum: 0xbeef };
  assert.equal(hex(emit(Outer, given)), "31090064" + "beef");
  // The second byte is 0: the condition that looks at it holds.
  assert.equal(hex(emit(Outer, { ...given, itemCount: 0 })), "31000064" + "09000000" + "beef");
  assert.equal(hex(emit(Outer, { kind: undefined, tail: null as never })), hex(emit(Outer)));
});

const All = message("all", {
  fields: {
    number: u16(),
    signed: int(8),
    long: u64(),
    set: flags({ a: 0x80, b: 0x40 }),
    address: ip(),
    link: mac(),
    data: bytes(2),
    list: list(u8()),
  },
});

test("what a field cannot hold is told with the field's name", () => {
  const said = (given: object): string => {
    try {
      return hex(emit(All, given));
    } catch (error) {
      return String(error);
    }
  };
  assert.equal(said({ number: 65_536 }), "TypeError: all.number takes an integer from 0 to 65535, not 65536");
  assert.equal(said({ number: "7" }), "TypeError: all.number takes an integer from 0 to 65535, not 7");
  assert.equal(said({ signed: -129 }), "TypeError: all.signed takes an integer from -128 to 127, not -129");
  assert.match(said({ long: 1.5 }), /^RangeError/);
  assert.equal(said({ set: { c: true } }), "TypeError: all.set has no flag c");
  assert.equal(said({ set: 1 }), "TypeError: all.set takes flags by name");
  assert.equal(said({ address: "1.2.3" }), "TypeError: all.address: 1.2.3 is no ipv4 address");
  assert.equal(said({ link: "2:0:0:0:0" }), "TypeError: all.link: 2:0:0:0:0 is no mac address");
  assert.equal(said({ data: 5 }), "TypeError: all.data takes bytes");
  assert.equal(said({ list: "ab" }), "TypeError: all.list takes a list");
  assert.equal(said({ list: [1, 300] }), "TypeError: all.list.1 takes an integer from 0 to 255, not 300");
  assert.equal(said({ nothing: 1 }), "TypeError: all has no field nothing");
  const fine = { signed: -2, long: -1n, set: { b: true }, link: "2:0:0:0:0:a", data: "é", list: [7] };
  assert.equal(
    said(fine),
    "0000" + "fe" + "ff".repeat(8) + "40" + "00000000" + "02000000000a" + "c3a9" + "07",
  );
});

test("a packet is never longer than the limit, however it grows", () => {
  assert.equal(emit(All, { data: new Uint8Array(1_000_000) }).length, 1_000_022);
  assert.throws(() => emit(All, { data: new Uint8Array(17 * 1_024 * 1_024) }), /more than 16777216 bytes/);
});
