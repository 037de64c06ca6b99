import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { bpfSource } from "#packet/bpf/javascript.ts";
import * as op from "#packet/bpf/opcodes.ts";
import { runBpf } from "#packet/bpf/run.ts";
import { compileSure, sureSource } from "#packet/bpf/sure.ts";
import { EVERYDAY_QUERIES } from "#packet/bpf/testing/everyday-queries.ts";
import { RandomPackets } from "#packet/bpf/testing/random-packets.ts";
import { RandomQueries } from "#packet/bpf/testing/random-queries.ts";
import { packetTable } from "#packet/bpf/testing/packet-table.ts";
import type { Message } from "#packet/message.ts";
import { hexText } from "#packet/primitive.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Query } from "#packet/query/query.ts";
import { standardRegistry } from "#wire/registry.ts";

/** In CI more than where nobody asked for more than a look. */
const SEEDS = Number(process.env["PARLEY_SEEDS"] ?? (process.env["PARLEY_INTEROP"] === "required" ? 10 : 2));
const registry = standardRegistry();
const ethernet = registry.find("linktype", 1)!;

/** Packets that were kept whole, or so many bytes of them. */
function tableOf(packets: readonly Uint8Array[], kept = Infinity) {
  return packetTable(
    packets.map((bytes) => ({
      bytes: bytes.subarray(0, kept),
      seconds: 0,
      nanoseconds: 0,
      originalLength: bytes.length,
    })),
  );
}

interface Counts {
  matched: number;
  sure: number;
}

/** What is said to be selected for certain is selected. */
function compare(query: Query, message: Message, samples: readonly Uint8Array[], counts: Counts): void {
  const sure = compileSure(registry, query, message);
  const match = query.matcher(message);
  const table = tableOf(samples);
  for (const [i, bytes] of samples.entries()) {
    const isMatch = match(bytes, 0, bytes.length, { length: bytes.length, capturedLength: bytes.length });
    const isSure = sure?.(table, i, i + 1) === i + 1;
    if (isMatch) counts.matched++;
    if (isSure) counts.sure++;
    assert.ok(isMatch || !isSure, `${query.text}\n${hexText(bytes)}`);
  }
}

test("what is said to be selected for certain is, of everyday queries and their opposites", (context) => {
  const packets = new RandomPackets(registry, seededRandom("sure everyday"));
  const samples = Array.from({ length: SEEDS * 60 }, (_, i) =>
    i % 2 === 0 ? packets.plain() : packets.broken(packets.plain()),
  );
  const counts = { matched: 0, sure: 0 };
  for (const text of EVERYDAY_QUERIES.flatMap((each) => [each, `not (${each})`]))
    compare(new Query(registry, text), ethernet, samples, counts);
  context.diagnostic(JSON.stringify(counts));
  assert.ok(counts.sure > counts.matched / 4, JSON.stringify(counts));
});

for (const first of ["ethernet", "raw"] as const)
  test(`what is said to be selected for certain is, of random queries: ${first}`, (context) => {
    const message = registry.find("linktype", first === "raw" ? 101 : 1)!;
    const counts = { matched: 0, sure: 0 };
    for (let seed = 0; seed < SEEDS * 15; seed++) {
      const random = seededRandom(`sure ${first} ${seed}`);
      const packets = new RandomPackets(registry, random);
      const queries = new RandomQueries(registry, random);
      const samples = Array.from({ length: 30 }, (_, i) => {
        const packet = i % 3 === 0 ? packets.stack(message) : packets.plain(first);
        return i % 2 === 0 ? packet : packets.broken(packet);
      });
      try {
        compare(new Query(registry, queries.about(samples.slice(0, 4), message)), message, samples, counts);
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
      }
    }
    context.diagnostic(JSON.stringify(counts));
    assert.ok(counts.sure > SEEDS, JSON.stringify(counts));
  });

test("of many packets it tells the first that it is not sure of, and of cut ones nothing", () => {
  const packets = new RandomPackets(registry, seededRandom("runs"));
  const ask = (text: string): boolean[] => {
    const sure = compileSure(registry, new Query(registry, text), ethernet)!;
    return samples.map((_, i) => sure(table, i, i + 1) > i);
  };
  const samples = Array.from({ length: 200 }, () => packets.plain());
  const table = tableOf(samples);
  const query = new Query(registry, "udp or tcp");
  const alone = ask("udp or tcp");
  const sure = compileSure(registry, query, ethernet)!;
  for (let i = 0; i < samples.length; i++) {
    const next = alone.indexOf(false, i);
    assert.equal(sure(table, i, samples.length), next < 0 ? samples.length : next);
  }
  assert.ok(alone.includes(true) && alone.includes(false));
  const cut = tableOf(samples, 40);
  for (let i = 0; i < samples.length; i++) if (samples[i]!.length > 40) assert.equal(sure(cut, i, i + 1), i);
});

test("a check that would never know is none", () => {
  for (const text of ["frame.number > 3", 'dns.qry.name contains "a"', "tcp.port + 1 == 3"])
    assert.equal(sureSource(registry, new Query(registry, text), ethernet), undefined, text);
});

test("a program as JavaScript does what it does in the kernel", (context) => {
  const random = seededRandom("javascript");
  const packets = new RandomPackets(registry, random);
  const samples = Array.from({ length: SEEDS * 30 }, (_, i) => {
    const packet = i % 3 === 0 ? packets.stack(ethernet) : packets.plain();
    return i % 2 === 0 ? packet : packets.broken(packet);
  });
  const counts = { accepted: 0, rejected: 0 };
  for (const text of EVERYDAY_QUERIES.flatMap((each) => [each, `not (${each})`])) {
    const program = compileBpf(registry, new Query(registry, text), ethernet);
    const source = bpfSource(program, "return 1;", "return 0;")!;
    const run = new Function("b", "s", "e", source) as (b: Uint8Array, s: number, e: number) => number;
    for (const bytes of samples) {
      const before = random.below(9);
      const around = new Uint8Array(before + bytes.length + 7).fill(0x45);
      around.set(bytes, before);
      const expected = runBpf(program, bytes) > 0 ? 1 : 0;
      assert.equal(run(around, before, before + bytes.length), expected, `${text}\n${hexText(bytes)}`);
      counts[expected === 1 ? "accepted" : "rejected"]++;
    }
  }
  context.diagnostic(JSON.stringify(counts));
  assert.ok(counts.accepted > 500 && counts.rejected > 500);
});

test("instructions that no filter of ours has are no JavaScript", () => {
  const end = op.instruction(op.RET, 0);
  for (const each of [
    op.instruction(op.ALU | op.DIV, 2),
    op.instruction(op.ST, 1),
    op.instruction(op.LD | op.MEM, 1),
    op.instruction(op.LD | op.ABS, op.ANCILLARY + 4),
    op.instruction(op.RET | op.A),
  ])
    assert.equal(bpfSource([each, end], "return 1;", "return 0;"), undefined);
});
