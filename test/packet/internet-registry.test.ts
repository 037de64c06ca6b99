import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { OperatorError } from "#base/operator-error.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { QuerySet } from "#packet/query/query-set.ts";
import { Query } from "#packet/query/query.ts";
import { CaptureFrame } from "#packet-tools/capture-source.ts";
import { ABOVE, asksAbove, firstOf, loadQuery } from "#packet-tools/queries.ts";
import type { Registry } from "#packet/registry.ts";
import { internetRegistry } from "#wire/internet-registry.ts";
import { standardRegistry } from "#wire/registry.ts";
import { QUERIES } from "../interop/tshark/queries.ts";

const CAPTURES = fileURLToPath(new URL("../captures", import.meta.url));
const [some, all] = [internetRegistry(), standardRegistry()];

/** "file:number" of each packet, and the numbers of the queries that select it. */
function selected(registry: Registry, texts: readonly string[]): Map<string, number[]> {
  const queries = new QuerySet(
    registry,
    texts.map((text) => new Query(registry, text)),
  );
  const found = new Map<string, number[]>();
  for (const file of globSync("*.pcap", { cwd: CAPTURES })) {
    const reader = new CaptureReader();
    reader.push(readFileSync(join(CAPTURES, file)));
    reader.end();
    const frame = new CaptureFrame(reader);
    while (reader.next()) {
      frame.follow();
      const { bytes, start, stop } = reader;
      const hits = queries.match(firstOf(registry, reader.linkType), bytes, start, stop, frame, []);
      found.set(`${file}:${frame.number}`, hits);
      frame.leave();
    }
  }
  return found;
}

test("a field of the smaller registry is the same field in that of all protocols", () => {
  const described = (registry: Registry, name: string) => {
    const { layers, ...rest } = registry.queryFields.get(name)!;
    return { ...rest, layers: layers.map((message) => message.name) };
  };
  assert.ok(some.queryFields.size > 500);
  for (const name of some.queryFields.keys()) assert.deepEqual(described(some, name), described(all, name));
});

test("names of other fields begin with a word that says so", () => {
  const others = [...all.queryFields.keys()].filter((name) => !some.queryFields.has(name));
  const words = new Set(others.map((name) => name.split(".")[0]!));
  assert.deepEqual(words.add("protocols"), ABOVE);
});

test("queries select the same packets with the smaller registry", () => {
  const texts = QUERIES.filter((text) => !asksAbove(text));
  assert.ok(texts.length > 80 && texts.length < QUERIES.length);
  assert.deepEqual(selected(some, texts), selected(all, texts));
});

test("a mistake is told as with all protocols", async () => {
  const told = (text: string): Promise<string> =>
    loadQuery([text]).then(
      () => "",
      (error: OperatorError) => `${error.message}; ${error.remedy}`,
    );
  assert.match(await told("udp.prot == 53"), /»udp\.prot«.*did you mean udp\.port/);
  assert.match(await told("nto.stratum > 1"), /»nto\.stratum«.*did you mean ntp\.stratum/);
  assert.match(await told("udp.port == eth"), /number and bytes/);
});
