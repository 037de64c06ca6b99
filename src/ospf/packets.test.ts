import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatIpv4 } from "#base/ipv4.ts";
import { seededRandom } from "#base/random.ts";
import { emit } from "#packet/build.ts";
import type { Fields, Message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { randomValues } from "#packet/random-values.ts";
import * as wire from "#wire/ospf/packets.ts";
import type { Lsa } from "#ospf/lsa.ts";
import {
  headersThatFit,
  readAcknowledgment,
  readDatabaseDescription,
  readHello,
  readRequests,
  readUpdate,
  writeAcknowledgment,
  writeDatabaseDescription,
  writeHello,
  writeRequests,
  writeUpdate,
} from "#ospf/packets.ts";
import { GOLDEN_CAPTURES, ospfPacketsOf } from "../../test/captures/ospf-packets.ts";
import { wholeLsa } from "#ospf/testing/whole-lsas.ts";

/** Reads a body and writes what was read; undefined when it cannot be read. By the type of packet. */
const REWRITERS: readonly ((body: Uint8Array) => Uint8Array | undefined)[] = [
  () => undefined,
  (body) => {
    const read = readHello(body);
    return read && writeHello(read);
  },
  (body) => {
    const read = readDatabaseDescription(body, 0);
    return read && writeDatabaseDescription(read, 0);
  },
  (body) => {
    const read = readRequests(body);
    return read && writeRequests(read);
  },
  (body) => {
    const read = readUpdate(body, 0);
    return read && writeUpdate(read, 0, 0);
  },
  (body) => {
    const read = readAcknowledgment(body, 0);
    return read && writeAcknowledgment(read, 0);
  },
];

const MESSAGES = [
  undefined,
  wire.Hello,
  wire.DatabaseDescription,
  wire.LinkStateRequest,
  wire.LinkStateUpdate,
  wire.LinkStateAcknowledgment,
];

function valuesOf<F extends Fields>(message: Message<F>, bytes: Uint8Array) {
  const parsed = parse(message, bytes);
  assert.ok(parsed.ok, parsed.ok ? "" : parsed.error);
  return parsed.value;
}

/** What a router does not keep: DoNotAge, ages beyond MaxAge, and what Database Descriptions have beside I, M and MS. */
function kept(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(kept);
  if (value instanceof Uint8Array || typeof value !== "object" || value === null) return value;
  const all = Object.entries(value).map(([key, each]): readonly [string, unknown] => {
    if (key === "doNotAge") return [key, 0];
    if (key === "lsAge") return [key, Math.min(3_600, each as number)];
    if (key === "flags") return [key, { ...each, outOfBandResynchronization: false, other: 0 }];
    return [key, key === "body" ? "" : kept(each)];
  });
  return Object.fromEntries(all);
}

for (const file of GOLDEN_CAPTURES)
  test(`every packet of ${file} is read and written back as it was`, () => {
    const packets = ospfPacketsOf(file);
    assert.ok(packets.length > 10);
    assert.deepEqual(
      packets.map(({ type, body }) => REWRITERS[type]!(body)),
      packets.map(({ body }) => body),
    );
  });

for (const [type, message] of MESSAGES.entries())
  if (message)
    test(`random values of the declaration ${message.name} are read and written back`, () => {
      const random = seededRandom(`packets ${type}`);
      for (let i = 0; i < 300; i++) {
        const values: Readonly<Record<string, unknown>> = randomValues(message as Message, random);
        const bytes: Uint8Array = emit(message as Message, values);
        const back = REWRITERS[type]!(bytes);
        // A request has at least one LSA, and a Database Description, say, none.
        if (type === 3 && bytes.length === 0) assert.equal(back, undefined);
        else {
          assert.ok(back, `${message.name}: ${Buffer.from(bytes).toString("hex")}`);
          assert.deepEqual(kept(valuesOf(message as Message, back)), kept(values));
          assert.equal(back.length, bytes.length);
        }
      }
    });

test("what is read of a Hello is what the declaration says", () => {
  const random = seededRandom("hello");
  for (let i = 0; i < 200; i++) {
    const values = randomValues(wire.Hello, random);
    const read = readHello(emit(wire.Hello, values))!;
    assert.deepEqual(
      [read.helloInterval, read.deadInterval, read.priority, read.neighbors.map(formatIpv4)],
      [values.helloInterval, values.routerDeadInterval, values.routerPriority, [...values.neighbors]],
    );
    assert.deepEqual([read.mask, read.designated, read.backup].map(formatIpv4), [
      values.networkMask,
      values.designatedRouter,
      values.backupDesignatedRouter,
    ]);
  }
});

test("what is read of a Database Description is what the declaration says", () => {
  const random = seededRandom("description");
  for (let i = 0; i < 200; i++) {
    const values = randomValues(wire.DatabaseDescription, random);
    const read = readDatabaseDescription(emit(wire.DatabaseDescription, values), 0)!;
    const { init, more, master } = values.flags;
    assert.deepEqual([read.isInit, read.hasMore, read.isMaster], [init, more, master]);
    assert.deepEqual([read.mtu, read.sequence], [values.interfaceMtu, values.ddSequenceNumber]);
    assert.deepEqual(
      read.lsas.map(shown),
      values.lsaHeaders.map((header) => [
        header.lsType,
        header.linkStateId,
        header.advertisingRouter,
        header.lsSequenceNumber,
        header.lsChecksum,
        header.length,
        Math.min(3_600, header.lsAge),
      ]),
    );
  }
});

function shown(lsa: Lsa): unknown[] {
  const { type, id, advertisingRouter, sequence, checksum, length } = lsa;
  return [
    type,
    formatIpv4(id),
    formatIpv4(advertisingRouter),
    sequence >>> 0,
    checksum,
    length,
    lsa.ageAt(0),
  ];
}

test("whatever the bytes are, nothing throws, and what is read can be written", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const rewrite of REWRITERS) {
        const back = rewrite(bytes);
        if (back) assert.equal(back.length, bytes.length);
      }
    }),
    { numRuns: 2_000 },
  );
});

test("an Update whose lengths do not fit is not read", () => {
  const good = writeUpdate([wholeLsa(), wholeLsa({ id: "203.0.113.0" })], 0, 0);
  assert.equal(readUpdate(good, 0)?.length, 2);
  const changed = (at: number, value: number) => {
    const bytes = good.slice();
    bytes[at] = value;
    return readUpdate(bytes, 0);
  };
  assert.equal(readUpdate(good.subarray(0, -1), 0), undefined);
  assert.equal(readUpdate(Uint8Array.of(...good, 0), 0), undefined);
  assert.equal(changed(3, 3), undefined);
  assert.equal(changed(3, 1), undefined);
  assert.equal(changed(0, 255), undefined);
  assert.equal(changed(4 + 19, 19), undefined);
  assert.equal(changed(4 + 18, 255), undefined);
});

test("what leaves is InfTransDelay older, and never older than MaxAge", () => {
  const lsa = wholeLsa({ age: 10 });
  const aged = (now: number, delay: number) => readUpdate(writeUpdate([lsa], now, delay), 0)![0]!.ageAt(0);
  assert.deepEqual([aged(0, 1), aged(5_000, 3), aged(4_000_000, 1)], [11, 18, 3_600]);
});

test("at least one header fits, however short packets are", () => {
  assert.deepEqual([headersThatFit(1_456, 8), headersThatFit(27, 8), headersThatFit(-20, 8)], [72, 1, 1]);
});
