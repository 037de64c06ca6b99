import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base/random.ts";
import { hexText } from "#packet/primitive.ts";
import { isSame } from "#wire/lossless.ts";
import {
  COORDINATE,
  decodeCoordinate,
  decodeSerf,
  decodeTags,
  encodeCoordinate,
  encodeSerf,
  encodeTags,
  EVENT,
  foundSerf,
  QUERY,
  RELAY,
  RESPONSE,
  STATE,
  type SerfMessage,
} from "#wire/memberlist/serf.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";

/** Captured from Serf 0.9.4. */
const EXAMPLES: readonly (readonly [string, SerfMessage])[] = [
  ["0182a54c54696d6501a44e6f6465a27333", { type: "join", body: { ltime: 1n, node: "s3" } }],
  [
    "0083a54c54696d6503a44e6f6465a27333a55072756e65c2",
    { type: "leave", body: { ltime: 3n, node: "s3", prune: false } },
  ],
  [
    "0384a24343c3a54c54696d6501a44e616d65a66465706c6f79a75061796c6f6164aa7061796c6f6164313233",
    {
      type: "event",
      body: { coalesce: true, ltime: 1n, name: "deploy", payload: Buffer.from("payload123") },
    },
  ],
  [
    `048ba441646472a47f000002a746696c74657273c0a5466c61677301a24944ce648bd5d0a54c54696d6501a44e616d65a46c6f6164
     a75061796c6f6164c0a4506f7274cd1f0aab52656c6179466163746f7200aa536f757263654e6f6465a27332a754696d656f7574
     cebebc2000`,
    {
      type: "query",
      body: {
        address: Uint8Array.of(127, 0, 0, 2),
        flags: 1,
        id: 0x648bd5d0,
        ltime: 1n,
        name: "load",
        port: 7946,
        relayFactor: 0,
        sourceNode: "s2",
        timeout: 3_200_000_000n,
      },
    },
  ],
  [
    "0585a5466c61677300a446726f6da27332a24944ce648bd5d0a54c54696d6501a75061796c6f6164ab6c6f61642d6f662d73320a",
    {
      type: "response",
      body: { flags: 0, from: "s2", id: 0x648bd5d0, ltime: 1n, payload: Buffer.from("load-of-s2\n") },
    },
  ],
];

test("captured messages are read as what they say and written as they were", () => {
  for (const [hex, message] of EXAMPLES) {
    assert.ok(isSame(decodeSerf(bytesOf(hex)), message), message.type);
    assert.equal(hexText(encodeSerf(message)), hexText(bytesOf(hex)));
  }
});

test("every message that can be sent is read back the same", () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const random = seededRandom(seed);
      const response: SerfMessage = { type: "response", body: RESPONSE.random(random) };
      const messages: readonly SerfMessage[] = [
        response,
        { type: "state", body: STATE.random(random) },
        { type: "event", body: EVENT.random(random) },
        { type: "query", body: QUERY.random(random) },
        { type: "relay", body: RELAY.random(random), message: response },
      ];
      for (const message of messages)
        assert.ok(isSame(decodeSerf(encodeSerf(message)), message), message.type);
      const coordinate = COORDINATE.random(random);
      assert.ok(isSame(decodeCoordinate(encodeCoordinate(coordinate)), coordinate));
    }),
  );
});

test("tags keep their order and may not be more than meta data holds", () => {
  const meta = bytesOf("ff82a4726f6c65a27234a26463a178");
  const tags = decodeTags(meta)!;
  assert.deepEqual(
    [...tags],
    [
      ["role", "r4"],
      ["dc", "x"],
    ],
  );
  assert.deepEqual(encodeTags(tags), meta);
  assert.throws(() => encodeTags(new Map([["x", "y".repeat(520)]])), TypeError);
  for (const other of ["", "72616e", "ff", "ffa161", "ff81a161", "ff80c0"])
    assert.equal(decodeTags(bytesOf(other)), undefined, other);
});

test("queries find what a message says, and in a relayed one too", () => {
  const relay: SerfMessage = {
    type: "relay",
    body: { address: { ip: Uint8Array.of(192, 0, 2, 1), port: 7946, zone: "" }, name: "s1" },
    message: { type: "join", body: { ltime: 7n, node: "s3" } },
  };
  const found: unknown[] = [];
  foundSerf(encodeSerf(relay), (query, value) => found.push([query, value]));
  assert.deepEqual(found, [
    ["serf.type", 9],
    ["serf.relay.dest_addr.ip", "192.0.2.1"],
    ["serf.relay.dest_addr.port", 7946],
    ["serf.relay.dest_addr.zone", ""],
    ["serf.relay.dest_name", "s1"],
    ["serf.type", 1],
    ["serf.join.ltime", 7n],
    ["serf.join.node", "s3"],
  ]);
});

test("what is no Serf message is none, and nothing throws", () => {
  for (const hex of [
    "",
    "01",
    "0180",
    "0182a161",
    "0182a54c54696d6501a44e6f6465a2733300",
    "09",
    "ff",
    "0990",
  ])
    assert.equal(decodeSerf(bytesOf(hex)), undefined, hex);
  fc.assert(
    fc.property(fc.nat(10), fc.uint8Array({ maxLength: 200 }), (type, rest) => {
      const bytes = Uint8Array.of(type, ...rest);
      decodeSerf(bytes);
      decodeCoordinate(bytes);
      decodeTags(Uint8Array.of(255, ...rest));
    }),
    { numRuns: 2_000 },
  );
});
