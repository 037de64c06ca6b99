import { seededRandom } from "#base/random.ts";
import { compareHops, NextHopSets, NO_HOPS, sameHops } from "#ospf/next-hop-sets.ts";
import type { NextHop } from "#ospf/routes.ts";
import assert from "node:assert/strict";
import { test } from "node:test";

test("equal sets are one number and one array, however they come about", () => {
  const random = seededRandom("next-hop-sets");
  const sets = new NextHopSets(5);
  const some = (): NextHop[] =>
    Array.from({ length: random.below(5) }, () => {
      const name = `e${random.below(3)}`;
      return random.below(4) === 0 ? { interface: name } : { interface: name, gateway: random.below(3) };
    });
  const plain = (hops: readonly NextHop[]): NextHop[] => {
    const distinct = hops.filter((hop, i) => hops.findIndex((other) => compareHops(hop, other) === 0) === i);
    return distinct.sort(compareHops).slice(0, 5);
  };
  for (let i = 0; i < 5_000; i++) {
    const [a, b] = [some(), some()];
    const union = sets.union(sets.of(a), sets.of(b));
    assert.deepEqual(sets.hops(union), plain([...plain(a), ...plain(b)]));
    assert.equal(union, sets.of([...b, ...a]));
    assert.equal(union, sets.union(sets.of(b), sets.of(a)));
    assert.equal(sets.of(sets.hops(union)), union);
  }
  assert.ok(sets.size > 100);
  assert.deepEqual(sets.hops(NO_HOPS), []);
});

test("lists of hops are compared by what they hold", () => {
  const hop = { interface: "e0", gateway: 1 };
  assert.ok(sameHops([hop], [{ ...hop }]));
  assert.ok(!sameHops([hop], [{ interface: "e0" }]));
  assert.ok(!sameHops([hop], [hop, { interface: "e1" }]));
});
