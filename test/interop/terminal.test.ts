import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isLeftOut, missingProgram } from "./left-out.ts";
import { TmuxTerminal } from "./tmux.ts";

/** A real parleyd, a real parley, a real terminal. */
async function start(context: TestContext, columns = 80, rows = 24) {
  if (isLeftOut(context, missingProgram(["tmux"]))) return undefined;
  const folder = mkdtempSync(join(tmpdir(), "parley-terminal-"));
  const socket = join(folder, "parleyd.sock");
  const settings = [
    `node.name=bob`,
    `node.data=${folder}/data`,
    `api.socket=${socket}`,
    "whisper.listen=127.0.0.1:0",
  ];
  const daemon = spawn("bin/parleyd", [...settings.flatMap((each) => ["-s", each]), "--until-stdin-ends"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const terminals: TmuxTerminal[] = [];
  context.after(async () => {
    for (const terminal of terminals) terminal.close();
    daemon.stdin.end();
    if (daemon.exitCode === null) await once(daemon, "exit");
    rmSync(folder, { recursive: true, force: true });
  });
  for await (const line of daemon.stdout) if (String(line).includes("listening on")) break;
  daemon.stdout.resume();
  mkdirSync(join(folder, "commands"));
  const environment = { PARLEY_HISTORY: join(folder, "history"), PARLEY_COMMANDS: join(folder, "commands") };
  const open = async (before = ""): Promise<TmuxTerminal> => {
    const terminal = new TmuxTerminal(`${before}bin/parley --socket ${socket}`, columns, rows, {
      ...environment,
      LANG: "C.UTF-8",
    });
    terminals.push(terminal);
    await terminal.until(/^bob#/m);
    return terminal;
  };
  const parley = (command: string): string =>
    execFileSync("bin/parley", ["--socket", socket, "-c", command], {
      encoding: "utf8",
      env: { ...process.env, ...environment },
    });
  return { folder, open, parley };
}

const LIMIT = { timeout: 60_000 };

test("a real terminal: the seed's session, help, completion, errors", LIMIT, async (context) => {
  const bench = await start(context);
  if (!bench) return;
  const terminal = await bench.open();
  assert.match(terminal.screen, /^connected to parleyd v\d/);
  terminal.type("sh?");
  await terminal.until(
    /bob# sh\?\nshow {6}Show running system information\nshutdown {2}Shutdown parleyd\nbob# sh$/,
  );
  terminal.type("ow?");
  await terminal.until(/bob# show\?\nshow {2}Show running system information\nbob# show$/);
  terminal.press("C-u");
  terminal.type("sh ver");
  terminal.press("Enter");
  await terminal.until(/bob# sh ver\nv\d.*\nbob#$/);
  terminal.type("sh proc");
  terminal.press("Enter");
  await terminal.until(/Name +Type\n-+ -+\napi +APIServer\nidentity +Identity\nlinks +InterfaceMonitor\n/);
  terminal.type("sh int lo | inc Up");
  terminal.press("Enter");
  await terminal.until(/\nlo is Up\nbob#$/);
  terminal.type("show ser");
  terminal.press("Tab");
  await terminal.until(/bob# show services$/);
  terminal.press("C-u");
  terminal.type("show foo");
  terminal.press("Enter");
  await terminal.until(/bob# show foo\n {10}\^\nunknown word "foo"/);
  terminal.type("sh");
  terminal.press("Enter");
  await terminal.until(/"sh" is ambiguous: show, shutdown\nbob#$/);
  terminal.type("exit");
  terminal.press("Enter");
  for (let i = 0; i < 100 && !terminal.isDead; i++) await sleep(20);
  assert.equal(terminal.isDead, true);
});

test(
  "a real terminal: wrapped lines, resizing, wide letters, events above what is edited",
  LIMIT,
  async (context) => {
    const bench = await start(context, 50, 16);
    if (!bench) return;
    const terminal = await bench.open();
    terminal.type("terminal monitor");
    terminal.press("Enter");
    await terminal.until(/monitor\nbob#$/);
    terminal.type("say grüße 👋 this line is longer than one row of the terminal");
    await terminal.until(/the\n? ?terminal$/);
    terminal.press("Left", "Left", "Left");
    bench.parley("restart whisper");
    const screen = await terminal.until(/service whisper is running[^]*bob# say grüße 👋/);
    assert.match(
      screen.replaceAll("\n", ""),
      /bob# say grüße 👋 this line is longer than one row of the terminal$/,
    );
    terminal.resize(100, 16);
    terminal.type("X");
    await terminal.until(/bob# say grüße 👋 this line is longer than one row of the termiXnal$/);
    terminal.press("C-c");
    await terminal.until(/\^C\nbob#$/);
  },
);

test(
  "a real terminal: a pasted block runs line by line, with question marks as text",
  LIMIT,
  async (context) => {
    const bench = await start(context);
    if (!bench) return;
    const terminal = await bench.open();
    terminal.paste("say how are you?\necho what? | no\nshow ver?\nsay not yet");
    await terminal.until(/bob# say not yet$/);
    assert.match(terminal.screen, /bob# echo what\? \| no\nwhat\? \| no\n/);
    assert.match(bench.parley("show messages"), /how are you\?/);
    assert.doesNotMatch(bench.parley("show messages"), /not yet/);
  },
);

test(
  "a real terminal: pages, history in the next session, scripts, logs, aliases, own commands",
  LIMIT,
  async (context) => {
    const bench = await start(context, 80, 10);
    if (!bench) return;
    const { folder } = bench;
    writeFileSync(
      join(folder, "commands", "greet.ts"),
      `export function commands({ command, linesAnswer }: Record<string, Function>) {
       return [command("greet <name:word>", { help: ["Greet somebody", "Whom"],
         run: async (_: unknown, { name }: { name: string }) => linesAnswer(null, ["hello " + name]) })];
     }`,
    );
    writeFileSync(join(folder, "script"), "# three commands\necho one\nsleep 0.1\ngreet bob\nshow foo\n");
    const terminal = await bench.open();
    terminal.type("show interfaces lo | json");
    terminal.press("Enter");
    await terminal.until(/\n--More-- \(\d+%\)$/);
    terminal.press("Space");
    await terminal.until(/--More-- \((?!2\d)\d+%\)$/);
    terminal.type("/stats64");
    terminal.press("Enter");
    await terminal.until(/"stats64": \{/);
    terminal.type("q");
    await terminal.until(/\nbob#$/);
    terminal.type(`log on ${folder}/log`);
    terminal.press("Enter");
    terminal.type(`source ${folder}/script`);
    terminal.press("Enter");
    await terminal.until(
      /\d\d:\d\d:\d\d bob# greet bob\nhello bob\n[^]*script:5: unknown word "foo"[^]*\nbob#$/,
    );
    terminal.type("log off");
    terminal.press("Enter");
    await terminal.until(/logging has stopped\nbob#$/);
    assert.match(
      readFileSync(join(folder, "log"), "utf8"),
      /bob# source .*\n\d\d:\d\d:\d\d bob# echo one\none\n/,
    );
    terminal.type("alias si show interfaces lo");
    terminal.press("Enter");
    terminal.type("si | inc Index");
    terminal.press("Enter");
    await terminal.until(/\n {2}Index 1, loopback/);
    terminal.press("C-d");
    const second = await bench.open();
    second.press("C-r");
    second.type("json");
    await second.until(/\(reverse-i-search\)`json': show interfaces lo \| json$/);
    second.press("C-g");
    second.type("sou");
    second.press("Up");
    await second.until(/bob# source .*\/script$/);
  },
);

test(
  "a dumb terminal: whole lines, no pages, events between them, and what was typed stands again",
  LIMIT,
  async (context) => {
    const bench = await start(context, 80, 40);
    if (!bench) return;
    const terminal = await bench.open("env TERM=dumb ");
    terminal.resize(80, 12);
    terminal.type("terminal monitor");
    terminal.press("Enter");
    terminal.type("show interfaces lo | json");
    terminal.press("Enter");
    await terminal.until(/\n\]\nbob#$/);
    assert.doesNotMatch(terminal.screen, /--More--/);
    terminal.type("show v");
    bench.parley("restart whisper");
    await terminal.until(/service whisper is running\nbob# show v$/);
    terminal.type("er");
    terminal.press("Enter");
    await terminal.until(/bob# show ver\nv\d.*\nbob#$/);
  },
);
