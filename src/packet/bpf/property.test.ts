import assert from "node:assert/strict";
import { test } from "node:test";
import type { BpfProgram } from "#base/bpf.ts";
import { seededRandom, type Random } from "#base/random.ts";
import type { Message } from "#packet/message.ts";
import { hexText } from "#packet/primitive.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Query } from "#packet/query/query.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { runBpf, type BpfMetadata } from "#packet/bpf/run.ts";
import { EVERYDAY_QUERIES } from "#packet/bpf/testing/everyday-queries.ts";
import { RandomPackets } from "#packet/bpf/testing/random-packets.ts";
import { RandomQueries } from "#packet/bpf/testing/random-queries.ts";
import { verifyBpf } from "#packet/bpf/verify.ts";
import { standardRegistry } from "#wire/registry.ts";

/** In CI more than where nobody asked for more than a look. */
const SEEDS = Number(process.env["PARLEY_SEEDS"] ?? (process.env["PARLEY_INTEROP"] === "required" ? 10 : 2));
const registry = standardRegistry();

/** The packet as the kernel hands it to a filter: the first VLAN tag beside it. */
function stripped(bytes: Uint8Array): { bytes: Uint8Array; metadata: BpfMetadata } | undefined {
  if (bytes.length < 16) return undefined;
  const tpid = (bytes[12]! << 8) | bytes[13]!;
  if (tpid !== 0x8100 && tpid !== 0x88a8) return undefined;
  const left = new Uint8Array(bytes.length - 4);
  left.set(bytes.subarray(0, 12));
  left.set(bytes.subarray(16), 12);
  return {
    bytes: left,
    metadata: { vlanPresent: true, vlanTpid: tpid, vlanTci: (bytes[14]! << 8) | bytes[15]! },
  };
}

/** Runs a program for the packet, and for what the kernel would make of it, beside the query itself. */
function compareOne(
  what: string,
  { queries, program, message, snapLength }: Compiled,
  bytes: Uint8Array,
  counts: Counts,
): void {
  const kept = Math.min(bytes.length, snapLength ?? Infinity);
  const frame = { length: bytes.length, capturedLength: kept };
  const isMatch = queries.some((query) => query.matcher(message)(bytes, 0, kept, frame));
  const tagged = message.name === "eth" ? stripped(bytes) : undefined;
  const verdicts = [
    runBpf(program, bytes),
    ...(tagged ? [runBpf(program, tagged.bytes, tagged.metadata)] : []),
  ];
  for (const [i, verdict] of verdicts.entries()) {
    counts.pairs++;
    if (isMatch) counts.matched++;
    if (verdict > 0) counts.accepted++;
    if (!isMatch || verdict > 0) continue;
    assert.fail(
      `${what}: ${queries.map(({ text }) => text).join(" or ")}\n${hexText(bytes)} kept ${kept}${i > 0 ? ", tag taken out" : ""}`,
    );
  }
}

interface Compiled {
  readonly queries: readonly Query[];
  readonly program: BpfProgram;
  readonly message: Message;
  readonly snapLength: number | undefined;
}

function compiled(queries: readonly Query[], message: Message, snapLength: number | undefined): Compiled {
  const program = compileBpf(registry, queries, message, snapLength === undefined ? {} : { snapLength });
  assert.deepEqual(verifyBpf(program), { ok: true }, queries[0]!.text);
  return { queries, program, message, snapLength };
}

interface Counts {
  pairs: number;
  matched: number;
  accepted: number;
}

function compare(seed: string, first: "ethernet" | "raw", counts: Counts): void {
  const random = seededRandom(seed);
  const packets = new RandomPackets(registry, random);
  const queries = new RandomQueries(registry, random);
  const message = registry.find("linktype", first === "raw" ? 101 : 1)!;
  const samples = Array.from({ length: 40 }, (_, i) => {
    const packet = i % 3 === 0 ? packets.stack(message) : packets.plain(first);
    return i % 2 === 0 ? packet : packets.broken(packet);
  });
  const asked: Query[] = [];
  for (let i = random.below(8) === 0 ? 5 : 1; i > 0; i--) {
    try {
      asked.push(new Query(registry, queries.about(samples.slice(0, 4), message)));
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
    }
  }
  if (asked.length === 0) return;
  const snapLength = random.below(3) === 0 ? 20 + random.below(80) : undefined;
  const filter = compiled(asked, message, snapLength);
  for (const bytes of samples) compareOne(seed, filter, bytes, counts);
}

for (const first of ["ethernet", "raw"] as const)
  test(`a filter takes whatever the query selects: ${first}`, (context) => {
    const counts = { pairs: 0, matched: 0, accepted: 0 };
    for (let seed = 0; seed < SEEDS * 10; seed++) compare(`${first} ${seed}`, first, counts);
    context.diagnostic(JSON.stringify(counts));
    assert.ok(counts.pairs > SEEDS * 300);
    assert.ok(
      counts.matched > counts.pairs / 8 && counts.accepted < counts.pairs * 0.85,
      JSON.stringify(counts),
    );
  });

test("a filter takes whatever everyday queries and their opposites select of broken packets", (context) => {
  const random = seededRandom("everyday");
  const packets = new RandomPackets(registry, random);
  const message = registry.find("linktype", 1)!;
  const samples = Array.from({ length: SEEDS * 60 }, (_, i) =>
    i % 2 === 0 ? packets.plain() : packets.broken(packets.plain()),
  );
  const counts = { pairs: 0, matched: 0, accepted: 0 };
  for (const [i, text] of EVERYDAY_QUERIES.flatMap((each) => [each, `not (${each})`]).entries()) {
    const filter = compiled([new Query(registry, text)], message, i % 5 === 4 ? 60 : undefined);
    for (const bytes of samples) compareOne("everyday", filter, bytes, counts);
  }
  context.diagnostic(JSON.stringify(counts));
});

const one = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

/** Texts of tests that are seldom met, of values that packets have and of many that they have not. */
function rareTest(random: Random): string {
  const isMet = random.below(12) === 0;
  const port = isMet ? one(random, [53, 67, 4789, 5353, 7946, 22]) : 20_000 + random.below(500);
  const source = isMet
    ? one(random, ["192.0.2.77", "10.0.0.1"])
    : `10.1.${random.below(9)}.${random.below(250)}`;
  const source6 = isMet ? one(random, ["2001:db8:1::2", "fe80::1"]) : `2001:db8:9::${random.below(500)}`;
  return one(random, [
    `${one(random, ["udp", "tcp"])}.${one(random, ["port", "srcport", "dstport"])} == ${port}`,
    `ip.${one(random, ["addr", "src", "dst"])} == ${source}`,
    `ipv6.${one(random, ["addr", "src"])} == ${source6}`,
    `eth.src == 02:00:00:00:00:${isMet ? "02" : 10 + random.below(80)}`,
    `icmp.type == ${isMet ? 8 : 100 + random.below(100)}`,
    `vlan.id == ${isMet ? 100 : 200 + random.below(200)}`,
    `gre.key == ${isMet ? 7 : random.below(500)}`,
  ]);
}

/** Queries that many programs together would ask: the same shapes over and over. */
function manyQueries(random: Random): Query[] {
  const shapes = 1 + random.below(3);
  const parts = 1 + random.below(3);
  const kinds = Array.from({ length: shapes }, () =>
    Array.from({ length: parts }, () => random.below(1 << 30)),
  );
  return Array.from({ length: 15 + random.below(60) }, () => {
    const seeds = one(random, kinds);
    // The same seed gives the same field; the value is another one.
    const texts = seeds.map((seed) => {
      const wanted = rareTest(seededRandom(`${seed}`)).split(" ")[0]!;
      let text = "";
      while (!text.startsWith(`${wanted} `)) text = rareTest(random);
      return text;
    });
    return new Query(registry, texts.join(" and "));
  });
}

test("a filter takes whatever one of many queries selects", (context) => {
  const counts = { pairs: 0, matched: 0, accepted: 0 };
  let exact = 0;
  for (let seed = 0; seed < SEEDS * 4; seed++) {
    const random = seededRandom(`many ${seed}`);
    const packets = new RandomPackets(registry, random);
    const queries = manyQueries(random);
    const message = registry.find("linktype", 1)!;
    const filter = compiled(queries, message, undefined);
    if (filter.program.length > 1) exact++;
    for (let i = 0; i < 40; i++) {
      const bytes = i % 2 === 0 ? packets.plain() : packets.broken(packets.plain());
      compareOne(`many ${seed}`, filter, bytes, counts);
    }
  }
  context.diagnostic(JSON.stringify({ ...counts, exact }));
  assert.ok(exact > SEEDS * 2, `${exact} filters that tell packets apart`);
  assert.ok(counts.matched > SEEDS && counts.accepted < counts.pairs * 0.9, JSON.stringify(counts));
});
