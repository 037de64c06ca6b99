import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import type { TerminalOptions } from "#cli/terminal.ts";
import { FakeTerminal } from "#cli/testing/fake-terminal.ts";
import { linesAnswer } from "#prompt/answer.ts";
import { bindCommands, command } from "#prompt/grammar.ts";
import { event, message, peer, timeAt } from "#prompt/testing/fake-client.ts";

process.env["TERM"] = "xterm"; // on a dumb terminal node:readline takes no keys one by one

/** A terminal that shows its first prompt, and is left when the test is over. */
async function start(
  context: TestContext,
  options: Partial<TerminalOptions> = {},
  columns = 80,
  rows?: number,
) {
  const terminal = new FakeTerminal(options, columns, rows);
  context.after(async () => {
    terminal.type("\u0003\u0004");
    await terminal.ended;
  });
  await terminal.until((screen) => /# $/.test(`${screen.line} `) && screen.column > 0);
  return terminal;
}

const LIMIT = { timeout: 10_000 };

test("the banner names the daemon and the prompt its node", LIMIT, async (context) => {
  const { screen } = await start(context);
  assert.equal(screen.text, "connected to parleyd v0.1.0 (2871e53; dirty)\nbob#");
});

test("a question mark shows help without Enter, and the line stays", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("sh?");
  await terminal.until(({ text }) => text.endsWith("parleyd\nbob# sh"));
  assert.ok(
    terminal.screen.text.endsWith(
      "\nbob# sh?\nshow      Show running system information\nshutdown  Shutdown parleyd\nbob# sh",
    ),
  );
  terminal.type("ow ver\r");
  await terminal.until(({ text }) => text.endsWith("\nbob# show ver\nv0.1.0 (2871e53; dirty)\nbob#"));
});

test("help in the middle of a line is about what stands before the cursor", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("sh proc\u0001\u001b[C\u001b[C?");
  const { text, column } = await terminal.until((screen) => screen.text.endsWith("parleyd\nbob# sh proc"));
  assert.match(text, /\nbob# sh proc\?\nshow  /);
  assert.equal(column, "bob# sh".length);
});

test("Tab completes a word, and lists when there is nothing to add", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("show p\t");
  await terminal.until(({ text }) => /\npeers +\S.*\nprocesses +\S.*\nbob# show p$/.test(text));
  terminal.type("r\t");
  await terminal.line("bob# show processes ");
  assert.equal(terminal.screen.column, "bob# show processes ".length);
});

test("Tab completes live values, and in the middle of a line keeps what follows", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.node.peers = [peer("127.0.0.1:5002", 1)];
  terminal.type("show why 127\t");
  await terminal.line("bob# show why 127.0.0.1:5002 ");
  terminal.type(
    "\u0015show ver | count\u0001\u001b[C\u001b[C\u001b[C\u001b[C\u001b[C\u001b[C\u001b[C\u001b[C\t",
  );
  await terminal.line("bob# show version | count");
});

test("a question mark in what is said is text, and Ctrl-V makes any one text", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("say how are you?\r");
  await terminal.until(({ text }) => text.endsWith("say how are you?\nbob#"));
  terminal.type("say \u0016?\r");
  await terminal.until(({ text }) => text.endsWith("say ?\nbob#"));
  assert.deepEqual(terminal.node.orders, ["say how are you?", "say ?"]);
});

test("pasted lines are text that runs in order, and the last stays to be edited", LIMIT, async (context) => {
  const terminal = await start(context);
  assert.equal(terminal.screen.pasteMode, true);
  terminal.type("\u001b[200~say what?\tnow\r\nshow ver\nsay a\u001b[201~b");
  await terminal.line("bob# say ab");
  assert.match(terminal.screen.text, /bob# say what\? now\nbob# show ver\nv0\.1\.0 .*\nbob# say ab$/);
  assert.deepEqual(terminal.node.orders, ["say what? now"]);
});

test(
  "Ctrl-R finds an earlier line, of this session or one before, and Ctrl-G gives it up",
  LIMIT,
  async (context) => {
    const added: string[] = [];
    const history = {
      lines: ["show peers", "say one", "say two"],
      add: (line: string) => void added.push(line),
    };
    const terminal = await start(context, { history });
    terminal.type("draft\u0012sa");
    await terminal.line("(reverse-i-search)`sa': say two");
    terminal.type("\u0012");
    await terminal.line("(reverse-i-search)`sa': say one");
    terminal.type("x");
    await terminal.line("(failed reverse-i-search)`sax': say one");
    terminal.type("\u0007");
    await terminal.line("bob# draft");
    terminal.type("\u0012sho\r");
    await terminal.until(({ text }) => /bob# show peers\n[^]*\nbob#$/.test(text));
    assert.deepEqual(added, ["show peers"]);
    // What was found can be edited: an arrow takes it as it stands.
    terminal.type("\u0012two\u001b[C");
    await terminal.line("bob# say two");
    terminal.type("\u0015sa\u001b[A");
    await terminal.line("bob# say two");
  },
);

test(
  "long output stops at the end of a page; q leaves it, events wait until then",
  LIMIT,
  async (context) => {
    const terminal = await start(context, {}, 80, 8);
    terminal.node.events = Array.from({ length: 30 }, (_, i) => event(`number ${i + 1}`));
    terminal.type("show log\r");
    const { text } = await terminal.line("--More-- (23%)");
    assert.match(text, /number 7\n--More--/);
    terminal.node.push({
      case: "event",
      value: event("", { detail: { case: "message", value: message("al", "hi") } }),
    });
    terminal.type(" ");
    await terminal.line("--More-- (46%)");
    terminal.type("/number 20\r");
    await terminal.until((screen) => /…\n.*number 20\n/.test(screen.text));
    terminal.type("q");
    await terminal.until((screen) => /al.*hi\nbob#$/.test(screen.text));
    assert.doesNotMatch(terminal.screen.text, /number 30|--More--/);
    terminal.type("terminal length 0\rshow log\r");
    await terminal.until((screen) => /number 30\nbob#$/.test(screen.text));
  },
);

test("terminal monitor shows every event above the line being edited", LIMIT, async (context) => {
  const terminal = await start(context, {}, 50);
  const tell = (text: string) => terminal.node.push({ case: "event", value: event(text) });
  terminal.type("terminal monitor\r");
  await terminal.until(({ text }) => text.endsWith("terminal monitor\nbob#"));
  const typed = "say a line that is longer than one row of this terminal";
  terminal.type(`${typed}\u001b[D\u001b[D`);
  await terminal.until(({ text }) => text.endsWith("terminal"));
  const { column } = terminal.screen;
  tell("eth0 is down");
  const { text } = await terminal.until((screen) => screen.text.includes("eth0 is down"));
  assert.match(
    text,
    /info +whisper: eth0 is down\nbob# say a line that is longer than one row of thi\ns terminal$/,
  );
  assert.equal(terminal.screen.column, column);
  terminal.type("\u0015\u000bterminal no monitor\r");
  await terminal.until((screen) => screen.text.endsWith("no monitor\nbob#"));
  tell("eth0 is up");
  terminal.type("echo end\r");
  await terminal.until((screen) => screen.text.endsWith("end\nbob#"));
  assert.doesNotMatch(terminal.screen.text, /eth0 is up/);
});

test("keys that come while a command runs wait for it", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("say one\rsay two\rsay thr");
  await terminal.line("bob# say thr");
  assert.deepEqual(terminal.node.orders, ["say one", "say two"]);
});

test("Ctrl-C clears the line, and on an empty one says how to leave", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("show x\u0003");
  await terminal.until(({ text }) => text.endsWith("\nbob# show x^C\nbob#"));
  terminal.type("\u0003");
  await terminal.until(({ text }) => text.endsWith('^C\n"exit" or Ctrl-D leaves the prompt\nbob#'));
});

test("Ctrl-C ends the waiting for a command that hangs", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.node.hangs = true;
  terminal.type("show version\rignored");
  await terminal.until(({ text }) => text.endsWith("show version\n"));
  terminal.type("\u0003");
  await terminal.until(({ text }) => text.endsWith("show version\n^C\nbob#"));
});

test("an error points at its place in the line as it was typed", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("show foo\r");
  const { text } = await terminal.until((screen) => screen.text.endsWith("\nbob#"));
  assert.match(text, /\nbob# show foo\n {10}\^\nunknown word "foo"; expected broadcasts/);
});

test("the line is repeated for the caret when it was wrapped", LIMIT, async (context) => {
  const terminal = await start(context, {}, 30);
  terminal.type("show foo but longer than a row\r");
  const { text } = await terminal.until((screen) => screen.text.endsWith("\nbob#"));
  assert.match(text, /\nshow foo but longer than a row\n {5}\^\nbob#$/);
});

test("the history comes back with the arrow keys", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("show ver\r");
  await terminal.until(({ text }) => text.endsWith("dirty)\nbob#"));
  terminal.type("\u001b[A");
  await terminal.line("bob# show ver");
});

function said(nick: string, body: string, own = false) {
  const value = message(nick, body, { own, received: timeAt(Date.now()) });
  return { case: "event", value: event("said", { detail: { case: "message", value } }) } as const;
}

test("what others say is shown above the line, what was said here is not", LIMIT, async (context) => {
  const terminal = await start(context, {}, 40);
  terminal.type("say a line that takes more than a row of it");
  const edited = "bob# say a line that takes more than a r\now of it";
  await terminal.until(({ text }) => text.endsWith(edited));
  terminal.node.push(said("bob", "own words", true));
  terminal.node.push(said("alice", "hi\u001b[2J"));
  terminal.node.push(said("carol", "/me waves"));
  const { text } = await terminal.until((screen) => screen.text.endsWith(`* carol waves\n${edited}`));
  assert.match(text, /rty\)\n\d\d:\d\d:\d\d alice: hi\\x1b\[2J\n\d\d:\d\d:\d\d \* carol/);
  assert.ok(!text.includes("own words"));
  terminal.node.push({ case: "lost", value: 7n });
  await terminal.until((screen) => screen.text.includes("7 events went by"));
});

test("a lost connection is told once and made again by the next command", LIMIT, async (context) => {
  const terminal = await start(context);
  terminal.type("show v");
  await terminal.line("bob# show v");
  terminal.unreachable = new OperatorError("parleyd is not running", "start it");
  terminal.node.hangUp();
  await terminal.until(({ text }) => text.endsWith("\nlost the connection to parleyd\nbob# show v"));
  assert.equal(terminal.closed, 1);
  terminal.type("\r");
  await terminal.until(({ text }) => text.endsWith("bob# show v\nparleyd is not running; start it\nbob#"));
  terminal.unreachable = undefined;
  terminal.node.name = "bobby";
  terminal.type("show ver\r");
  await terminal.until(({ text }) => text.endsWith("v0.1.0 (2871e53; dirty)\nbobby#"));
  assert.deepEqual([terminal.connections, terminal.node.watchers], [2, 1]);
});

for (const [title, keys] of [
  ["exit", "exit\r"],
  ["Ctrl-D", "\u0004"],
] as const) {
  test(`${title} leaves the prompt with nothing left behind`, LIMIT, async () => {
    const terminal = new FakeTerminal();
    await terminal.line("bob#");
    terminal.type(keys);
    assert.equal(await terminal.ended, 0);
    await terminal.until((screen) => !screen.pasteMode);
    assert.equal(terminal.closed, 1);
    assert.ok(terminal.screen.text.endsWith("\n"));
  });
}

test("a signal leaves the terminal in order", LIMIT, async () => {
  const terminal = new FakeTerminal();
  await terminal.line("bob#");
  const before = process.listenerCount("SIGTERM");
  process.emit("SIGTERM");
  assert.equal(await terminal.ended, 143);
  await terminal.until((screen) => !screen.pasteMode);
  assert.equal(process.listenerCount("SIGTERM"), before - 1);
});

test("without a daemon at the start the terminal does not begin", LIMIT, async () => {
  const refusal = new OperatorError("parleyd is not running", "start it");
  const connect = () => Promise.reject(refusal);
  await assert.rejects(new FakeTerminal({ connect }).ended, refusal);
});

test("a program brings its own commands, name and banner", LIMIT, async (context) => {
  const stop = command<{
    stopped: string[];
    live: { node: () => Promise<{ text: string; help: string }[]> };
  }>()("lab stop <node:node>", {
    help: ["The lab", "Stop a node", "Name of the node"],
    async run({ stopped }, { node }) {
      stopped.push(node);
      return linesAnswer(null, [`${node} has stopped`]);
    },
  });
  const stopped: string[] = [];
  const live = { node: async () => [{ text: "alice", help: "running" }] };
  const extraCommands = bindCommands([stop], { stopped, live });
  const terminal = await start(context, { extraCommands, name: "lab", banner: "five peers" });
  assert.equal(terminal.screen.text, "five peers\nlab#");
  terminal.type("lab st al\t\r");
  await terminal.until(({ text }) => text.endsWith("lab# lab st alice\nalice has stopped\nlab#"));
  assert.deepEqual(stopped, ["alice"]);
});
