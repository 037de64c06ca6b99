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
import { selectAll, type Selection } from "./select.ts";
import { tsharkNumbers } from "./tshark.ts";

const registry = standardRegistry();

/** All captures in one file, so that tshark, which takes half a second to start, is asked once a query. */
async function withMerged(run: (file: string, frames: number) => Promise<void> | void): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "parley-queries-"));
  try {
    const file = join(folder, "all.pcapng");
    // Of memberlist, which tshark does not know, one is enough.
    const captures = allCaptures().filter(
      (each) => !each.includes("/membership/") || each.endsWith("/plain.pcap"),
    );
    const begins = mergeCaptures(captures, file);
    await run(file, Math.max(...begins.values()));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const GROUPS = 4;
/** All of them in CI; every fourth where nobody asked for more than a look. */
const ASKED = process.env.PARLEY_INTEROP === "required" ? QUERIES : QUERIES.filter((_, i) => i % 4 === 0);

for (let group = 0; group < GROUPS; group++)
  programTest(`queries select what tshark -Y selects, part ${group + 1} of ${GROUPS}`, ["tshark"], () =>
    withMerged(async (file, frames) => {
      assert.ok(frames > 1_000);
      const asked = ASKED.filter((_, i) => i % GROUPS === group);
      const { byQuery, ours } = selectAll(registry, file, asked);
      const wrong: string[] = [];
      const compare = async ([text, { quick }]: readonly [string, Selection]): Promise<void> => {
        const [here, there] = [new Set(quick), new Set(await tsharkNumbers(file, text))];
        const known = KNOWN_SELECTIONS.get(text) ?? 0;
        const different = [...here.symmetricDifference(there)].filter(
          (number) => !(SEES_OUR_NETWORKS.has(text) && ours.has(number)),
        );
        if (different.length > known) wrong.push(`${text}: frames ${different.join(" ")}`);
      };
      const waiting = [...byQuery];
      // A tshark keeps one processor busy.
      const worker = async (): Promise<void> => {
        for (let next = waiting.pop(); next; next = waiting.pop()) await compare(next);
      };
      await Promise.all([worker(), worker()]);
      assert.equal(byQuery.size, asked.length);
      assert.deepEqual(wrong, []);
    }),
  );

test("compiled queries select what the thorough way selects, on every capture", () =>
  withMerged((file) => {
    assert.ok(QUERIES.length >= 80);
    let selected = 0;
    for (const [text, { quick, slow }] of selectAll(registry, file, ASKED).byQuery) {
      assert.deepEqual(quick, slow, text);
      selected += quick.length;
    }
    assert.ok(selected > 500);
  }));
