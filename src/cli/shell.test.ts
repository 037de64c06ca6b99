import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { Shell } from "#cli/shell.ts";
import { parleyCommands } from "#prompt/commands/parley-commands.ts";
import { parleyContext } from "#prompt/commands/parley-context.ts";
import { FakeNode } from "#prompt/testing/fake-client.ts";

function start(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "parley-shell-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const node = new FakeNode();
  const printed: string[] = [];
  const program = { client: async () => node.client, now: Date.now, exit: () => {} };
  const shell = new Shell({
    commands: parleyCommands(parleyContext(program)),
    print: (text) => printed.push(text),
    prompt: () => "bob# ",
  });
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  return { folder, node, shell, file, printed: () => printed.splice(0).join("") };
}

test("source runs a file's commands, each echoed with its time", async (context) => {
  const { shell, file, printed, node } = start(context);
  const path = file("demo", "# greets\n\necho hi\n  say hello\nsh ver | count\n");
  assert.deepEqual(await shell.run(`source ${path}`), { status: 0, output: "" });
  assert.match(
    printed(),
    /^\d\d:\d\d:\d\d bob# echo hi\nhi\n\d\d:\d\d:\d\d bob# say hello\n\d\d:\d\d:\d\d bob# sh ver \| count\n1\n$/,
  );
  assert.deepEqual(node.orders, ["say hello"]);
});

test("source stops at the first failure and names file and line, also through scripts within scripts", async (context) => {
  const { shell, file, node } = start(context);
  const inner = file("inner", "say one\nshow foo\nsay two\n");
  const outer = file("outer", `say zero\n\nsource ${inner}\nsay three\n`);
  const { status, error } = await shell.run(`source ${outer}`);
  assert.equal(status, 1);
  assert.ok(
    error!.startsWith(`${outer}:3: ${inner}:2: unknown word "foo"; expected broadcasts`),
    String(error),
  );
  assert.deepEqual(node.orders, ["say zero", "say one"]);
});

test("a script that would run itself, a missing file and a folder are refused", async (context) => {
  const { shell, file, folder } = start(context);
  const a = file("a", `source ${join(folder, "b")}\n`);
  file("b", `source ${a}\n`);
  assert.match((await shell.run(`source ${a}`)).error!, /would run itself: .*a -> .*b -> .*a/);
  assert.match((await shell.run(`source ${folder}/none`)).error!, /cannot read .*: there is no such file/);
  assert.match((await shell.run(`source ${folder}`)).error!, /cannot read .*: it is a folder/);
  // A circle that was refused leaves nothing behind.
  assert.equal((await shell.run(`source ${file("good", "echo x")}`)).status, 0);
});

test("sleep waits, and can be interrupted", async (context) => {
  const { shell } = start(context);
  const began = performance.now();
  assert.equal((await shell.run("sleep 0.05")).status, 0);
  assert.ok(performance.now() - began >= 45);
  const abort = new AbortController();
  const sleeping = shell.run("sleep 60", { signal: abort.signal });
  abort.abort();
  assert.equal((await sleeping).status, 1);
  assert.match((await shell.run("sleep long")).error!, /"long" is no time; give seconds/);
});

test("an alias stands for the beginning of a line, in help and completion as well", async (context) => {
  const { shell } = start(context);
  await shell.run("alias sv show version");
  assert.equal((await shell.run("sv | count")).output, "1\n");
  assert.match((await shell.help("s", {})).output, /\nsv +Alias of "show version"\n/);
  await shell.run("alias sp show");
  assert.match((await shell.help("sp ", {})).output, /^broadcasts +/);
  assert.deepEqual(await shell.complete("sp vers", {}), { start: 3, text: "version ", entries: [] });
  assert.match((await shell.run("alias")).output, /\nsp +show\n|\nsv +show version\n/);
  await shell.run("unalias sv");
  assert.equal((await shell.run("sv")).status, 2);
});

test("an alias cannot hide a command, and must have a name that can be typed", async (context) => {
  const { shell } = start(context);
  assert.match((await shell.run("alias show x")).error!, /"show" is a command; choose another name/);
  assert.match((await shell.run("alias A x")).error!, /cannot be an alias/);
  assert.match((await shell.run("alias x")).error!, /what does "x" stand for\?/);
  assert.match((await shell.run("unalias x")).error!, /there is no alias "x"/);
});

test("the session's log has what its owner alone may read, from log on to log off", async (context) => {
  const { shell, folder } = start(context);
  const path = join(folder, "session.log");
  assert.equal((await shell.run(`log on ${path}`)).output, `logging to ${path}\n`);
  shell.log.write("bob# show version\n");
  assert.equal(shell.log.isOn, true);
  assert.equal((await shell.run("log off")).output, "logging has stopped\n");
  shell.log.write("unseen");
  assert.equal(readFileSync(path, "utf8"), "bob# show version\n");
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal((await shell.run("log off")).output, "logging was not on\n");
  assert.match((await shell.run(`log on ${folder}`)).error!, /cannot write .*: EISDIR/);
});

test("files are completed, folders without a blank behind them", async (context) => {
  const { shell, folder, file } = start(context);
  mkdirSync(join(folder, "scripts"));
  file("scripts/one.parley", "");
  file(".hidden", "");
  assert.deepEqual(await shell.complete(`source ${folder}/scr`, {}), {
    start: 7,
    text: `${folder}/scripts/`,
    entries: [],
  });
  const { text } = await shell.complete(`source ${folder}/scripts/o`, {});
  assert.equal(text, `${folder}/scripts/one.parley `);
  assert.equal((await shell.complete(`source ${folder}/.h`, {})).text, `${folder}/.hidden `);
  assert.deepEqual((await shell.complete(`source ${folder}/none/x`, {})).entries.length, 1);
});
