import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { plainValue, type Located, type LocatedMap } from "#config/located.ts";
import { mergeLayers, normalizeLayer, withoutRemoved } from "#config/merge.ts";

type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

let order = 0;

/** A layer as if written somewhere; each has a source of its own. */
function layer(value: { readonly [key: string]: Json }): LocatedMap {
  const place = { source: { name: `layer ${order}`, shortName: "", order: order++ }, line: 1, column: 1 };
  const located = (json: Json): Located => {
    if (Array.isArray(json)) return { kind: "list", place, items: json.map(located) };
    if (typeof json !== "object" || json === null) return { kind: "scalar", place, value: json as null };
    const entries = Object.entries(json).map(
      ([key, inner]) => [key, { key: place, value: located(inner) }] as const,
    );
    return { kind: "map", place, entries: new Map(entries) };
  };
  return located(value) as LocatedMap;
}

function plain(map: LocatedMap): unknown {
  return JSON.parse(JSON.stringify(plainValue(map)));
}

// Keys that begin with "m" always hold maps and keys that begin with "v" never do: then order of merging
// cannot matter.
const values = fc.dictionary(
  fc.constantFrom("v1", "v2", "v3"),
  fc.oneof(fc.integer(), fc.array(fc.integer())),
);
const tree = treeOfDepth(4);

function treeOfDepth(depth: number): fc.Arbitrary<{ [key: string]: Json }> {
  if (depth <= 1) return values;
  const maps = fc.dictionary(fc.constantFrom("m1", "m2", "m3"), treeOfDepth(depth - 1), { maxKeys: 3 });
  return fc.tuple(maps, values).map(([some, others]) => ({ ...some, ...others }));
}

function paths(value: Json, prefix = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return new Map([[prefix, JSON.stringify(value)]]);
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...paths(inner, `${prefix}.${key}`)]));
}

test("Merging maps is associative, and the empty layer changes nothing.", () => {
  fc.assert(
    fc.property(tree, tree, tree, (a, b, c) => {
      const [x, y, z] = [layer(a), layer(b), layer(c)];
      assert.deepEqual(plain(mergeLayers(mergeLayers(x, y), z)), plain(mergeLayers(x, mergeLayers(y, z))));
      assert.deepEqual(plain(mergeLayers(x, layer({}))), plain(x));
      assert.deepEqual(plain(mergeLayers(layer({}), x)), plain(x));
    }),
  );
});

test("Every value comes from the highest layer that has it, and no layer is changed.", () => {
  fc.assert(
    fc.property(tree, tree, (a, b) => {
      const [x, y] = [layer(a), layer(b)];
      const before = JSON.stringify([plain(x), plain(y)]);
      const merged = paths(plain(mergeLayers(x, y)) as Json);
      assert.equal(JSON.stringify([plain(x), plain(y)]), before);
      const expected = new Map([...paths(a), ...paths(b)]);
      assert.deepEqual(new Map([...merged].sort()), new Map([...expected].sort()));
    }),
  );
});

test("Lists and values of another kind replace as a whole.", () => {
  assert.deepEqual(
    plain(mergeLayers(layer({ a: [1, 2], b: { c: 1 }, d: 1 }), layer({ a: [3], b: 2, d: { e: 1 } }))),
    {
      a: [3],
      b: 2,
      d: { e: 1 },
    },
  );
});

test("A null takes away what is below it, and only that.", () => {
  const layers = [{ a: { x: 1, y: 2 }, b: 1 }, { a: null, b: null }, { a: { z: 3 } }].map(layer);
  assert.deepEqual(plain(withoutRemoved(layers.reduce(mergeLayers))), { a: { z: 3 } });
  assert.deepEqual(plain(withoutRemoved(layer({ a: [null, { b: null, c: 1 }] }))), { a: [null, { c: 1 }] });
});

test("A merged map keeps the place of the layer that opened it, a value that of the layer that set it.", () => {
  const [low, high] = [layer({ a: { x: 1, y: 1 } }), layer({ a: { y: 2 } })];
  const merged = mergeLayers(low, high).entries.get("a")!;
  assert.equal(merged.key, low.place);
  assert(merged.value.kind === "map");
  assert.equal(merged.value.entries.get("x")!.value.place, low.place);
  assert.equal(merged.value.entries.get("y")!.value.place, high.place);
});

test("Keys that name parts of every object are keys like others, and no prototype is touched.", () => {
  const merged = mergeLayers(
    layer({ constructor: { prototype: { polluted: 1 } } }),
    layer({ toString: 2, valueOf: {} }),
  );
  const value = plainValue(merged) as object;
  assert.equal(Object.getPrototypeOf(value), null);
  assert.deepEqual(Object.keys(value), ["constructor", "toString", "valueOf"]);
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
});

test("network.controller is mesh, and mesh wins where both are written.", () => {
  assert.deepEqual(plain(normalizeLayer(layer({ network: { controller: { d2: true } } }))), {
    mesh: { d2: true },
  });
  assert.deepEqual(
    plain(normalizeLayer(layer({ network: { controller: { d2: true, a: 1 } }, mesh: { d2: false, b: 2 } }))),
    { mesh: { d2: false, a: 1, b: 2 } },
  );
  assert.deepEqual(plain(normalizeLayer(layer({ network: { controller: { a: 1 }, other: 1 } }))), {
    network: { other: 1 },
    mesh: { a: 1 },
  });
  assert.deepEqual(plain(normalizeLayer(layer({ network: { controller: { a: 1 } }, mesh: null }))), {
    mesh: null,
  });
});
