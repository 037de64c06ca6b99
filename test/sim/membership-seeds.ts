import assert from "node:assert/strict";
import { test } from "node:test";
import { membershipFaults, summaryOf, type FaultsRun } from "./membership-faults.ts";
import { seeds } from "./seeds.ts";

/** Every second seed; a file for each half, so that two processors have something to do. */
export function testFaults(part: 0 | 1): void {
  const runs: FaultsRun[] = [];
  for (const seed of seeds(6, part))
    test(`${NODES} members agree again after loss, partitions, crashes, stops and churn (seed ${seed})`, () => {
      runs.push(membershipFaults({ seed, nodes: NODES }));
    });
  test("and meanwhile nobody is called dead who lives", (context) => {
    context.diagnostic(summaryOf(runs));
    assert.equal(
      runs.reduce((sum, { falsely }) => sum + falsely, 0),
      0,
    );
  });
}

const NODES = 20;
