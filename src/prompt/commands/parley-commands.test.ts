import assert from "node:assert/strict";
import { test } from "node:test";
import { execute } from "#prompt/session.ts";
import { event, message, peer, service, timeAt } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";

const NOON = new Date(2026, 10, 21, 12, 0, 0).getTime(); // local time, as people read it

function ago(ms: number) {
  return timeAt(NOON - ms);
}

async function outputOf(prompt: ReturnType<typeof fakePrompt>, line: string): Promise<string> {
  const { status, output, error } = await execute(prompt.tree, line);
  assert.equal(status, 0, error ?? "");
  return output;
}

async function jsonOf(prompt: ReturnType<typeof fakePrompt>, line: string): Promise<unknown> {
  return JSON.parse(await outputOf(prompt, `${line} | json`));
}

test("show version is one line, and JSON says more", async () => {
  const prompt = fakePrompt();
  assert.equal(await outputOf(prompt, "show version"), "v0.1.0 (2871e53; dirty)\n");
  const started = "1970-01-01T00:00:00.000Z";
  const expected = { version: "0.1.0", commit: "2871e53", dirty: true, node: "bob", started };
  assert.deepEqual(await jsonOf(prompt, "show version"), expected);
});

test("show processes has two columns and only what runs", async () => {
  const prompt = fakePrompt();
  prompt.node.services.push(service("ospf", 6));
  assert.equal(
    await outputOf(prompt, "sh proc"),
    [
      "Name             Type",
      "---------------- ----------------",
      "whisper          whisper",
      "api              api",
      "",
    ].join("\n"),
  );
});

test("show services tells why a service does not run and when it is tried again", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.services = [
    service("api", 4, { since: ago(3_600_000) }),
    service("whisper", 6, {
      since: ago(1_000),
      restarts: 3,
      reason: "port in use",
      nextAttempt: timeAt(NOON + 4_000),
    }),
    service("ospf", 7, { since: undefined, reason: "new" }),
  ];
  assert.equal(
    await outputOf(prompt, "show services"),
    [
      "Name    State   Since    For Restarts Reason",
      "------- ------- -------- --- -------- -------------------------------",
      "api     running 11:00:00 1h         0",
      "whisper failed  11:59:59 1s         3 port in use; next attempt in 4s",
      "ospf    7                           0 new",
      "",
    ].join("\n"),
  );
  assert.equal(await outputOf(prompt, "show services | count"), "3\n");
});

test("show config prints the configuration as it is", async () => {
  assert.equal(await outputOf(fakePrompt(), "show config"), "node:\n  name: bob\n");
});

test("show log has time, level, service and text, and the date of what was not today", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.events = [
    event("first", { time: ago(86_400_000) }),
    event("no answer", { time: ago(0), level: 3, sequence: 2n }),
  ];
  assert.equal(
    await outputOf(prompt, "show log"),
    "2026-11-20 12:00:00 info  whisper: first\n12:00:00 warn  whisper: no answer\n",
  );
  assert.equal(await outputOf(prompt, "show log 1"), "12:00:00 warn  whisper: no answer\n");
  const [, last] = (await jsonOf(prompt, "show log")) as { level: string; sequence: number }[];
  assert.deepEqual([last!.level, last!.sequence], ["warn", 2]);
});

test("show messages names who spoke, shows actions as such, and 20 messages without a number", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.messages = [
    ...Array.from({ length: 30 }, () => message("alice", "old", { received: ago(1_000) })),
    message("alice", "hello", { received: ago(0) }),
    message("", "/me waves", { received: ago(0) }),
    message("eve", "two\nlines\u001b[2J", { received: undefined, said: ago(0) }),
  ];
  const lines = (await outputOf(prompt, "show messages")).trimEnd().split("\n");
  assert.equal(lines.length, 20);
  assert.deepEqual(lines.slice(-3), [
    "12:00:00 alice: hello",
    "12:00:00 * 127.0.0.1:5002 waves",
    "12:00:00 eve: two\\nlines\\x1b[2J",
  ]);
  assert.equal(await outputOf(prompt, "show messages 33 | count"), "33\n");
});

const alice = peer("127.0.0.1:5002", 1, {
  nick: "alice",
  outSince: ago(300_000),
  inSince: ago(299_000),
  sentMessages: 12n,
  receivedMessages: 9n,
  lastDial: ago(300_000),
});
const carol = peer("127.0.0.1:5003", 3, {
  origin: "named by 127.0.0.1:5002",
  lastError: "connection refused",
  lastDial: ago(4_000),
  nextDial: timeAt(NOON + 12_000),
  failures: 7,
  queuedMessages: 1,
  queuedBytes: 80n,
  droppedMessages: 2n,
});
const dave = peer("127.0.0.1:5004", 5);

test("show peers has a row for each peer and tells why one is not linked", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.peers = [alice, carol, dave];
  assert.equal(
    await outputOf(prompt, "show peers"),
    [
      "Address        Nick  State   Out In     Queue Sent Received Origin  Note",
      "-------------- ----- ------- --- ------ ----- ---- -------- ------- --------------------------------------------",
      "127.0.0.1:5002 alice linked  5m  4m 59s     0   12        9 config",
      "127.0.0.1:5003       waiting -   -          1    0        0 message connection refused; next dial in 12s; 2 dropped",
      '127.0.0.1:5004       held    -   -          0    0        0 config  held until "connect"',
      "",
    ]
      .join("\n")
      .replace("-".repeat(44), "-".repeat(47)),
  );
  const { peers } = (await jsonOf(prompt, "show peers")) as {
    peers: { state: string; queuedBytes: number }[];
  };
  assert.deepEqual(
    peers.map(({ state }) => state),
    ["linked", "waiting", "held"],
  );
});

test("show peers says how to begin when nobody is known", async () => {
  assert.match(await outputOf(fakePrompt(), "show peers"), /"connect ADDRESS"/);
});

test("show why explains a peer in sentences and names the command that helps", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.peers = [alice, carol, dave];
  assert.equal(
    await outputOf(prompt, "show why 127.0.0.1:5002"),
    `127.0.0.1:5002 (alice) is linked.
It is one of the configured peers.
The connection to it is up since 11:55:00 (5m).
Its connection to this node is up since 11:55:01 (4m 59s).
It was last dialled 5m ago.
12 sent, 9 received, 0 messages queued (0 bytes).
`,
  );
  assert.equal(
    await outputOf(prompt, "show why 127.0.0.1:5003"),
    `127.0.0.1:5003 is not linked: it will be dialled again.
It was named by 127.0.0.1:5002.
The connection to it is down.
Its connection to this node is down.
The last dial, 4s ago, or its connection ended with: connection refused.
7 dials in a row failed.
The next dial is in 12s.
0 sent, 0 received, 1 message queued (80 bytes), 2 dropped from the full queue.
"connect 127.0.0.1:5003" dials it at once; "disconnect 127.0.0.1:5003" gives it up.
`,
  );
  assert.match(
    await outputOf(prompt, "show why 127.0.0.1:5004"),
    /"connect 127.0.0.1:5004" lets it be dialled/,
  );
  assert.equal((await execute(prompt.tree, "show why 9.9.9.9:9")).message, "nothing is known of 9.9.9.9:9");
});

test("what changes something is handed to the node as it was typed", async () => {
  const prompt = fakePrompt();
  for (const line of [
    "say  hello | world ",
    "say /me waves",
    "con localhost:5002",
    "disc 127.0.0.1:5002",
    "rest whisper",
    "reload",
    "shut",
  ]) {
    await outputOf(prompt, line);
  }
  assert.deepEqual(prompt.node.orders, [
    "say hello | world",
    "say /me waves",
    "connect localhost:5002",
    "disconnect 127.0.0.1:5002",
    "restart whisper",
    "reload",
    "shutdown",
  ]);
});

test("exit and quit leave, and need no node", async () => {
  for (const line of ["exit", "qui"]) {
    const prompt = fakePrompt();
    prompt.node.failure = new Error("gone");
    assert.equal(await outputOf(prompt, line), "");
    assert.equal(prompt.left(), true);
  }
});

test("an interrupt reaches the API call", async () => {
  const prompt = fakePrompt();
  let seen: unknown;
  prompt.node.client.node.getVersion = async (_request, options) => {
    seen = options?.signal;
    throw new Error("stop");
  };
  const { signal } = new AbortController();
  await execute(prompt.tree, "show version", { call: { signal } });
  assert.equal(seen, signal);
});

test("show services ends with what the daemon takes", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.services = [service("api", 4, { since: ago(3_600_000) })];
  prompt.node.usage = { started: ago(3_600_000), cpuSeconds: 7.2, memoryBytes: 104_400_000n };
  const line = "parleyd: up for 1h, CPU 7.2s (0.2% of a core), memory 104 MB";
  assert.ok((await outputOf(prompt, "show services")).endsWith(`\n${line}\n`));
  const { daemon } = (await jsonOf(prompt, "show services")) as { readonly daemon: unknown };
  const started = new Date(NOON - 3_600_000).toISOString();
  assert.deepEqual(daemon, { started, cpuSeconds: 7.2, memoryBytes: 104_400_000 });
});

test("show log search has only what holds the text", async () => {
  const prompt = fakePrompt(NOON);
  prompt.node.events = [event("eth0: up"), event("eth1: down")];
  assert.match(await outputOf(prompt, "show log search eth1: d"), /^\S+ \S+ info +whisper: eth1: down\n$/);
});

test("show interfaces has the seed's columns, and one in detail", async () => {
  const prompt = fakePrompt();
  assert.equal(
    await outputOf(prompt, "sh int"),
    [
      "Name State MTU   Addresses",
      "---- ----- ----- ------------",
      "lo   Up    65536 127.0.0.1/8",
      "eth0 Down  1500  192.0.2.7/24",
      "                 fe80::1/64",
      "",
    ].join("\n"),
  );
  const detail = await outputOf(prompt, "show interfaces eth0");
  assert.match(
    detail,
    /^eth0 is Down \(lower-layer-down: no carrier, or what it depends on is down\)\n {2}Index 2, ether, MTU 1500/,
  );
  assert.match(detail, /\n {2}Address 192\.0\.2\.7\/24, broadcast 192\.0\.2\.255, scope global\n/);
  assert.match(detail, /\n {2}Received 1 packets, 60 bytes, 0 errors, 0 dropped, 0 multicast\n/);
  const [, eth0] = (await jsonOf(prompt, "show interfaces")) as Record<string, unknown>[];
  assert.deepEqual([eth0!["ifindex"], eth0!["operstate"]], [2, "LOWERLAYERDOWN"]);
});
