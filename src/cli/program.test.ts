import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";

const MAIN = join(import.meta.dirname, "main.ts");

async function parley(args: readonly string[], { input = "", deaf = false } = {}) {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", MAIN, ...args]);
  child.stdin.on("error", () => {}); // a program that refuses its arguments does not read its input
  child.stdin.end(input);
  if (deaf) child.stdout.destroy();
  const exit = new Promise<number | null>((resolve) => child.once("close", resolve));
  const [output, errors] = await Promise.all([deaf ? "" : text(child.stdout), text(child.stderr)]);
  return { status: await exit, output, errors };
}

async function folder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "parley-cli-"));
  context.after(() => rm(path, { recursive: true }));
  return path;
}

test("--help and --version answer without a daemon", async () => {
  const [help, version] = await Promise.all([parley(["--help"]), parley(["--version"])]);
  assert.deepEqual([help.status, help.errors], [0, ""]);
  assert.match(help.output, /^Usage: parley /);
  assert.deepEqual([version.status, version.errors], [0, ""]);
  assert.match(version.output, /^parley v\d+\.\d+\.\d+( \([^)]+\))?\n$/);
});

test("bad usage is one line with a hint and status 2", async () => {
  const { status, output, errors } = await parley(["--nosuch"]);
  assert.deepEqual([status, output], [2, ""]);
  assert.equal(errors, 'parley: unknown option "--nosuch"; parley --help lists the options\n');
});

test("a daemon that is not running is one line with the remedy and status 1", async (context) => {
  const socket = join(await folder(context), "parleyd.sock");
  const { status, output, errors } = await parley(["--socket", socket, "-c", "show version"]);
  assert.deepEqual([status, output], [1, ""]);
  assert.match(errors, /^parley: .*parleyd.*; .*\n$/);
  assert.equal(errors.split("\n").length, 2);
});

test("a mistake in a script is told with file and line and status 2", async (context) => {
  const path = await folder(context);
  const file = join(path, "demo");
  await writeFile(file, "# a comment\n\nshow nosuch\n");
  const target = ["--socket", join(path, "parleyd.sock")];
  const [named, piped] = await Promise.all([
    parley([...target, file]),
    parley(target, { input: "\nshow nosuch\n" }),
  ]);
  assert.equal(named.status, 2);
  assert.ok(named.errors.startsWith(`${file}:3: unknown word "nosuch"`), named.errors);
  assert.equal(piped.status, 2);
  assert.ok(piped.errors.startsWith('stdin:2: unknown word "nosuch"'), piped.errors);
});

test("a reader that goes away ends the program without a word", async () => {
  const { status, errors } = await parley(["--help"], { deaf: true });
  assert.deepEqual([status, errors], [0, ""]);
});
