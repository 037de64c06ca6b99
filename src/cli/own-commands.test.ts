import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test, type TestContext } from "node:test";
import { commandsFolder } from "#cli/own-commands.ts";
import { Shell } from "#cli/shell.ts";
import { parleyCommands } from "#prompt/commands/parley-commands.ts";
import { parleyContext } from "#prompt/commands/parley-context.ts";
import { FakeNode, peer } from "#prompt/testing/fake-client.ts";

function start(context: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "parley-own-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const node = new FakeNode();
  const parley = parleyContext({ client: async () => node.client, now: Date.now, exit: () => {} });
  const shell = new Shell({ commands: parleyCommands(parley), print: () => {}, prompt: () => "" });
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  return { folder, node, shell, write, load: () => shell.addOwn(folder, parley) };
}

test("a file's commands stand beside Parley's, with help, completion and pipes", async (context) => {
  const { shell, write, load } = start(context);
  write(
    "greet.ts",
    `type Tools = { command: Function; linesAnswer: Function };
     export function commands({ command, linesAnswer }: Tools) {
       return [command("greet <name:word>", {
         help: ["Greet somebody", "Whom"],
         run: async (_context: unknown, { name }: { name: string }) => linesAnswer({ name }, ["hello " + name]),
       })];
     }`,
  );
  assert.deepEqual(await load(), []);
  assert.equal((await shell.run("gr bob")).output, "hello bob\n");
  assert.match((await shell.run("greet bob | json")).output, /"name": "bob"/);
  assert.match((await shell.help("g", {})).output, /^greet +Greet somebody\n$/);
  assert.equal((await shell.complete("gre", {})).text, "greet ");
});

test("the example works", async (context) => {
  const { shell, node, folder } = start(context);
  node.peers = [peer("127.0.0.1:5002", 1), peer("127.0.0.1:5003", 1), peer("127.0.0.1:5004", 5)];
  const examples = fileURLToPath(new URL("../../examples/commands", import.meta.url));
  const parley = parleyContext({ client: async () => node.client, now: Date.now, exit: () => {} });
  assert.deepEqual(await shell.addOwn(examples, parley), []);
  assert.match((await shell.run("show links")).output, /\nlinked +2\nheld +1\n$/);
  assert.match((await shell.run("show links held")).output, /-\nheld +1\n$/);
  assert.ok(folder);
});

test("what cannot be loaded, or clashes, is left out whole with the reason; the rest is used", async (context) => {
  const { shell, write, load, folder } = start(context);
  const one = (grammar: string, ...help: string[]): string =>
    `({ command, linesAnswer }) => [command(${JSON.stringify(grammar)}, { help: ${JSON.stringify(help)},
      run: async () => linesAnswer(null, ["ran"]) })]`;
  write("a-syntax.ts", "export function commands( {");
  write("b-nothing.mjs", "export const x = 1;");
  write(
    "c-clash.mjs",
    `export const commands = ${one("show version", "Show running system information", "Show version")};`,
  );
  write("d-help.mjs", `export const commands = ${one("show cats", "Shows", "Cats")};`);
  write("e-list.mjs", "export const commands = () => ['show cats'];");
  write("f-good.mjs", `export const commands = ${one("cats", "Cats")};`);
  write("g-twice.mjs", `export const commands = ${one("cats", "Cats")};`);
  write("README.md", "not a command");
  const problems = await load();
  assert.equal(problems.length, 6);
  const reasons = [
    /left out/,
    /no function commands/,
    /same line/,
    /another help text/,
    /must return a list/,
    /same line/,
  ];
  for (const [i, reason] of reasons.entries()) {
    assert.ok(problems[i]!.startsWith(join(folder, "abcdeg"[i]!)), String(problems[i]));
    assert.match(problems[i]!, reason);
    assert.doesNotMatch(problems[i]!, /\n/);
  }
  assert.equal((await shell.run("cats")).output, "ran\n");
  assert.equal((await shell.run("show version")).status, 0);
});

test("the folder is the operator's choice, and need not be there", async (context) => {
  assert.equal(commandsFolder({ PARLEY_COMMANDS: "/x" }), "/x");
  assert.equal(commandsFolder({ XDG_CONFIG_HOME: "/c" }), "/c/parley/commands");
  const { shell, folder } = start(context);
  const parley = parleyContext({ client: () => assert.fail(), now: Date.now, exit: () => {} });
  assert.deepEqual(await shell.addOwn(join(folder, "none"), parley), []);
});
