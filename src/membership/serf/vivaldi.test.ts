import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { seededRandom } from "#base/random.ts";
import type { Coordinate } from "#membership/serf/io.ts";
import { distance, isPlausible, Vivaldi } from "#membership/serf/vivaldi.ts";

function at(first: number, changes: Partial<Coordinate> = {}): Coordinate {
  const vector = [first, 0, 0, 0, 0, 0, 0, 0];
  return { vector, error: 1.5, adjustment: 0, height: 10e-6, ...changes };
}

test("the distance is that of the places, both heights and both adjustments, unless these make it negative", () => {
  assert.equal(distance(at(0, { height: 0 }), at(0.003, { height: 0 })), 0.003);
  assert.ok(
    Math.abs(distance(at(0, { height: 0.5 }), at(3, { height: 0.25, adjustment: 1 })) - 4.75) < 1e-12,
  );
  assert.equal(distance(at(0, { height: 0, adjustment: -9 }), at(2, { height: 0 })), 2);
});

test("an observation moves us half of a quarter of the way when both know nothing", () => {
  const vivaldi = new Vivaldi(seededRandom(1));
  // 1 ms measured where the coordinates say 2.02: weight 1/2, so 1/8 of the difference.
  assert.ok(vivaldi.update("n", at(0.002), 0.001));
  const { vector, error, height, adjustment } = vivaldi.coordinate;
  const far = 0.002 + 20e-6;
  assert.ok(Math.abs(vector[0]! - (far - 0.001) / 8) < 1e-9, `${vector[0]}`);
  assert.ok(Math.abs(error - (0.125 * ((far - 0.001) / 0.001) + 1.5 * 0.875)) < 1e-9, `${error}`);
  assert.equal(height, 10e-6);
  const rest = 0.001 - (0.002 - vector[0]! + 20e-6);
  assert.ok(Math.abs(adjustment - rest / 40) < 1e-9, `${adjustment}`);
});

test("forty observations lead to where Serf's own coordinate package goes", () => {
  const vivaldi = new Vivaldi(seededRandom(1));
  for (let i = 0; i < 40; i++) {
    const other: Coordinate = {
      vector: Array.from({ length: 8 }, (_, d) => (((i * 7 + d * 3) % 11) - 5) / 200),
      error: 0.1 + (i % 5) / 10,
      height: 0.0001 * (1 + (i % 3)),
      adjustment: 0.0002 * ((i % 4) - 1),
    };
    assert.ok(vivaldi.update(`n${i % 6}`, other, (10 + ((i * 13) % 50)) / 1_000));
  }
  // Computed by hashicorp/serf 0.9.4, which counts distances in whole nanoseconds.
  const expected = [
    ...[0.336112471321774, -0.0050877611548869, 1.12375397935518e-5, 0.00190254377144746],
    ...[-0.00302807570255577, 0.00204394388087044, -0.000813922263966873, 0.000911501892373629],
    ...[-0.00239539282183286, 0.00184402512777851, 0.00284433590045046],
  ];
  const { vector, error, adjustment, height } = vivaldi.coordinate;
  for (const [i, value] of [error, adjustment, height, ...vector].entries())
    assert.ok(Math.abs(value - expected[i]!) < 2e-8, `${i}: ${value}, not ${expected[i]}`);
});

test("of three times of a node the middle one counts, so a hiccup moves nothing", () => {
  const [calm, disturbed] = [0, 1].map(() => new Vivaldi(seededRandom(2)));
  for (let i = 0; i < 20; i++) {
    calm!.update("n", at(0.01), 0.01);
    disturbed!.update("n", at(0.01), i === 10 ? 5 : 0.01);
  }
  assert.deepEqual(disturbed!.coordinate, calm!.coordinate);
});

test("nodes in a plane find their places from round trips alone", (context) => {
  const random = seededRandom(3);
  const places = Array.from({ length: 25 }, () => [random.float() * 0.1, random.float() * 0.1] as const);
  const real = (a: number, b: number): number =>
    0.001 + Math.hypot(places[a]![0] - places[b]![0], places[a]![1] - places[b]![1]);
  const nodes = places.map((_, i) => new Vivaldi(seededRandom(`v ${i}`)));
  for (let round = 0; round < 400; round++)
    for (const [a, node] of nodes.entries()) {
      const b = random.below(nodes.length);
      if (a !== b) node.update(`${b}`, nodes[b]!.coordinate, real(a, b) * (0.95 + random.float() / 10));
    }
  const errors: number[] = [];
  for (let a = 0; a < nodes.length; a++)
    for (let b = 0; b < a; b++) {
      const found = distance(nodes[a]!.coordinate, nodes[b]!.coordinate);
      errors.push(Math.abs(found - real(a, b)) / real(a, b));
    }
  errors.sort((a, b) => a - b);
  const median = errors[errors.length >> 1]!;
  context.diagnostic(`relative error: median ${(100 * median).toFixed(1)} %`);
  assert.ok(median < 0.1, `${median}`);
});

test("what no network has moves nothing, and whatever others say our place stays one", () => {
  const vivaldi = new Vivaldi(seededRandom(4));
  const before = vivaldi.coordinate;
  for (const wrong of [
    at(NaN),
    at(Infinity),
    at(1e9),
    at(0, { vector: [0, 0] }),
    at(0, { height: -1 }),
    at(0, { error: NaN }),
    at(0, { error: -1 }),
    at(0, { adjustment: -Infinity }),
  ])
    assert.equal(vivaldi.update("n", wrong, 0.1), false, JSON.stringify(wrong));
  for (const seconds of [-1, 11, NaN]) assert.equal(vivaldi.update("n", at(0.1), seconds), false);
  assert.deepEqual(vivaldi.coordinate, before);
  const value = fc.double({ min: -3_600, max: 3_600, noNaN: true });
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          vector: fc.array(value, { minLength: 8, maxLength: 8 }),
          error: fc.double({ min: 0, max: 3_600, noNaN: true }),
          adjustment: value,
          height: fc.double({ min: 0, max: 3_600, noNaN: true }),
          seconds: fc.double({ min: 0, max: 10, noNaN: true }),
        }),
        { maxLength: 30 },
      ),
      (observations) => {
        const node = new Vivaldi(seededRandom(5));
        for (const { seconds, ...other } of observations) node.update("x", other, seconds);
        assert.ok(isPlausible(node.coordinate), JSON.stringify(node.coordinate));
      },
    ),
  );
});
