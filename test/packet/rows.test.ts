import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { readCapture } from "#packet-tools/capture-source.ts";
import { firstOf } from "#packet-tools/queries.ts";
import { rowOf, rowPrinter } from "#packet-tools/row.ts";
import { Packet } from "#packet/dissect.ts";
import { standardRegistry } from "#wire/registry.ts";

const CAPTURES = fileURLToPath(new URL("../captures/", import.meta.url));
const GOLDEN = new URL("rows/", import.meta.url);
/** Writes the rows as they are now instead: read what has changed before you keep it. */
const REWRITE = process.env["PARLEY_REWRITE"] === "1";

const registry = standardRegistry();

async function rowsOf(file: string): Promise<string> {
  const print = rowPrinter();
  const lines: string[] = [];
  const problem = await readCapture(`${CAPTURES}${file}`, ({ reader, frame }) => {
    const { bytes, start, stop, linkType } = reader;
    const place = { start, stop, originalLength: frame.length };
    lines.push(print(rowOf(new Packet(registry, firstOf(registry, linkType), bytes, place), frame)));
    return true;
  });
  assert.equal(problem, undefined);
  // Bytes of a text that are no UTF-8 are lone surrogates, which no file can hold.
  return lines.map((line) => `${line.toWellFormed()}\n`).join("");
}

for (const file of readdirSync(CAPTURES).filter((name) => name.endsWith(".pcap")))
  test(`the rows of ${file}`, async () => {
    const rows = await rowsOf(file);
    const golden = new URL(`${basename(file, ".pcap")}.txt`, GOLDEN);
    if (REWRITE) writeFileSync(golden, rows);
    assert.ok(existsSync(golden), "PARLEY_REWRITE=1 writes it");
    assert.equal(rows, readFileSync(golden, "utf8"));
  });

test("every stored text is of a capture", () => {
  const captures = new Set(readdirSync(CAPTURES).map((name) => basename(name, ".pcap")));
  const strays = readdirSync(GOLDEN).filter((name) => !captures.has(basename(name, ".txt")));
  assert.deepEqual(strays, []);
});
