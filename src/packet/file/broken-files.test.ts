import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { concatBytes } from "#base/bytes.ts";
import { ChunkQueue } from "#packet/file/chunk-queue.ts";
import { textOption } from "#packet/file/options.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";
import { readCapture } from "#packet/file/testing/read-capture.ts";

/** A file, and where each of its records ends: the header or a block or a packet. */
interface Sample {
  readonly file: Uint8Array;
  readonly ends: readonly number[];
  /** Packets in the first so many records. */
  readonly packetsAt: readonly number[];
}

function sample(parts: readonly (readonly [Uint8Array, boolean])[]): Sample {
  const ends = [0];
  const packetsAt = [0];
  for (const [part, isPacket] of parts) {
    ends.push(ends.at(-1)! + part.length);
    packetsAt.push(packetsAt.at(-1)! + Number(isPacket));
  }
  return { file: concatBytes(parts.map(([part]) => part)), ends, packetsAt };
}

const LENGTHS = [5, 0, 60, 1, 33];

function samples(): Sample[] {
  return (["little", "big"] as const).flatMap((order) => {
    const pcap = new PcapWriter({ linkType: 1, order });
    const ng = new PcapngWriter({ order });
    const records = LENGTHS.map(
      (length, i) => [pcap.packet(new Uint8Array(length).fill(i), 0, length, i, i, length), true] as const,
    );
    const blocks: (readonly [Uint8Array, boolean])[] = [
      [ng.section([textOption(4, "parley")]), false],
      [ng.interface({ linkType: 1, name: "eth0" }), false],
    ];
    for (const [i, length] of LENGTHS.entries()) {
      const extras = i % 2 === 0 ? { comments: ["a comment"] } : {};
      blocks.push([ng.packet(0, new Uint8Array(length).fill(i), 0, length, i, i, length, extras), true]);
      blocks.push([ng.block(10, new Uint8Array(9))!, false]);
    }
    return [sample([[pcap.header(), false], ...records]), sample(blocks)];
  });
}

test("a file cut at any byte gives every whole packet, and a problem that names where", () => {
  for (const { file, ends, packetsAt } of samples()) {
    const whole = readCapture(file).packets;
    assert.equal(whole.length, LENGTHS.length);
    for (let cut = 0; cut < file.length; cut++) {
      const { packets, problem } = readCapture(file.subarray(0, cut), [cut % 7]);
      const record = ends.findLastIndex((end) => end <= cut);
      assert.deepEqual(packets, whole.slice(0, packetsAt[record]));
      if (cut > 0 && ends.includes(cut)) assert.equal(problem, undefined);
      else {
        assert.ok(problem !== undefined);
        assert.equal(problem.at, ends[record]);
        if (cut >= 4)
          assert.match(
            problem.message,
            new RegExp(`^the file ends inside .*: it has ${cut - ends[record]!} of (at least )?\\d+ bytes$`),
          );
      }
    }
  }
});

test("broken bytes never throw, and what comes before them is read", () => {
  const change = fc.record({ at: fc.nat(2_000), value: fc.constantFrom(0, 1, 4, 0x7f, 0x80, 0xff) });
  const all = samples();
  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.array(change, { minLength: 1 }),
      fc.nat(50),
      (which, changes, size) => {
        const { file, ends, packetsAt } = all[which]!;
        const broken = file.slice();
        for (const { at, value } of changes) broken[at % file.length] = value;
        const first = Math.min(...changes.map(({ at }) => at % file.length));
        const record = ends.findLastIndex((end) => end <= first);
        const { packets, problem } = readCapture(broken, [size]);
        assert.deepEqual(
          packets.slice(0, packetsAt[record]),
          readCapture(file).packets.slice(0, packetsAt[record]),
        );
        assert.ok(packets.length <= file.length / 12);
        if (problem !== undefined) assert.ok(problem.at >= ends[record]! && problem.at <= file.length);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("any bytes behind a good start never throw", () => {
  const all = samples();
  fc.assert(
    fc.property(
      fc.nat(all.length - 1),
      fc.uint8Array({ maxLength: 300 }),
      fc.nat(50),
      (which, noise, size) => {
        const { file, ends } = all[which]!;
        readCapture(noise, [size]);
        const { problem } = readCapture(concatBytes([file, noise]), [size]);
        if (problem !== undefined) assert.ok(problem.at >= ends.at(-1)!);
      },
    ),
    { numRuns: 2_000 },
  );
});

test("a join grows with what arrives, and not beyond the record", () => {
  const queue = new ChunkQueue();
  const wanted = 10_000_001;
  for (let arrived = 0; arrived < wanted - 1; arrived += 10_000) {
    queue.push(new Uint8Array(10_000).fill(arrived / 10_000));
    assert.equal(queue.have(wanted), false);
    assert.ok(queue.data.length <= Math.min(wanted, Math.max(65_536, 2 * (arrived + 10_000))));
  }
  queue.push(new Uint8Array(5).fill(77));
  assert.equal(queue.have(wanted), true);
  assert.equal(queue.data.length, wanted);
  queue.at += wanted;
  assert.equal(queue.have(4), true);
  assert.equal(queue.left, 4);
  assert.equal(queue.base + queue.at, wanted);
  assert.deepEqual([...queue.data.subarray(queue.at, queue.filled)], [77, 77, 77, 77]);
});
