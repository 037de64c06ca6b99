import assert from "node:assert/strict";
import { test } from "node:test";
import { standardRegistry } from "#wire/registry.ts";
import { programTest } from "../program-test.ts";
import { allCaptures } from "./captures.ts";
import { KNOWN_SELECTIONS, SEES_OUR_NETWORKS } from "./known.ts";
import { withMerged } from "./merge.ts";
import { QUERIES } from "./queries.ts";
import { selectAll, type Selections } from "./select.ts";
import { isForAll, tsharkNumbers, tsharkSelections } from "./tshark.ts";

const registry = standardRegistry();

// Of memberlist, which tshark does not know, one is enough.
const captures = allCaptures().filter(
  (each) => !each.includes("/membership/") || each.endsWith("/plain.pcap"),
);

const isRequired = process.env.PARLEY_INTEROP === "required";
/** All of them in CI; every fourth where nobody asked for more than a look: to compile them for every link takes long. */
const ASKED = isRequired ? QUERIES : QUERIES.filter((_, i) => i % 4 === 0);
/** Each is a run of tshark: all of them in CI, else those for which its statistics cannot be asked, and one that can. */
const ASKED_ALONE = isRequired ? ASKED : ASKED.filter((text, i) => i === 0 || !isForAll(text));
/** So that none takes too long. */
const GROUPS = isRequired ? 4 : 1;

let answers: Promise<Selections> | undefined;

/** What we select, by query: asked once, for all tests. */
function ourAnswers(): Promise<Selections> {
  return (answers ??= withMerged(captures, (file) => selectAll(registry, file, ASKED)));
}

/** Nothing but what is known may differ, among the frames that were asked about. */
async function compareWith(
  theirs: ReadonlyMap<string, readonly number[]>,
  counted?: ReadonlySet<number>,
): Promise<void> {
  const { byQuery, ours } = await ourAnswers();
  const wrong = [...byQuery].flatMap(([text, { quick }]) => {
    const numbers = theirs.get(text);
    if (!numbers) return [];
    const known = KNOWN_SELECTIONS.get(text) ?? 0;
    const different = [...new Set(quick).symmetricDifference(new Set(numbers))].filter(
      (number) => !(SEES_OUR_NETWORKS.has(text) && ours.has(number)) && (counted?.has(number) ?? true),
    );
    return different.length > known ? [`${text}: frames ${different.join(" ")}`] : [];
  });
  assert.deepEqual(wrong, []);
}

programTest("queries select what tshark's statistics count", ["tshark"], async () => {
  const texts = [...ASKED.filter(isForAll), "frame"];
  const theirs = await withMerged(captures, (file) => tsharkSelections(file, texts), true);
  const counted = new Set(theirs.get("frame"));
  assert.ok(counted.size > 1_000);
  await compareWith(theirs, counted);
});

for (let group = 0; group < GROUPS; group++)
  programTest(`queries select what tshark -Y selects, part ${group + 1} of ${GROUPS}`, ["tshark"], () =>
    withMerged(captures, async (file) => {
      const waiting = ASKED_ALONE.filter((_, i) => i % GROUPS === group);
      const theirs = new Map<string, readonly number[]>();
      // A tshark keeps one processor busy.
      const worker = async (): Promise<void> => {
        for (let next = waiting.pop(); next !== undefined; next = waiting.pop())
          theirs.set(next, await tsharkNumbers(file, next));
      };
      await Promise.all([worker(), worker()]);
      await compareWith(theirs);
    }),
  );

test("compiled queries select what the thorough way selects, on every capture", async () => {
  assert.ok(QUERIES.length >= 80);
  const { byQuery } = await ourAnswers();
  assert.equal(byQuery.size, ASKED.length);
  let selected = 0;
  for (const [text, { quick, slow }] of byQuery) {
    assert.deepEqual(quick, slow, text);
    selected += quick.length;
  }
  assert.ok(selected > 500);
});
