import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base/random.ts";
import { emit } from "#packet/build.ts";
import { parse } from "#packet/parse.ts";
import { labelsOf, nameCodec, queryName, readName, writeName, type DnsName } from "#wire/dns-name.ts";
import { Dns } from "#wire/dns.ts";

const label = fc.uint8Array({ minLength: 1, maxLength: 63 });
/** Names as labels of any bytes, at most 255 bytes with their lengths. */
const labels = fc
  .array(fc.oneof(label, fc.uint8Array({ minLength: 1, maxLength: 4 })), { maxLength: 40 })
  .map((all) => {
    let size = 1;
    return all.filter((each) => (size += each.length + 1) <= 255);
  });

function wire(all: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from([...all.flatMap((each) => [each.length, ...each]), 0]);
}

function read(bytes: Uint8Array, at = 0, start = 0): DnsName {
  const found = readName(bytes, at, bytes.length, start);
  assert.ok(!("error" in found), "error" in found ? found.error : "");
  return found.value;
}

function refused(bytes: readonly number[], at = 0): string {
  const found = readName(Uint8Array.from(bytes), at, bytes.length, 0);
  assert.ok("error" in found);
  return found.error;
}

test("labels of any bytes become text and the same bytes again", () => {
  fc.assert(
    fc.property(labels, (all) => {
      const bytes = wire(all);
      const name = read(bytes);
      assert.deepEqual(
        labelsOf(name.text),
        all.map((each) => new Uint8Array(each)),
      );
      assert.deepEqual(writeName(name, 0, new Map()), bytes);
      assert.deepEqual(writeName(name.text, 0, new Map()), bytes);
      queryName(name);
    }),
  );
});

test("what is no text is escaped, and so are dots and backslashes", () => {
  const bytes = wire([
    Uint8Array.of(0x61, 0x2e, 0x5c, 0x09, 0xff),
    new TextEncoder().encode("Büro 1"),
    Uint8Array.of(0x7f),
  ]);
  const name = read(bytes);
  assert.equal(name.text, "a\\.\\\\\\009\\255.Büro 1.\\127");
  assert.deepEqual(writeName(name.text, 0, new Map()), bytes);
  assert.equal(queryName(read(wire([Uint8Array.of(0x74, 9)]))), "t\\t");
});

test("random names of the codec come back unchanged", () => {
  const codec = nameCodec({});
  const random = seededRandom("names");
  for (let i = 0; i < 500; i++) {
    const name = codec.random(random);
    const bytes = codec.write(name, 0, new Map());
    assert.deepEqual(codec.read(bytes, 0, bytes.length, 0), { value: name, next: bytes.length });
  }
});

test("random bytes neither throw nor hang, and what is read is written back", () => {
  const byte = fc.oneof({ weight: 2, arbitrary: fc.constantFrom(0, 1, 2, 63, 64, 0xc0) }, fc.nat(255));
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 600 }), fc.nat(600), fc.nat(600), (all, at, start) => {
      const bytes = Uint8Array.from(all);
      const found = readName(bytes, at, bytes.length, Math.min(at, start));
      if ("error" in found) return;
      assert.ok(found.next > at && found.next <= bytes.length);
      assert.deepEqual(writeName(found.value, at, new Map()), bytes.slice(at, found.next));
      assert.ok(wire(labelsOf(found.value.text)).length <= 255);
    }),
    { numRuns: 2_000 },
  );
});

test("names that are read of one message are those that each is alone", () => {
  const codec = nameCodec({});
  const long = [62, ...new Array<number>(62).fill(0x63)];
  const piece = fc.oneof(
    fc.constantFrom([0], [1, 0x61], [2, 0x62, 0x2e], [1, 0xff], [...long, ...long]),
    // A pointer to where one of the pieces before begins.
    fc.nat(30),
  );
  let pointers = 0;
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const all: number[] = [];
      const begins: number[] = [];
      for (const each of pieces) {
        const target = typeof each === "number" ? begins[each % Math.max(1, begins.length)] : undefined;
        begins.push(all.length);
        all.push(...(typeof each === "number" ? [0xc0 | ((target ?? 0) >> 8), (target ?? 0) & 0xff] : each));
      }
      const bytes = Uint8Array.from(all);
      const reading = codec.begin!();
      for (let at = 0; at < bytes.length;) {
        const found = codec.read(bytes, at, bytes.length, 0, reading);
        assert.deepEqual(found, readName(bytes, at, bytes.length, 0));
        if (!("error" in found) && (found.value as DnsName).pointer !== undefined) pointers++;
        at = "error" in found ? at + 1 : found.next;
      }
    }),
    { numRuns: 5_000 },
  );
  assert.ok(pointers > 1_000, `only ${pointers} pointers were followed`);
});

test("a long chain of pointers is refused at once", () => {
  const bytes = [0];
  for (let at = 1; at + 1 < 0x4000; at += 2)
    bytes.push(0xc0 | ((at - 2 < 0 ? 0 : at - 2) >> 8), (at - 2 < 0 ? 0 : at - 2) & 0xff);
  assert.match(refused(bytes, bytes.length - 2), /pointers/);
});

test("pointers to themselves, in circles and forward are refused", () => {
  assert.match(refused([0xc0, 0]), /does not lead back/);
  assert.match(refused([1, 0x61, 0xc0, 0]), /does not lead back/);
  assert.match(refused([0xc0, 2, 0xc0, 0], 2), /does not lead back/);
  assert.match(refused([0xc0, 2, 0]), /does not lead back/);
  // It leads back, and from there into itself.
  assert.match(refused([1, 0x61, 1, 0x62, 0xc0, 0], 2), /no end/);
});

test("names that are cut off, too long or of another kind are refused", () => {
  assert.match(refused([3, 0x61]), /no end/);
  assert.match(refused([1, 0x61]), /no end/);
  assert.match(refused([]), /no end/);
  assert.match(refused([0xc0]), /cut off/);
  assert.match(refused([0x41, 0x61, 0]), /label of type 1/);
  assert.match(refused([0x80, 0]), /label of type 2/);
  assert.match(refused([...Array.from({ length: 128 }, () => [1, 0x61]).flat(), 0]), /more than 255/);
  assert.equal(labelsOf(read(wire(Array.from({ length: 127 }, () => Uint8Array.of(0x61)))).text).length, 127);
});

test("texts that are no names throw", () => {
  for (const text of ["a..b", ".a", "a\\", "a\\25", "a\\256", "x".repeat(64), "a.".repeat(128)])
    assert.throws(() => labelsOf(text), TypeError, text);
  assert.deepEqual(labelsOf("."), []);
  assert.deepEqual(labelsOf("a.b."), labelsOf("a.b"));
});

test("a name keeps how it was compressed", () => {
  // At 0 "b.c", at 5 "a" and a pointer to "b.c", at 9 a pointer to "a.b.c".
  const bytes = Uint8Array.of(1, 0x62, 1, 0x63, 0, 1, 0x61, 0xc0, 0, 0xc0, 5);
  assert.deepEqual(read(bytes, 5), { text: "a.b.c", own: 1, pointer: 0 });
  assert.deepEqual(read(bytes, 9), { text: "a.b.c", own: 0, pointer: 5 });
  assert.deepEqual(writeName(read(bytes, 9), 9, new Map()), bytes.slice(9));
});

test("a pointer to a name that somebody changed becomes another one", () => {
  const bytes = emit(Dns, {
    questions: [{ name: "a.b.c" }],
    answers: [{ name: "x.b.c", data: "192.0.2.1" }],
  });
  const parsed = parse(Dns, bytes);
  assert.ok(parsed.ok);
  assert.deepEqual(parsed.value.answers[0]!.name, { text: "x.b.c", own: 1, pointer: 14 });
  const again = parse(Dns, emit(Dns, { ...parsed.value, questions: [{ name: "d.e.f" }] }));
  assert.ok(again.ok);
  assert.deepEqual(again.value.answers[0]!.name, { text: "x.b.c" });
});

test("texts in a message are compressed where that is allowed, and names as they were read are not changed", () => {
  const sent = {
    questions: [{ name: "www.example.com" }],
    answers: [
      { name: "www.example.com", type: 5, data: "web.example.com" },
      { name: "web.example.com", type: 33, data: { target: "www.example.com" } },
    ],
  };
  const bytes = emit(Dns, sent);
  const parsed = parse(Dns, bytes);
  assert.ok(parsed.ok);
  const { questions, answers } = parsed.value;
  assert.deepEqual(questions[0]!.name, { text: "www.example.com" });
  assert.deepEqual(answers[0]!.name, { text: "www.example.com", own: 0, pointer: 12 });
  assert.deepEqual(answers[0]!.data, { text: "web.example.com", own: 1, pointer: 16 });
  assert.deepEqual(answers[1]!.name, { text: "web.example.com", own: 0, pointer: 45 });
  assert.deepEqual((answers[1]!.data as { target: DnsName }).target, { text: "www.example.com" });
  assert.deepEqual(emit(Dns, parsed.value), bytes);
  const long = { ...parsed.value, answers: [{ ...answers[0]!, name: { text: "www.example.com" } }] };
  assert.equal(emit(Dns, { ...long, answerCount: 1 }).length, 12 + 21 + 17 + 10 + 6);
});
