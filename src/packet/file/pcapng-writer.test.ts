import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes } from "#base/bytes.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { textOf, textOption } from "#packet/file/options.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";
import {
  enhancedPacket,
  interfaceBlock,
  pcapngBlock,
  pcapngOption,
  sectionHeader,
  shorts,
  words,
} from "#packet/file/testing/make-capture.ts";
import { readCapture } from "#packet/file/testing/read-capture.ts";

const order = fc.constantFrom("little" as const, "big" as const);
const packet = fc.record({
  bytes: fc.uint8Array({ maxLength: 200 }),
  seconds: fc.nat(0xffff_ffff),
  nanoseconds: fc.nat(999_999_999),
  more: fc.nat(2_000),
  interfaceIndex: fc.nat(2),
  comments: fc.array(fc.string({ unit: "grapheme", minLength: 1 }), { maxLength: 2 }),
});
const noZero = (text: string) => text.replaceAll("\0", "_");

test("what was written is read again, in chunks of any sizes", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(order, fc.array(packet, { maxLength: 20 }), sizes, (own, packets, chunks) => {
      const writer = new PcapngWriter({ order: own });
      const parts = [writer.section([textOption(4, "parley")])];
      for (const name of ["a", "b", "c"]) parts.push(writer.interface({ linkType: 1, name, snapLength: 77 }));
      for (const each of packets) {
        const stop = each.bytes.length;
        const comments = each.comments.map(noZero);
        const args = [each.bytes, 0, stop, each.seconds, each.nanoseconds, stop + each.more] as const;
        writer.append(each.interfaceIndex, ...args, { comments });
        parts.push(writer.take());
        const plain = writer.packet(each.interfaceIndex, ...args);
        assert.equal(plain.length % 4, 0);
      }
      const { packets: read, problem, reader, blocks } = readCapture(concatBytes(parts), chunks);
      assert.equal(problem, undefined);
      assert.equal(reader.order, own);
      assert.deepEqual(
        reader.interfaces.map((each) => [each.name, each.snapLength, each.ticksPerSecond]),
        [
          ["a", 77, 1e9],
          ["b", 77, 1e9],
          ["c", 77, 1e9],
        ],
      );
      assert.equal(blocks.length, 4);
      assert.deepEqual(
        read,
        packets.map((each, i) => ({
          ...{ bytes: [...each.bytes], seconds: each.seconds, nanoseconds: each.nanoseconds, timed: true },
          ...{ originalLength: each.bytes.length + each.more, interfaceIndex: each.interfaceIndex },
          ...{ linkType: 1, number: i + 1, comments: each.comments.map(noZero) },
        })),
      );
    }),
  );
});

/** Copies a file by a reader and a writer as an editor would; the blocks that could not be kept are counted. */
function copy(
  file: Uint8Array,
  own: "little" | "big",
): { readonly file: Uint8Array; readonly dropped: number } {
  const writer = new PcapngWriter({ order: own });
  let dropped = 0;
  const reader: CaptureReader = new CaptureReader({
    onBlock: (block) => {
      if (!writer.appendBlock(block.type, block.body, block)) dropped++;
    },
  });
  reader.push(file);
  reader.end();
  while (reader.next()) {
    const { interfaceIndex, bytes, start, stop, seconds, nanoseconds, originalLength } = reader;
    const extras = { options: reader.options(), order: reader.order };
    writer.append(interfaceIndex, bytes, start, stop, seconds, nanoseconds, originalLength, extras);
  }
  assert.equal(reader.problem, undefined);
  return { file: writer.take(), dropped };
}

/** A file with everything whose format is known: two sections, the second with the second interface. */
function everything(little: boolean): Uint8Array {
  const text = (code: number, value: string) => pcapngOption(little, code, encodeUtf8(value));
  const number = (code: number, ...values: number[]) => pcapngOption(little, code, words(little, ...values));
  const long = (code: number, value: number) =>
    pcapngOption(little, code, little ? words(true, value, 0) : words(false, 0, value));
  const end = pcapngOption(little, 0, new Uint8Array(0));
  const verdict = concatBytes([Uint8Array.of(1), little ? words(true, 7, 0) : words(false, 0, 7)]);
  const names = concatBytes([
    concatBytes([shorts(little, 1, 8), Uint8Array.of(10, 0, 0, 1), encodeUtf8("abc\0")]),
    concatBytes([shorts(little, 2, 19), new Uint8Array(16).fill(3), encodeUtf8("de\0"), Uint8Array.of(0)]),
    shorts(little, 0, 0),
  ]);
  const section = (resolution: number) => [
    sectionHeader(little, text(1, "a comment"), text(3, "os"), text(4, "application"), end),
    interfaceBlock(
      ...([little, 1, 0x1234, text(2, "eth0"), pcapngOption(little, 9, Uint8Array.of(resolution))] as const),
      ...[long(8, 1_000_000_000), number(10, 3_600), long(14, 1_000), text(12, "Linux"), end],
    ),
    pcapngBlock(little, 4, names, text(2, "dns.example"), end),
    pcapngBlock(little, 10, words(little, 0x544c534b, 5), encodeUtf8("CLIEN\0\0\0"), text(1, "keys"), end),
    enhancedPacket(
      ...([little, 0, [0x0001_0002, 0x0304_0506], Uint8Array.of(1, 2, 3), text(1, "one")] as const),
      ...[number(2, 0x8000_0001), long(4, 12), number(6, 5), pcapngOption(little, 7, verdict), end],
    ),
    pcapngBlock(little, 5, words(little, 0, 1, 2), number(2, 1, 2), long(4, 99), text(1, "done"), end),
  ];
  return concatBytes([...section(6), ...section(0x80 | 20)]);
}

test("a copy has the same bytes in either byte order, whatever the order of the file", () => {
  for (const from of [true, false]) {
    for (const to of [true, false]) {
      const copied = copy(everything(from), to ? "little" : "big");
      assert.equal(copied.dropped, 0);
      assert.deepEqual(unsorted(copied.file), unsorted(everything(to)));
    }
  }
});

/** What a file holds, with the options of interfaces sorted: the writer puts the resolution first. */
function unsorted(file: Uint8Array): unknown {
  const { packets, blocks, reader } = readCapture(file);
  return {
    packets,
    blocks: blocks.filter((each) => each.type !== 1).map((each) => ({ ...each, body: each.body.join() })),
    interfaces: reader.interfaces.map((each) => ({
      ...each,
      options: each.options.toSorted((a, b) => a.code - b.code),
    })),
  };
}

test("a file in Buffers is read like any other, and not changed", () => {
  const file = Buffer.from(everything(true));
  const before = Uint8Array.from(file);
  assert.deepEqual(copy(file, "big").file, copy(before, "big").file);
  assert.deepEqual(Uint8Array.from(file), before);
  const writer = new PcapngWriter({ order: "big" });
  writer.appendSection();
  const body = Buffer.from(words(true, 0x544c534b, 0));
  assert.notEqual(writer.block(10, body, { order: "little" }), undefined);
  assert.deepEqual(Uint8Array.from(body), words(true, 0x544c534b, 0));
});

test("a block of unknown format is kept in its own byte order only", () => {
  const start = concatBytes([sectionHeader(true), interfaceBlock(true, 1, 0)]);
  const file = concatBytes([start, pcapngBlock(true, 0xbad, words(true, 1, 2)), pcapngBlock(true, 77)]);
  const same = copy(file, "little");
  assert.equal(same.dropped, 0);
  assert.deepEqual(
    readCapture(same.file).blocks.map((each) => each.type),
    [0x0a0d0d0a, 1, 0xbad, 77],
  );
  const other = copy(file, "big");
  assert.equal(other.dropped, 2);
  assert.equal(readCapture(other.file).blocks.length, 2);
});

test("broken blocks are dropped when they must be converted, and never throw", () => {
  const types = fc.constantFrom(1, 3, 4, 5, 6, 10, 0x0a0d0d0a, 0xbad);
  fc.assert(
    fc.property(types, order, order, fc.uint8Array({ maxLength: 80 }), (type, from, to, body) => {
      const writer = new PcapngWriter({ order: to });
      writer.appendSection();
      writer.appendInterface({ linkType: 1 });
      const before = writer.size;
      const kept = writer.appendBlock(type, body, { order: from, firstInterface: 0 });
      assert.equal(kept, writer.size > before);
      readCapture(writer.take());
    }),
    { numRuns: 1_000 },
  );
});

test("sections merged into one keep their statistics with their interface", () => {
  const writer = new PcapngWriter();
  writer.appendSection();
  writer.appendInterface({ linkType: 1 });
  assert.equal(writer.appendInterface({ linkType: 1 }), 1);
  assert.equal(writer.interfaceCount, 2);
  const block = writer.block(5, words(true, 0, 3, 4), { order: "little", firstInterface: 1 });
  assert.deepEqual(block, pcapngBlock(true, 5, words(true, 1, 3, 4)));
});

test("an interface keeps its resolution, or gets the one that is told", () => {
  const writer = new PcapngWriter();
  const resolution = { code: 9, value: Uint8Array.of(0x80 | 20) };
  writer.appendSection();
  writer.appendInterface({ linkType: 1, options: [resolution] });
  writer.appendInterface({ linkType: 1, options: [resolution], ticksPerSecond: 1e6 });
  writer.appendInterface({ linkType: 1, options: [textOption(2, "x")], name: "y", description: "z" });
  const { reader } = readCapture(writer.take());
  assert.deepEqual(
    reader.interfaces.map((each) => each.ticksPerSecond),
    [2 ** 20, 1e6, 1e9],
  );
  assert.equal(reader.interfaces[2]!.name, "y");
  assert.equal(textOf(reader.interfaces[2]!.options, 3), "z");
});

test("a comment is cut at a whole character when it is too long", () => {
  const { value } = textOption(1, "é".repeat(40_000));
  assert.equal(value.length, 65_534);
  assert.equal(textOf([{ code: 1, value }], 1), "é".repeat(32_767));
});

test("a time that its interface cannot tell becomes the nearest, and is counted", () => {
  const writer = new PcapngWriter();
  writer.appendSection();
  writer.appendInterface({ linkType: 1 });
  writer.append(0, new Uint8Array(1), 0, 1, -1, 0, 1);
  assert.equal(writer.clampedTimes, 1);
  assert.equal(readCapture(writer.take()).packets[0]!.seconds, 0);
});
