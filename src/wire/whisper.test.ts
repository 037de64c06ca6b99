import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeUtf8 } from "#base/utf8.ts";
import { seededRandom } from "#base/random.ts";
import { build, emit, givenLayers, layer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import type { Message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { randomValues } from "#packet/random-values.ts";
import { Registry } from "#packet/registry.ts";
import { Data } from "#wire/data.ts";
import { isSame } from "#wire/lossless.ts";
import { Whisper } from "#wire/whisper.ts";
import { encodeMessage } from "#whisper/message.ts";

const registry = new Registry([Whisper as unknown as Message], Data);

/** What the original wrote. */
const ORIGINAL =
  '{"ID":"45c58a9938a5d141","Addr":"10.77.0.1:55555","Body":"hello \\u003cb\\u003e\\u0026\\"é\\u2028 😀","omitempty":"alice","Timestamp":1795219132}\n';
const SAID = {
  id: "45c58a9938a5d141",
  address: "10.77.0.1:55555",
  body: 'hello <b>&"é\u2028 😀',
  nick: "alice",
  timestamp: 1_795_219_132,
};

function packetOf(text: string | Uint8Array): Packet {
  return new Packet(
    registry,
    Whisper as unknown as Message,
    typeof text === "string" ? encodeUtf8(text) : text,
  );
}

function messagesIn(packet: Packet): readonly unknown[] {
  return packet.get(Whisper)?.messages ?? [];
}

/** Every message as text where it could not be read. */
function readable(packet: Packet): unknown[] {
  return messagesIn(packet).map((each) => (each instanceof Uint8Array ? Buffer.from(each).toString() : each));
}

function isRewritten(packet: Packet): boolean {
  return Buffer.compare(build(registry, givenLayers(packet)), packet.bytes) === 0;
}

test("the original's message is read, asked for, and written as it was", () => {
  const packet = packetOf(ORIGINAL);
  assert.deepEqual(packet.problems, []);
  assert.deepEqual(messagesIn(packet), [SAID]);
  assert.deepEqual(Buffer.from(emit(Whisper, { messages: [SAID] })).toString(), ORIGINAL);
  const facts = factsOf(packet).filter(({ type }) => type !== "protocol");
  assert.deepEqual(
    facts.map(({ query, value }) => [query, value]),
    [
      ["whisper.id", SAID.id],
      ["whisper.addr", SAID.address],
      ["whisper.body", SAID.body],
      ["whisper.nick", "alice"],
      ["whisper.timestamp", SAID.timestamp],
    ],
  );
});

test("what Parley's peer writes needs no bytes beside its values", () => {
  for (const from of ["", "192.0.2.7:55555"]) {
    const bytes = encodeMessage({ ...SAID, from });
    const packet = packetOf(bytes);
    assert.deepEqual(messagesIn(packet), [{ ...SAID, from }]);
    assert.ok(isRewritten(packet));
  }
});

test("messages follow each other with blanks between them or none", () => {
  const one = ORIGINAL.trimEnd();
  for (const between of ["", "\n", " \r\n\t", "\n\n"]) {
    const packet = packetOf(`${between}${one}${between}${one}${between}`);
    assert.deepEqual(packet.problems, []);
    assert.equal(messagesIn(packet).length, 2);
    for (const each of messagesIn(packet)) assert.ok(isSame({ ...(each as object), raw: undefined }, SAID));
    assert.ok(isRewritten(packet));
  }
  const places = packetOf(ORIGINAL + ORIGINAL);
  const size = encodeUtf8(ORIGINAL).length;
  const starts = factsOf(places).filter(({ query }) => query === "whisper.id");
  assert.deepEqual(
    starts.map(({ start, end }) => [start, end]),
    [
      [0, size],
      [size, 2 * size],
    ],
  );
});

test("a segment may begin and end inside a message", () => {
  const bytes = encodeUtf8(ORIGINAL + ORIGINAL + ORIGINAL);
  const size = bytes.length / 3;
  for (let cut = 1; cut < size - 1; cut++) {
    const packet = packetOf(bytes.slice(cut, bytes.length - 1 - (cut % size)));
    assert.deepEqual(packet.problems, []);
    assert.ok(
      messagesIn(packet).some((each) => isSame(each, SAID)),
      String(cut),
    );
    assert.ok(isRewritten(packet));
  }
});

test("keys count without regard to case, and other values are kept as they came", () => {
  const same: readonly (readonly [string, object])[] = [
    [
      '{"id":"1","addr":"a:1","body":"b","timestamp":2}',
      { id: "1", address: "a:1", body: "b", timestamp: 2 },
    ],
    ['{"ID":"1","ID":"2","Body":"b","Extra":[{"x":{}}]}', { id: "2", body: "b" }],
    ['{"Body":"b","Addr":null}', { body: "b" }],
    ['{"Body":"b","Nick":"n","omitempty":"m"}', { body: "b", nick: "m", from: "" }],
    ['{"Body":"{\\"}[\\\\","From":"f"}', { body: '{"}[\\', from: "f" }],
    ['{"Body":"\\ud800"}', { body: "\ud800" }],
  ];
  for (const [json, expected] of same) {
    const packet = packetOf(json);
    assert.deepEqual(packet.problems, [], json);
    const value = { id: "", address: "", body: "", nick: "", timestamp: 0, ...expected };
    assert.ok(isSame({ ...(messagesIn(packet)[0] as object), raw: undefined }, value), json);
    assert.ok(isRewritten(packet));
  }
});

test("what the original closes a connection for, or dies of, is a problem", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{"ID":"1"}', /no Body, which crashes the original/],
    ['{"Body":1}', /Body must be a string/],
    ['{"Body":"b","Timestamp":1.5}', /Timestamp must be an integer/],
    ['{"Body":b}', /not JSON/],
    [`{"Body":${"[".repeat(40)}`, /nested deeper than 32/],
  ];
  for (const [json, expected] of cases) {
    const packet = packetOf(`${json}\n${ORIGINAL}`);
    assert.match(packet.problems.map(({ error }) => error).join(), expected);
    assert.deepEqual(messagesIn(packet).at(-1), SAID, json);
    assert.ok(isRewritten(packet));
  }
  assert.deepEqual(readable(packetOf("GET / HTTP/1.0\r\n\r\n")), ["GET / HTTP/1.0\r\n", "\r\n"]);
});

test("a changed message is written anew", () => {
  const packet = packetOf('{"body":"old","id":"1"}');
  const [first] = messagesIn(packet) as { body: string }[];
  const bytes = build(registry, [layer(Whisper, { messages: [{ ...first, body: "new" } as never] })]);
  assert.equal(
    Buffer.from(bytes).toString(),
    '{"ID":"1","Addr":"","Body":"new","omitempty":"","Timestamp":0}\n',
  );
});

test("every message comes back the same", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const values = randomValues(Whisper, seededRandom(seed));
      const back = parse(Whisper, emit(Whisper, values));
      assert.ok(back.ok && isSame(back.value.messages, values.messages), JSON.stringify(values));
    }),
    { numRuns: 500 },
  );
});

test("any bytes are read without an error thrown and written back as they were", () => {
  const piece = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"',
    "\\",
    ",",
    ":",
    "\n",
    " ",
    '"Body"',
    "null",
    "é",
    ORIGINAL,
  );
  const text = fc.array(piece, { maxLength: 30 }).map((parts) => encodeUtf8(parts.join("")));
  fc.assert(
    fc.property(fc.oneof(text, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      const packet = packetOf(bytes);
      factsOf(packet);
      assert.ok(Array.isArray(packet.problems));
      assert.ok(bytes.length === 0 || isRewritten(packet));
    }),
    { numRuns: 3_000 },
  );
});

test("a long segment takes time in its length", () => {
  for (const bytes of [
    encodeUtf8("{".repeat(60_000)),
    encodeUtf8("\n".repeat(60_000)),
    encodeUtf8("x\n".repeat(30_000)),
  ]) {
    const packet = packetOf(bytes);
    assert.ok(messagesIn(packet).length <= 60_000);
    assert.ok(isRewritten(packet));
  }
});
