import assert from "node:assert/strict";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { packetsTools } from "#daemon/packets-tools.ts";

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-packets-"));
  chmodSync(folder, 0o700);
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const tools = packetsTools();

test("a responder is loaded by its name, with its options, and again when it was changed", async (context) => {
  const folder = folderOf(context);
  const write = (name: string, about: string, second: number): void => {
    const path = join(folder, name);
    writeFileSync(
      path,
      `export function exchange({ responder }, { place = "" }) {
        return responder("mine", { arp: () => {} }, { about: "${about} " + place });
      }`,
    );
    utimesSync(path, second, second);
  };
  write("mine.mjs", "first", 1_000);
  const load = async (options = {}) => (await tools.loadResponder(folder, "mine", options)).about;
  assert.equal(await load({ place: "here" }), "first here");
  write("mine.mjs", "second", 2_000);
  assert.equal(await load(), "second ");
  // With both endings the TypeScript is the source.
  write("mine.ts", "typed", 3_000);
  assert.equal(await load(), "typed ");
  write("other-1.ts", "", 1_000);
  writeFileSync(join(folder, "notes.txt"), "");
  assert.deepEqual(await tools.listResponders(folder), ["mine", "other-1"]);
  assert.deepEqual(await tools.listResponders(join(folder, "none")), []);
});

test("a file that is no responder, or that anybody could have written, is refused in one line", async (context) => {
  const folder = folderOf(context);
  const cases: readonly [name: string, text: string, pattern: RegExp][] = [
    ["syntax", "export const = 1;", /syntax\.ts cannot be loaded: .*responders\.md and examples\/packets$/],
    ["nothing", "export const x = 1;", /nothing\.ts exports no function exchange/],
    [
      "throws",
      "export function exchange() { throw new Error('address is missing'); }",
      /throws\.ts: address is missing/,
    ],
    ["number", "export const exchange = () => 7;", /returns neither a responder nor a machine/],
  ];
  for (const [name, text, pattern] of cases) {
    writeFileSync(join(folder, `${name}.ts`), text);
    await assert.rejects(tools.loadResponder(folder, name, {}), (error: Error & { remedy?: string }) => {
      assert.match(`${error.message}; ${error.remedy}`, pattern);
      return true;
    });
  }
  await assert.rejects(tools.loadResponder(folder, "none", {}), /there is no responder none in /);
  chmodSync(join(folder, "number.ts"), 0o666);
  await assert.rejects(tools.loadResponder(folder, "number", {}), /everybody may write .*number\.ts/);
  chmodSync(folder, 0o777);
  await assert.rejects(tools.loadResponder(folder, "throws", {}), /everybody may write /);
});

test("captures are numbered on over restarts, the oldest go, and nobody else may read them", async (context) => {
  const data = folderOf(context);
  const folder = join(data, "captures");
  const files = await tools.openFiles(data, "dns", 3);
  assert.deepEqual(readdirSync(folder), [], "no file before the first packet could come");
  for (let i = 1; i <= 4; i++) {
    await files.next();
    await files.write(Uint8Array.of(i, i));
    await files.write(Uint8Array.of(i));
  }
  await files.close();
  const names = ["dns_00002.pcapng", "dns_00003.pcapng", "dns_00004.pcapng"];
  assert.deepEqual(readdirSync(folder).sort(), names);
  assert.deepEqual([...readFileSync(join(folder, names[2]!))], [4, 4, 4]);
  assert.deepEqual(
    [statSync(join(folder, names[2]!)).mode & 0o777, statSync(folder).mode & 0o777],
    [0o600, 0o700],
  );
  for (const other of ["dns_x.pcapng", "dns_1.pcapng", "dns_more_00001.pcapng"])
    writeFileSync(join(folder, other), "");
  const again = await tools.openFiles(data, "dns", 2);
  await again.next();
  await again.close();
  assert.deepEqual(
    readdirSync(folder)
      .filter((name) => /^dns_\d{5}/.test(name))
      .sort(),
    ["dns_00004.pcapng", "dns_00005.pcapng"],
  );
  assert.equal(readdirSync(folder).length, 5);
  writeFileSync(join(data, "plain"), "");
  await assert.rejects(
    tools.openFiles(join(data, "plain"), "dns", 1),
    /captures cannot be written to .*plain/,
  );
});
