import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { OspfStory } from "./ospf-story.ts";

const FOLDER = new URL("./ospf/", import.meta.url);
/** PARLEY_STORIES=write: what is shown becomes what is expected. Read the difference before it stays. */
const WRITES = process.env.PARLEY_STORIES === "write";

/** The story with what its commands show now. */
async function retold(name: string, text: string): Promise<string> {
  const story = new OspfStory(name);
  const told: string[] = [];
  let shown: readonly string[] = [];
  let isExpected = false;
  for (const line of text.trimEnd().split("\n")) {
    if (isExpected && line !== "") continue;
    isExpected = false;
    told.push(line);
    if (line === "----") {
      told.push(...shown);
      isExpected = true;
    } else if (line !== "" && !line.startsWith("#")) shown = await story.tell(line);
  }
  return `${told.join("\n")}\n`;
}

for (const file of readdirSync(FOLDER)) {
  const text = readFileSync(new URL(file, FOLDER), "utf8");
  test(`story ${file}: ${/^# (.*)/.exec(text)?.[1]}`, async () => {
    const now = await retold(file, text);
    if (WRITES) writeFileSync(new URL(file, FOLDER), now);
    else assert.equal(now, text);
  });
}
