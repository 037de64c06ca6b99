import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatIpv4, maskOf, parseIpv4 } from "#base/ipv4.ts";
import type { ExternalRoute } from "#ospf/config.ts";
import { ExternalIds } from "#ospf/external-ids.ts";

function route(prefix: string, metric = 20): ExternalRoute {
  const [network, length] = prefix.split("/");
  return {
    network: parseIpv4(network!)!,
    length: Number(length),
    ...{ metric, isType2: true, tag: 0, forwardingAddress: 0 },
  };
}

/** "10.0.0.0/16 is 10.0.0.0" of each, sorted. */
function named(ids: ExternalIds): string[] {
  return [...ids.ids()]
    .map((id) => `${formatIpv4(ids.get(id)!.network)}/${ids.get(id)!.length} is ${formatIpv4(id)}`)
    .sort();
}

test("networks that begin alike have ids side by side (RFC 2328 appendix E)", () => {
  const ids = new ExternalIds();
  for (const prefix of ["10.0.0.0/8", "10.0.0.0/16", "10.0.0.0/24", "10.0.0.0/32", "10.1.0.0/16"])
    ids.set(route(prefix));
  assert.deepEqual(named(ids), [
    "10.0.0.0/16 is 10.0.255.255",
    "10.0.0.0/24 is 10.0.0.255",
    "10.0.0.0/32 is 10.0.0.0",
    "10.0.0.0/8 is 10.255.255.255",
    "10.1.0.0/16 is 10.1.0.0",
  ]);
});

test("a route keeps its id while it changes, and when others go", () => {
  const ids = new ExternalIds();
  ids.set(route("10.0.0.0/16"));
  ids.set(route("10.0.0.0/24"));
  assert.deepEqual(ids.set(route("10.0.0.0/24", 30)).map(formatIpv4), ["10.0.0.255"]);
  assert.deepEqual(ids.remove(parseIpv4("10.0.0.0")!, 16).map(formatIpv4), ["10.0.0.0"]);
  assert.deepEqual(named(ids), ["10.0.0.0/24 is 10.0.0.255"]);
  assert.deepEqual(ids.remove(parseIpv4("10.0.0.0")!, 16), []);
});

test("a route for which there is no id waits until there is one", () => {
  const ids = new ExternalIds();
  for (const prefix of ["10.0.0.1/32", "10.0.0.0/32", "10.0.0.0/31"]) ids.set(route(prefix));
  assert.deepEqual(named(ids), ["10.0.0.0/32 is 10.0.0.0", "10.0.0.1/32 is 10.0.0.1"]);
  ids.remove(parseIpv4("10.0.0.1")!, 32);
  assert.deepEqual(named(ids), ["10.0.0.0/31 is 10.0.0.1", "10.0.0.0/32 is 10.0.0.0"]);
  ids.set(route("10.0.0.1/32"));
  ids.remove(parseIpv4("10.0.0.0")!, 31);
  assert.deepEqual(named(ids), ["10.0.0.0/32 is 10.0.0.0", "10.0.0.1/32 is 10.0.0.1"]);
});

test("whatever comes and goes, ids lie inside their networks and no two routes have the same", () => {
  const prefix = fc
    .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 24, max: 32 }))
    .map(([low, length]) => ({ network: (parseIpv4("10.0.0.0")! + (low & maskOf(length))) >>> 0, length }));
  const step = fc.record({ prefix, isRemoved: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const ids = new ExternalIds();
      const wanted = new Set<string>();
      const told = new Map<number, ExternalRoute | undefined>();
      for (const {
        prefix: { network, length },
        isRemoved,
      } of steps) {
        const changed = isRemoved
          ? ids.remove(network, length)
          : ids.set({ ...route("0.0.0.0/0"), network, length });
        if (isRemoved) wanted.delete(`${network}/${length}`);
        else wanted.add(`${network}/${length}`);
        for (const id of changed) told.set(id, ids.get(id));
        for (const id of ids.ids()) {
          const holder = ids.get(id)!;
          assert.equal((id & maskOf(holder.length)) >>> 0, holder.network);
          assert.equal(told.get(id), holder, "every change is told");
        }
      }
      const found = [...ids.routes()].map(({ network, length }) => `${network}/${length}`);
      assert.equal(new Set(found).size, found.length);
      // All that is wanted is there, but for those inside which every address is taken.
      for (const name of wanted)
        if (!found.includes(name)) {
          const [network, length] = name.split("/").map(Number);
          for (let id = network!; id <= network! + ~maskOf(length!) + 0; id++) assert.ok(ids.get(id));
        }
      for (const name of found) assert.ok(wanted.has(name));
    }),
  );
});
