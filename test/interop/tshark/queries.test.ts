import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { standardRegistry } from "#wire/registry.ts";
import { programTest } from "../program-test.ts";
import { allCaptures } from "./captures.ts";
import { KNOWN_SELECTIONS, SEES_OUR_NETWORKS } from "./known.ts";
import { mergeCaptures } from "./merge.ts";
import { QUERIES } from "./queries.ts";
import { selectAll } from "./select.ts";
import { tsharkNumbers } from "./tshark.ts";

const registry = standardRegistry();
const GROUPS = 4;

/** All captures in one file, so that tshark, which takes half a second to start, is asked once a query. */
function withMerged(run: (file: string, frames: number) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "parley-queries-"));
  try {
    const file = join(folder, "all.pcapng");
    const begins = mergeCaptures(allCaptures(), file);
    run(file, Math.max(...begins.values()));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (let group = 0; group < GROUPS; group++)
  programTest(`queries select what tshark -Y selects, part ${group + 1} of ${GROUPS}`, ["tshark"], () =>
    withMerged((file, frames) => {
      assert.ok(frames > 1_000);
      const wrong: string[] = [];
      const { byQuery, ours } = selectAll(
        registry,
        file,
        QUERIES.filter((_, i) => i % GROUPS === group),
      );
      for (const [text, { quick }] of byQuery) {
        const [here, there] = [new Set(quick), new Set(tsharkNumbers(file, text))];
        const known = KNOWN_SELECTIONS.get(text) ?? 0;
        const different = [...here.symmetricDifference(there)].filter(
          (number) => !(SEES_OUR_NETWORKS.has(text) && ours.has(number)),
        );
        if (different.length > known) wrong.push(`${text}: frames ${different.join(" ")}`);
      }
      assert.deepEqual(wrong, []);
    }),
  );

test("compiled queries select what the thorough way selects, on every capture", () =>
  withMerged((file) => {
    assert.ok(QUERIES.length >= 80);
    let selected = 0;
    for (const [text, { quick, slow }] of selectAll(registry, file, QUERIES).byQuery) {
      assert.deepEqual(quick, slow, text);
      selected += quick.length;
    }
    assert.ok(selected > 1_000);
  }));
