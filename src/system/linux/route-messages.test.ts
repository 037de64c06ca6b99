import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maskOf, parseIpv4 } from "#base/ipv4.ts";
import type { KernelNextHop, RouteChange } from "#host/routes.ts";
import {
  readRouteMessages,
  routeDumpRequest,
  RouteWriter,
  type RouteMessage,
  type RouteMessageHeader,
} from "#system/linux/route-messages.ts";

const MARK = { table: 254, protocol: 222 };
const ip = (text: string): number => parseIpv4(text)!;
const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

function written(change: RouteChange, mark = MARK, acknowledged = false): Uint8Array {
  const writer = new RouteWriter(new Uint8Array(512));
  writer.put(change, mark, 7, acknowledged);
  return writer.written().slice();
}

function read(bytes: Uint8Array): ({ readonly message: RouteMessage } & RouteMessageHeader)[] {
  const found: ({ message: RouteMessage } & RouteMessageHeader)[] = [];
  readRouteMessages(bytes, (message, about) => found.push({ message, ...about }));
  return found;
}

test("a request has the bytes that ip sends", () => {
  const place = { network: ip("10.9.0.0"), length: 24, metric: 20 };
  const gateway = ip("10.1.0.2");
  const add: RouteChange = { type: "add", ...place, nextHops: [{ interface: 5, gateway, onLink: true }] };
  assert.deepEqual(
    written(add, MARK, true),
    bytesOf(
      "3c000000 1800 0506 07000000 00000000 02180000fede0001 04000000 08000100 0a090000 08000600 14000000" +
        "08000500 0a010002 08000400 05000000",
    ),
  );
  const remove: RouteChange = { type: "remove", ...place, nextHops: [] };
  assert.deepEqual(
    written(remove, { table: 1_000, protocol: 222 }),
    bytesOf(
      "34000000 1900 0100 07000000 00000000 0218000000deff00 00000000 08000100 0a090000 08000600 14000000" +
        "08000f00 e8030000",
    ),
  );
  assert.deepEqual(
    routeDumpRequest(254, 222, 9),
    bytesOf("1c000000 1a00 0103 09000000 00000000 02000000fede0000 00000000"),
  );
});

const nextHop = fc
  .tuple(fc.integer({ min: 1, max: 0x7fff_ffff }), fc.option(fc.nat(0xffff_ffff)), fc.boolean())
  .map(([index, gateway, onLink]): KernelNextHop => {
    if (gateway === null) return { interface: index };
    return { interface: index, gateway, ...(onLink && { onLink }) };
  });

const added = fc
  .tuple(fc.nat(0xffff_ffff), fc.nat(32), fc.nat(0xffff_ffff), fc.array(nextHop, { maxLength: 16 }))
  .map(([address, length, metric, nextHops]): RouteChange => {
    return { type: "add", network: (address & maskOf(length)) >>> 0, length, metric, nextHops };
  });

test("every route that is written is read back", () => {
  fc.assert(
    fc.property(added, fc.constantFrom(1, 254, 255, 256, 0xffff_ffff), (change, table) => {
      const [only, ...more] = read(written(change, { table, protocol: 222 }));
      assert.deepEqual([more.length, only!.sequence, only!.interrupted], [0, 7, false]);
      const { network, length, metric, nextHops } = change;
      const type = nextHops.length === 0 ? "blackhole" : "unicast";
      const route = { network, length, metric, protocol: 222, type, nextHops };
      assert.deepEqual(only!.message, { type: "route", removed: false, replaced: false, table, route });
    }),
  );
});

test("routes that go, take another's place, or are of no interest are told apart", () => {
  const change: RouteChange = {
    type: "change",
    network: 0,
    length: 0,
    metric: 0,
    nextHops: [{ interface: 3 }],
  };
  const bytes = written(change);
  const kind = (): string =>
    read(bytes)
      .map(({ message }) =>
        message.type === "route" ? `${message.removed} ${message.replaced}` : message.type,
      )
      .join();
  assert.equal(kind(), "false true");
  bytes[4] = 25;
  assert.equal(kind(), "true false");
  bytes[25] = 2; // RTM_F_CLONED
  assert.equal(kind(), "other");
  bytes[25] = 0;
  bytes[16] = 10; // AF_INET6
  assert.equal(kind(), "other");
  const error = bytesOf("24000000 0200 0001 07000000 09000000 efffffff 00000000 1800 0506 07000000 00000000");
  assert.deepEqual(read(error), [
    { message: { type: "done", code: 17 }, sequence: 7, port: 9, interrupted: false },
  ]);
  const done = bytesOf("14000000 0300 1200 07000000 09000000 00000000");
  assert.deepEqual(read(done), [
    { message: { type: "done", code: 0 }, sequence: 7, port: 9, interrupted: true },
  ]);
});

test("no bytes make it throw or loop, whole, cut or changed", () => {
  const nextHops = [{ interface: 3, gateway: 9 }, { interface: 4 }];
  const one = written({ type: "add", network: ip("10.9.0.0"), length: 24, metric: 20, nextHops });
  const whole = Uint8Array.from([...one, ...one]);
  for (let end = 0; end <= whole.length; end++) assert.ok(read(whole.subarray(0, end)).length <= 2);
  const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
  fc.assert(
    fc.property(changes, (places) => {
      const bytes = whole.slice();
      for (const [at, value] of places) bytes[at] = value;
      assert.ok(read(bytes).length < 100);
    }),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => read(bytes).length < 100));
});
