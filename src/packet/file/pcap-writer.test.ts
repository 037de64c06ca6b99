import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes } from "#base/bytes.ts";
import { MAX_PACKET_BYTES } from "#packet/file/limits.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { readCapture } from "#packet/file/testing/read-capture.ts";

const packet = fc.record({
  bytes: fc.uint8Array({ maxLength: 200 }),
  seconds: fc.nat(0xffff_ffff),
  nanoseconds: fc.nat(999_999_999),
  more: fc.nat(2_000),
});
const kind = fc.record({
  order: fc.constantFrom("little" as const, "big" as const),
  nanoseconds: fc.boolean(),
  linkType: fc.constantFrom(1, 101, 228),
});

test("what was written is read again, in chunks of any sizes", () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(kind, fc.array(packet, { maxLength: 20 }), sizes, (options, packets, chunks) => {
      const writer = new PcapWriter(options);
      const records = packets.map((each) => {
        const around = concatBytes([Uint8Array.of(9, 9), each.bytes, Uint8Array.of(9)]);
        const original = each.bytes.length + each.more;
        writer.append(around, 2, 2 + each.bytes.length, each.seconds, each.nanoseconds, original);
        const single = new PcapWriter(options);
        return single.packet(around, 2, 2 + each.bytes.length, each.seconds, each.nanoseconds, original);
      });
      const batch = writer.take();
      assert.deepEqual(batch, concatBytes(records));
      assert.equal(writer.size, 0);
      const { packets: read, problem, reader } = readCapture(concatBytes([writer.header(), batch]), chunks);
      assert.equal(problem, undefined);
      assert.equal(reader.order, options.order);
      const scale = options.nanoseconds ? 1 : 1_000;
      assert.deepEqual(
        read.map((each) => [each.bytes, each.seconds, each.nanoseconds, each.originalLength, each.linkType]),
        packets.map(({ bytes, seconds, nanoseconds, more }) => [
          ...[[...bytes], seconds, nanoseconds - (nanoseconds % scale)],
          ...[bytes.length + more, options.linkType],
        ]),
      );
    }),
  );
});

test("what is appended may be much before it is taken", () => {
  const writer = new PcapWriter({ linkType: 1 });
  const records: Uint8Array[] = [];
  for (let i = 0; i < 3_000; i++) {
    const bytes = new Uint8Array(i % 101).fill(i);
    writer.append(bytes, 0, bytes.length, i, 0, bytes.length);
    records.push(new PcapWriter({ linkType: 1 }).packet(bytes, 0, bytes.length, i, 0, bytes.length));
  }
  assert.deepEqual(writer.take(), concatBytes(records));
});

test("a packet longer than readers take is cut", () => {
  const writer = new PcapWriter({ linkType: 1 });
  const long = new Uint8Array(MAX_PACKET_BYTES + 10).fill(7);
  writer.append(long, 0, long.length, 1, 2, long.length);
  const { packets, problem, reader } = readCapture(concatBytes([writer.header(), writer.take()]));
  assert.equal(problem, undefined);
  assert.equal(packets[0]!.bytes.length, MAX_PACKET_BYTES);
  assert.equal(packets[0]!.originalLength, long.length);
  assert.equal(reader.interfaces[0]!.snapLength, MAX_PACKET_BYTES);
});

test("a time that pcap cannot tell becomes the nearest, and is counted", () => {
  const writer = new PcapWriter({ linkType: 1, nanoseconds: true, snapLength: 96 });
  writer.append(new Uint8Array(1), 0, 1, -5, 7, 1);
  writer.append(new Uint8Array(1), 0, 1, 2 ** 32, 7, 1);
  const { packets, reader } = readCapture(concatBytes([writer.header(), writer.take()]));
  assert.deepEqual(
    packets.map((each) => [each.seconds, each.nanoseconds]),
    [
      [0, 0],
      [0xffff_ffff, 999_999_999],
    ],
  );
  assert.equal(writer.clampedTimes, 2);
  assert.equal(reader.interfaces[0]!.snapLength, 96);
});
