import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import { labelsText } from "#wire/dns-labels.ts";

test("texts of labels are right when more are met than are remembered, and when they are met again", () => {
  const random = seededRandom(12);
  const all = Array.from({ length: 40_000 }, () => {
    const labels = Array.from({ length: 1 + random.below(4) }, () => random.hex(1 + random.below(9)));
    const bytes = labels.flatMap((label) => [label.length, ...encodeUtf8(label)]);
    return { text: labels.join("."), bytes: Uint8Array.from([0xff, ...bytes, 0]) };
  });
  for (let round = 0; round < 3; round++)
    for (const { text, bytes } of all) assert.equal(labelsText(bytes, 1, bytes.length - 1), text);
});
