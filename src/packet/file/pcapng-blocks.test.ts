import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes } from "#base/bytes.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import { MAX_BLOCK_BYTES } from "#packet/file/limits.ts";
import {
  enhancedPacket,
  interfaceBlock,
  padBytes,
  pcapngBlock,
  pcapngOption,
  sectionHeader,
  shorts,
  words,
} from "#packet/file/testing/make-capture.ts";
import { readCapture } from "#packet/file/testing/read-capture.ts";

const ETHERNET = 1;
const IPV4 = 228;

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

/** Both halves of a timestamp. */
function ticks(value: bigint): [number, number] {
  return [Number(value >> 32n), Number(value & 0xffff_ffffn)];
}

/** One section with one interface of the options given, and what follows. */
function file(little: boolean, options: readonly Uint8Array[], ...blocks: readonly Uint8Array[]): Uint8Array {
  return concatBytes([sectionHeader(little), interfaceBlock(little, ETHERNET, 0, ...options), ...blocks]);
}

/** The time of a packet of an interface with those options. */
function timeOf(little: boolean, options: readonly Uint8Array[], value: bigint): [number, number] {
  const read = readCapture(file(little, options, enhancedPacket(little, 0, ticks(value), bytes(1))));
  assert.equal(read.problem, undefined);
  return [read.packets[0]!.seconds, read.packets[0]!.nanoseconds];
}

test("sections of both byte orders are read, and their interfaces are counted on", () => {
  const parts = [true, false, true].flatMap((little, i) => [
    sectionHeader(little, pcapngOption(little, 3, encodeUtf8("os"))),
    interfaceBlock(little, ETHERNET, 96, pcapngOption(little, 2, encodeUtf8(`eth${i}`))),
    interfaceBlock(little, IPV4, 0, pcapngOption(little, 3, encodeUtf8("a düct"))),
    enhancedPacket(
      little,
      1,
      ticks(1_700_000_000_123_456n),
      bytes(i, 2, 3),
      pcapngOption(little, 1, encodeUtf8("hé")),
    ),
    enhancedPacket(little, 0, ticks(5n), bytes(i)),
  ]);
  const { packets, problem, reader, blocks } = readCapture(concatBytes(parts), [13]);
  assert.equal(problem, undefined);
  assert.equal(reader.format, "pcapng");
  assert.deepEqual(
    packets.map((each) => [each.bytes, each.interfaceIndex, each.linkType, each.number, each.comments]),
    [0, 1, 2].flatMap((i) => [
      [[i, 2, 3], 2 * i + 1, IPV4, 2 * i + 1, ["hé"]],
      [[i], 2 * i, ETHERNET, 2 * i + 2, []],
    ]),
  );
  assert.deepEqual([packets[0]!.seconds, packets[0]!.nanoseconds], [1_700_000_000, 123_456_000]);
  assert.equal(packets[0]!.originalLength, 4);
  assert.deepEqual(
    reader.interfaces.map((each) => [each.section, each.name, each.description, each.snapLength, each.order]),
    [0, 1, 2].flatMap((i) => [
      [i, `eth${i}`, undefined, 96, i === 1 ? "big" : "little"],
      [i, undefined, "a düct", 0, i === 1 ? "big" : "little"],
    ]),
  );
  assert.deepEqual(
    blocks.map((each) => [each.type, each.section, each.firstInterface, each.order]),
    [0, 1, 2].flatMap((i) => {
      const order = i === 1 ? "big" : "little";
      return [
        [0x0a0d0d0a, i, 2 * i, order],
        [1, i, 2 * i, order],
        [1, i, 2 * i, order],
      ];
    }),
  );
});

test("timestamps have the resolution that the interface tells", () => {
  for (const little of [true, false]) {
    const resolution = (byte: number) => [pcapngOption(little, 9, bytes(byte))];
    assert.deepEqual(timeOf(little, [], 1_000_001n), [1, 1_000]);
    assert.deepEqual(timeOf(little, resolution(6), 1_000_001n), [1, 1_000]);
    assert.deepEqual(timeOf(little, resolution(9), 1_700_000_000_999_999_999n), [1_700_000_000, 999_999_999]);
    assert.deepEqual(timeOf(little, resolution(0), 77n), [77, 0]);
    assert.deepEqual(timeOf(little, resolution(3), 77_003n), [77, 3_000_000]);
    assert.deepEqual(timeOf(little, resolution(12), 2_000_000_001_999n), [2, 1]);
    assert.deepEqual(timeOf(little, resolution(0x80 | 10), 1_024n * 5n + 512n), [5, 500_000_000]);
    assert.deepEqual(timeOf(little, resolution(0x80 | 32), (7n << 32n) + 1n), [7, 0]);
    assert.deepEqual(timeOf(little, resolution(0x7f), 1n << 63n), [0, 0]);
    assert.deepEqual(timeOf(little, resolution(0xff), 1n << 63n), [0, 0]);
  }
});

test("an interface may tell seconds to add, also fewer than none", () => {
  for (const little of [true, false]) {
    const plus = little ? words(true, 100, 0) : words(false, 0, 100);
    const minus = little ? words(true, 0xffff_fff6, 0xffff_ffff) : words(false, 0xffff_ffff, 0xffff_fff6);
    assert.deepEqual(timeOf(little, [pcapngOption(little, 14, plus)], 1_500_000n), [101, 500_000_000]);
    assert.deepEqual(timeOf(little, [pcapngOption(little, 14, minus)], 1_500_000n), [-9, 500_000_000]);
  }
});

test("simple packets have no time and are cut at the interface's snap length", () => {
  for (const little of [true, false]) {
    const simple = pcapngBlock(little, 3, words(little, 9), padBytes(bytes(1, 2, 3, 4, 5)));
    const all = concatBytes([
      sectionHeader(little),
      interfaceBlock(little, IPV4, 5),
      enhancedPacket(little, 0, [0, 9], bytes(1), pcapngOption(little, 1, encodeUtf8("not of the next"))),
      simple,
      enhancedPacket(little, 0, [0, 9], bytes(1)),
    ]);
    const { packets, problem } = readCapture(all);
    assert.equal(problem, undefined);
    assert.deepEqual(packets[1], {
      ...{ bytes: [1, 2, 3, 4, 5], seconds: 0, nanoseconds: 0, timed: false, originalLength: 9 },
      ...{ interfaceIndex: 0, linkType: IPV4, number: 2, comments: [] },
    });
    assert.equal(packets[0]!.timed, true);
    assert.equal(packets[2]!.timed, true);
  }
});

test("the obsolete packet block is read", () => {
  for (const little of [true, false]) {
    const head = concatBytes([shorts(little, 0, 3), words(little, 0, 2_000_003, 3, 7)]);
    const comment = pcapngOption(little, 1, encodeUtf8("old"));
    const old = pcapngBlock(little, 2, head, padBytes(bytes(1, 2, 3)), comment);
    const { packets, problem } = readCapture(file(little, [], old));
    assert.equal(problem, undefined);
    assert.deepEqual(packets[0], {
      ...{ bytes: [1, 2, 3], seconds: 2, nanoseconds: 3_000, timed: true, originalLength: 7 },
      ...{ interfaceIndex: 0, linkType: ETHERNET, number: 1, comments: ["old"] },
    });
  }
});

test("other blocks are handed over in order, known or not", () => {
  const types = [4, 5, 10, 0xbad, 0x40000bad, 0x1234_5678];
  const others = types.map((type) => pcapngBlock(true, type, words(true, type, 0)));
  const packet = enhancedPacket(true, 0, [0, 1], bytes(1));
  const { blocks, packets, problem } = readCapture(file(true, [], ...others, packet, others[0]!), [5]);
  assert.equal(problem, undefined);
  assert.equal(packets.length, 1);
  assert.deepEqual(
    blocks.slice(2).map((each) => each.type),
    [...types, 4],
  );
  assert.deepEqual(blocks[2]!.body, words(true, 4, 0));
  assert.equal(blocks[2]!.at, 28 + 20);
});

test("options that run beyond their block are not read", () => {
  const broken = concatBytes([shorts(true, 1, 3), bytes(65, 66, 67, 0), shorts(true, 1, 400)]);
  const { packets, problem } = readCapture(file(true, [], enhancedPacket(true, 0, [0, 1], bytes(1), broken)));
  assert.equal(problem, undefined);
  assert.deepEqual(packets[0]!.comments, ["ABC"]);
});

test("a broken block ends the file there, and says what is wrong", () => {
  const good = file(true, [], enhancedPacket(true, 0, [0, 1], bytes(1)));
  const trailing = enhancedPacket(true, 0, [0, 1], bytes(1));
  trailing[trailing.length - 4] = 40;
  const otherVersion = sectionHeader(true);
  otherVersion[12] = 2;
  const noMagic = sectionHeader(true);
  noMagic[8] = 0;
  for (const [block, expected] of [
    [words(true, 6, 33, 0, 0), "packet 2 (byte 84) claims a block of 33 bytes"],
    [words(true, 6, 8, 0, 0), "packet 2 (byte 84) claims a block of 8 bytes"],
    [words(true, 5, 0, 0, 0), "a block of type 5 (byte 84) claims a block of 0 bytes"],
    [words(true, 5, MAX_BLOCK_BYTES + 4, 0), "a block of type 5 (byte 84) claims a block of 67108868 bytes"],
    [trailing, "packet 2 (byte 84) has the lengths 36 and 40"],
    [
      enhancedPacket(true, 3, [0, 1], bytes(1)),
      "packet 2 (byte 84) names interface 3, but its section has told 1",
    ],
    [
      pcapngBlock(true, 6, words(true, 0, 0, 0, 5, 5)),
      "packet 2 (byte 84) claims 5 bytes, but its block has room for 0",
    ],
    [pcapngBlock(true, 6, words(true, 0)), "packet 2 (byte 84) has a block of 16 bytes; the least is 32"],
    [pcapngBlock(true, 3), "packet 2 (byte 84) has a block of 12 bytes; the least is 16"],
    [
      pcapngBlock(true, 3, words(true, 8, 0)),
      "packet 2 (byte 84) claims 8 bytes, but its block has room for 4",
    ],
    [pcapngBlock(true, 1, words(true, 0)), "the interface (byte 84) has a block of 16 bytes"],
    [otherVersion, "the section (byte 84) has pcapng version 2.0; known is 1"],
    [noMagic, "the section header (byte 84) has no byte-order magic"],
    [words(true, 6, 32, 0), "the file ends inside packet 2 (byte 84): it has 12 of 32 bytes"],
    [words(true, 10, 32, 0), "the file ends inside a block of type 10 (byte 84): it has 12 of 32 bytes"],
    [words(true, 6), "the file ends inside a block (byte 84): it has 4 of at least 12 bytes"],
  ] as const) {
    const { packets, problem } = readCapture(concatBytes([good, block]), [11]);
    assert.equal(packets.length, 1);
    assert.deepEqual(problem, { at: good.length, message: expected });
  }
});

test("a packet before any interface is a problem", () => {
  for (const packet of [enhancedPacket(true, 0, [0, 0], bytes(1)), pcapngBlock(true, 3, words(true, 0))]) {
    const { problem } = readCapture(concatBytes([sectionHeader(true), packet]));
    assert.match(problem!.message, /names interface 0, but its section has told 0/);
  }
});
