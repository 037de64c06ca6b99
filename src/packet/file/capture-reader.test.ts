import assert from "node:assert/strict";
import { test } from "node:test";
import { concatBytes } from "#base/bytes.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { MAX_PACKET_BYTES } from "#packet/file/limits.ts";
import { sniffCapture } from "#packet/file/sniff-capture.ts";
import { pcapFile, sectionHeader, words } from "#packet/file/testing/make-capture.ts";
import { copyPacket, readCapture } from "#packet/file/testing/read-capture.ts";

const MICRO = 0xa1b2c3d4;
const NANO = 0xa1b23c4d;
const ETHERNET = 1;
const LATE = 0xffff_fff0; // seconds beyond 31 bits

function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}

test("pcap is read in both byte orders and both resolutions", () => {
  for (const little of [true, false]) {
    for (const [magic, scale] of [
      [MICRO, 1_000],
      [NANO, 1],
    ] as const) {
      const file = pcapFile(little, magic, ETHERNET, [
        [7, 999_999, bytes(1, 2, 3), 0xffff_ffff],
        [LATE, 0, bytes()],
      ]);
      const { packets, problem, reader } = readCapture(file);
      assert.equal(problem, undefined);
      assert.equal(reader.format, "pcap");
      assert.equal(reader.done, true);
      assert.equal(reader.order, little ? "little" : "big");
      assert.equal(reader.position, file.length);
      assert.deepEqual(
        packets.map((each) => [each.seconds, each.nanoseconds, each.bytes, each.originalLength, each.number]),
        [
          [7, 999_999 * scale, [1, 2, 3], 0xffff_ffff, 1],
          [LATE, 0, [], 0, 2],
        ],
      );
      assert.equal(reader.interfaces.length, 1);
      assert.equal(reader.interfaces[0]!.ticksPerSecond, 1e9 / scale);
      assert.equal(reader.interfaces[0]!.snapLength, 65_535);
    }
  }
});

test("packets stand in the chunk that was pushed", () => {
  const file = pcapFile(true, MICRO, ETHERNET, [
    [1, 2, bytes(1, 2, 3)],
    [1, 3, bytes(4, 5)],
  ]);
  const reader = new CaptureReader();
  reader.push(file);
  assert.equal(reader.next(), true);
  assert.equal(reader.bytes, file);
  assert.deepEqual([reader.start, reader.stop], [40, 43]);
  assert.equal(reader.next(), true);
  assert.equal(reader.bytes, file);
  assert.equal(reader.next(), false);
  assert.equal(reader.done, false);
  reader.end();
  assert.equal(reader.done, true);
});

test("chunks may be pushed before the earlier ones were read", () => {
  const file = pcapFile(true, MICRO, ETHERNET, [
    [1, 2, bytes(1, 2, 3)],
    [1, 3, bytes(4, 5)],
  ]);
  const reader = new CaptureReader();
  for (let at = 0; at < file.length; at += 5) reader.push(file.subarray(at, at + 5));
  reader.end();
  const read = [];
  while (reader.next()) read.push(copyPacket(reader).bytes);
  assert.deepEqual(read, [
    [1, 2, 3],
    [4, 5],
  ]);
});

test("the link type is the low 16 bits, what is above tells of the frame check sequence", () => {
  const { packets, reader } = readCapture(pcapFile(true, MICRO, 0x5400_0069, [[0, 0, bytes(1)]]));
  assert.equal(packets[0]!.linkType, 0x69);
  assert.equal(reader.interfaces[0]!.linkType, 0x69);
});

test("more bytes than the packet had are taken as they are", () => {
  const { packets, problem } = readCapture(pcapFile(true, MICRO, ETHERNET, [[0, 0, bytes(1, 2, 3), 2]]));
  assert.equal(problem, undefined);
  assert.deepEqual(packets[0]!.bytes, [1, 2, 3]);
  assert.equal(packets[0]!.originalLength, 2);
});

test("before pcap 2.4 the lengths may stand the other way round", () => {
  for (const minor of [2, 3]) {
    const record = concatBytes([words(true, 5, 6, 9, 2), bytes(1, 2)]);
    const file = concatBytes([pcapFile(true, MICRO, ETHERNET, [], minor), record, record]);
    const { packets, problem } = readCapture(file);
    assert.equal(problem, undefined);
    assert.deepEqual(
      packets.map((each) => [each.bytes, each.originalLength]),
      [
        [[1, 2], 9],
        [[1, 2], 9],
      ],
    );
  }
});

test("the modified pcap has eight more bytes in front of each packet", () => {
  for (const little of [true, false]) {
    const record = concatBytes([words(little, 5, 6, 2, 2, 77, 88), bytes(1, 2)]);
    const file = concatBytes([pcapFile(little, 0xa1b2cd34, ETHERNET, []), record, record]);
    const { packets, problem } = readCapture(file, [7]);
    assert.equal(problem, undefined);
    assert.deepEqual(
      packets.map((each) => [each.bytes, each.nanoseconds]),
      [
        [[1, 2], 6_000],
        [[1, 2], 6_000],
      ],
    );
  }
});

test("a fraction of more than a second is carried", () => {
  const records = [5, 6].map((seconds) => [seconds, 2_000_003, bytes(1)] as const);
  const { packets } = readCapture(pcapFile(true, MICRO, ETHERNET, records));
  assert.deepEqual(
    packets.map((each) => [each.seconds, each.nanoseconds]),
    [
      [7, 3_000],
      [8, 3_000],
    ],
  );
});

test("what is no capture is a problem that says what it is", () => {
  for (const [file, expected] of [
    [bytes(), /^the file is empty$/],
    [bytes(0xd4, 0xc3), /ends before its format/],
    [bytes(0x1f, 0x8b, 8, 0), /compressed by gzip/],
    [bytes(1, 2, 3, 4, 5, 6), /neither pcap nor pcapng/],
    [
      pcapFile(true, MICRO, ETHERNET, []).subarray(0, 20),
      /inside its header \(byte 0\): it has 20 of 24 bytes/,
    ],
  ] as const) {
    const { packets, problem, reader } = readCapture(file);
    assert.deepEqual(packets, []);
    assert.match(problem?.message ?? "", expected);
    assert.equal(problem!.at, 0);
    assert.equal(reader.done, true);
  }
  const other = pcapFile(true, MICRO, ETHERNET, []);
  other[4] = 9;
  assert.match(readCapture(other).problem!.message, /version 9\.4/);
});

test("a cut file gives its whole packets and says where it ends", () => {
  const file = pcapFile(true, MICRO, ETHERNET, [
    [1, 2, bytes(1, 2, 3)],
    [1, 3, bytes(4, 5, 6, 7)],
  ]);
  const inPacket = readCapture(file.subarray(0, file.length - 1), [10]);
  assert.equal(inPacket.packets.length, 1);
  assert.deepEqual(inPacket.problem, {
    at: 43,
    message: "the file ends inside packet 2 (byte 43): it has 19 of 20 bytes",
  });
  const inHeader = readCapture(file.subarray(0, 50));
  assert.equal(
    inHeader.problem?.message,
    "the file ends inside packet 2 (byte 43): it has 7 of at least 16 bytes",
  );
});

test("an absurd length ends the file there", () => {
  const good = pcapFile(true, MICRO, ETHERNET, [[1, 2, bytes(1, 2, 3)]]);
  for (const length of [MAX_PACKET_BYTES + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]) {
    const file = concatBytes([good, words(true, 1, 2, length, length), new Uint8Array(100)]);
    const { packets, problem, reader } = readCapture(file);
    assert.equal(packets.length, 1);
    assert.equal(problem?.at, good.length);
    assert.equal(
      problem.message,
      `packet 2 (byte 43) claims ${length} bytes; the most is ${MAX_PACKET_BYTES}`,
    );
    reader.push(good); // no longer looked at
    assert.equal(reader.next(), false);
  }
  const short = [0, 0, bytes(1)] as const; // so that the long one is not the first
  const tooLong = pcapFile(true, MICRO, ETHERNET, [short, [1, 2, new Uint8Array(MAX_PACKET_BYTES + 1)]]);
  assert.equal(readCapture(tooLong).packets.length, 1);
  const longest = pcapFile(true, MICRO, ETHERNET, [[1, 2, new Uint8Array(MAX_PACKET_BYTES)]]);
  assert.equal(readCapture(longest, [1_000]).packets.length, 1);
});

test("messages of D-Bus may be longer than frames", () => {
  const file = pcapFile(true, MICRO, 231, [[1, 2, new Uint8Array(3 * MAX_PACKET_BYTES)]]);
  const { packets, problem } = readCapture(file, [65_536]);
  assert.equal(problem, undefined);
  assert.equal(packets[0]!.bytes.length, 3 * MAX_PACKET_BYTES);
});

test("the first bytes tell the kind of a file", () => {
  for (const little of [true, false]) {
    assert.equal(sniffCapture(pcapFile(little, MICRO, 1, [])), "pcap");
    assert.equal(sniffCapture(pcapFile(little, NANO, 1, [])), "pcap");
    assert.equal(sniffCapture(pcapFile(little, 0xa1b2cd34, 1, [])), "pcap");
    assert.equal(sniffCapture(sectionHeader(little)), "pcapng");
  }
  assert.equal(sniffCapture(bytes(0x1f, 0x8b)), "gzip");
  assert.equal(sniffCapture(bytes(0x0a, 0x0d, 0x0d)), undefined);
  assert.equal(sniffCapture(bytes(1, 2, 3, 4)), undefined);
  assert.equal(sniffCapture(bytes()), undefined);
});
