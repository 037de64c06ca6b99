import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { systemFiles } from "#system/files.ts";

const files = systemFiles();

function folderOf(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-files-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function refusalOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof OperatorError, String(error));
  return error.message;
}

test("what is written is read again, is its owner's alone, and replaces what was there", async (context) => {
  const folder = folderOf(context);
  const path = join(folder, "key");
  assert.equal(await files.read(path, 100), undefined);
  writeFileSync(path, "old", { mode: 0o644 });
  chmodSync(path, 0o644);
  assert.deepEqual(await files.read(path, 100), {
    content: new Uint8Array(Buffer.from("old")),
    openMode: "0644",
  });
  await files.write(path, Uint8Array.of(1, 2, 3));
  assert.deepEqual(await files.read(path, 3), { content: Uint8Array.of(1, 2, 3) });
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ["key"], "nothing is left beside it");
});

test(
  "what is no file is refused at once, a pipe that nobody writes to as well",
  { timeout: 10_000 },
  async (context) => {
    const folder = folderOf(context);
    const pipe = join(folder, "pipe");
    execFileSync("mkfifo", [pipe]);
    for (const path of [pipe, folder, "/dev/zero"])
      assert.equal(await refusalOf(files.read(path, 100)), `${path} is no file`);
  },
);

test("a file that others may read or change says so", async (context) => {
  const path = join(folderOf(context), "key");
  writeFileSync(path, "x");
  for (const [mode, said] of [
    [0o600, undefined],
    [0o400, undefined],
    [0o640, "0640"],
    [0o602, "0602"],
  ] as const) {
    chmodSync(path, mode);
    assert.equal((await files.read(path, 100))!.openMode, said, mode.toString(8));
  }
});

test("what is no file, or too large, is not read", async (context) => {
  const folder = folderOf(context);
  assert.equal(await refusalOf(files.read(folder, 100)), `${folder} is no file`);
  const path = join(folder, "large");
  writeFileSync(path, new Uint8Array(101));
  assert.equal(await refusalOf(files.read(path, 100)), `${path} has more than 100 bytes`);
  assert.match(await refusalOf(files.read(join(path, "below"), 100)), /^cannot read .*: ENOTDIR$/);
});

test("a write that fails leaves what was there, and nothing else", async (context) => {
  const folder = folderOf(context);
  const path = join(folder, "taken");
  mkdirSync(path);
  writeFileSync(join(path, "inside"), "x");
  assert.match(
    await refusalOf(files.write(path, Uint8Array.of(1))),
    /^cannot write .*taken: (EISDIR|ENOTEMPTY|EEXIST)$/,
  );
  assert.deepEqual(readdirSync(folder), ["taken"]);
  assert.equal(readFileSync(join(path, "inside"), "utf8"), "x");
  assert.match(await refusalOf(files.write(join(folder, "no", "such"), Uint8Array.of(1))), /: ENOENT$/);
});

test("writes at the same time leave one of their contents whole", async (context) => {
  const path = join(folderOf(context), "file");
  const contents = Array.from({ length: 20 }, (_, i) => new Uint8Array(50_000).fill(i));
  await Promise.all(contents.map((content) => files.write(path, content)));
  const { content } = (await files.read(path, 100_000))!;
  assert.equal(content.length, 50_000);
  assert.equal(new Set(content).size, 1);
});
