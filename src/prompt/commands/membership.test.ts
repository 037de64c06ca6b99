import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeUtf8 } from "#base/utf8.ts";
import { execute } from "#prompt/session.ts";
import type { FakeMembership } from "#prompt/testing/fake-membership.ts";
import { event, peer, timeAt } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";

const NOON = new Date(2026, 10, 21, 12, 0, 0).getTime(); // local time, as people read it

function ago(ms: number) {
  return timeAt(NOON - ms);
}

function prompt() {
  const made = fakePrompt(NOON);
  const { membership } = made.node;
  const run = async (line: string): Promise<string> => {
    const { status, output, error } = await execute(made.tree, line);
    assert.equal(status, 0, error ?? "");
    return output;
  };
  const json = async (line: string): Promise<unknown> => JSON.parse(await run(`${line} | json`));
  return { ...made, membership, run, json };
}

const MEMBERS: FakeMembership["members"] = {
  members: [
    {
      ...{
        name: "alice",
        address: "127.82.0.1:7946",
        state: 1,
        since: ago(60_000),
        own: true,
        incarnation: 2,
      },
      versions: [1, 5, 2, 0, 0, 0],
      fingerprint: "k7qf-2m3a-x5dw-b6ie",
      services: [
        { kind: "whisper", address: "127.82.0.1:5001" },
        { kind: "member", address: "127.82.0.1:7946" },
      ],
      lobby: true,
    },
    {
      ...{ name: "go", address: "127.82.0.9:7946", state: 3, since: ago(5_000), incarnation: 7 },
      ...{ roundTripMs: 12.345, reason: "no ack, and 3 others had none", meta: "role=\u001bx" },
      versions: [1, 5, 5, 2, 5, 4],
      tags: { b: "2", a: "1" },
    },
  ],
};

test("show members is a table; detail and JSON tell all", async () => {
  const { membership, run, json } = prompt();
  assert.equal(await run("show members"), "No member is known.\n");
  membership.members = MEMBERS;
  assert.equal(
    await run("sh members"),
    [
      "Name  Address         State  For     RTT Services        Note",
      "----- --------------- ------ --- ------- --------------- -----------------------------",
      "alice 127.82.0.1:7946 alive  1m        - whisper, member this node; in the chat",
      "go    127.82.0.9:7946 failed 5s  12.3 ms -               no ack, and 3 others had none",
      "",
    ].join("\n"),
  );
  assert.equal(
    await run("show members detail"),
    [
      "alice (this node)",
      "  State        alive since 11:59:00 (1m)",
      "  Address      127.82.0.1:7946",
      "  Incarnation  2",
      "  Protocol     2 (1 to 5)",
      "  Delegate     0 (0 to 0)",
      "  Identity     k7qf-2m3a-x5dw-b6ie",
      "  whisper at   127.82.0.1:5001",
      "  member at    127.82.0.1:7946",
      "  Chat         present",
      "",
      "go",
      "  State        failed since 11:59:55 (5s): no ack, and 3 others had none",
      "  Address      127.82.0.9:7946",
      "  Incarnation  7",
      "  Protocol     5 (1 to 5)",
      "  Delegate     4 (2 to 5)",
      "  Round trip   12.3 ms",
      "  Tags         a=1 b=2",
      "  Metadata     role=\\x1bx",
      "",
    ].join("\n"),
  );
  const [alice, go] = (await json("show members")) as Record<string, unknown>[];
  assert.deepEqual(
    [alice!["state"], alice!["own"], alice!["lobby"], go!["roundTripMs"], go!["tags"]],
    ["alive", true, true, 12.345, { a: "1", b: "2" }],
  );
});

test("show membership tells this node's part, and what is amiss", async () => {
  const { membership, run, json } = prompt();
  membership.status = {
    ...{ name: "alice", address: "192.0.2.1:7946", listen: "0.0.0.0:7946", state: "member", profile: "lan" },
    ...{
      protocol: 2,
      compression: true,
      keys: 2,
      alive: 5,
      failed: 1,
      healthScore: 1,
      lost: 1,
      label: "blue",
    },
    joins: [
      { address: "192.0.2.2:7946", members: 6, since: ago(12_000) },
      { address: "192.0.2.9:7946", reason: "ECONNREFUSED", since: ago(2_000) },
    ],
    conflicts: [{ name: "bob", address: "192.0.2.2:7946", claimant: "192.0.2.7:7946", since: ago(3_000) }],
    counters: [{ name: "packets received", count: 70n }],
  };
  assert.equal(
    await run("show membership"),
    [
      "alice is a member of the cluster",
      "  Address      192.0.2.1:7946, listening on 0.0.0.0:7946",
      "  Cluster      plain (without Serf's layer), profile lan, protocol 2, label blue",
      "  Encryption   AES-GCM, 2 keys; compression on",
      "  Members      5 alive, 0 suspect, 1 failed, 0 left",
      "  Health       1: answers are late or missing, others get more time; 1 failed member is looked for",
      "",
      "Joins:",
      "  192.0.2.2:7946: 6 members (12s ago)",
      "  192.0.2.9:7946: ECONNREFUSED (2s ago)",
      "",
      "Conflicts:",
      "  192.0.2.7:7946 claims to be bob, which is at 192.0.2.2:7946, 3s ago",
      "",
      "Counters:",
      "          70 packets received",
      "",
    ].join("\n"),
  );
  const value = (await json("show membership")) as Record<string, unknown>;
  assert.deepEqual(value["members"], { alive: 5, suspect: 0, failed: 1, left: 0 });
  assert.deepEqual(value["counters"], { "packets received": 70 });
});

test("join tells how each address answered, and leave how to come back", async () => {
  const { membership, run } = prompt();
  membership.outcomes = { outcomes: [{ address: "192.0.2.2:7946", members: 1, since: ago(0) }] };
  assert.equal(await run("join 192.0.2.2:7946 host:7946"), "192.0.2.2:7946: 1 member (0ms ago)\n");
  assert.match(await run("leave"), /left the cluster; "join ADDR" comes back/);
  assert.deepEqual(membership.asked, ["join 192.0.2.2:7946 host:7946", "leave"]);
});

test("events and queries go out with what goes with them, and answers come as lines and as JSON", async () => {
  const { membership, run, json } = prompt();
  membership.answers = {
    answers: [{ from: "bob", payload: encodeUtf8("3 days") }],
    acknowledged: ["alice", "bob"],
  };
  assert.equal(await run('event deploy "v2 now"'), "sent deploy to all members\n");
  assert.equal(await run("query uptime"), "bob: 3 days\n2 members have received it, 1 answered\n");
  assert.deepEqual(await json('query uptime "a b"'), {
    answers: [{ from: "bob", answer: "3 days" }],
    acknowledged: ["alice", "bob"],
  });
  assert.deepEqual(membership.asked, ["event deploy «v2 now»", "query uptime «»", "query uptime «a b»"]);
  membership.roundTrip = { ms: 0.421, estimated: true };
  assert.equal(await run("show rtt alice bob"), "alice and bob: 0.42 ms (by coordinates)\n");
  membership.roundTrip = { ms: 184.2, estimated: false };
  assert.equal(await run("show rtt bob"), "bob: 184 ms (by the last probe)\n");
});

test("keyring list counts who has which key, and changes tell who could not", async () => {
  const { membership, run, json } = prompt();
  assert.equal(await run("keyring list"), "Nothing is encrypted: there are no keys.\n");
  membership.keyring = {
    answers: [
      { from: "alice", ok: true, keys: ["B", "A"] },
      { from: "bob", ok: true, keys: ["A"] },
      { from: "carol", ok: false, message: "no key ring" },
    ],
  };
  assert.equal(
    await run("keyring list"),
    [
      "Key Encrypts at Known to",
      "--- ----------- --------",
      "B   1 of 2      1 of 2",
      "A   1 of 2      2 of 2",
      "carol: no key ring",
      "",
    ].join("\n"),
  );
  assert.equal(await run("keyring install QQ=="), "done at 2 members\ncarol: no key ring\n");
  membership.keyring = { local: true, answers: [{ from: "alice", ok: true }] };
  assert.match(await run("keyring use QQ=="), /^done at 1 member\nonly this node: without Serf's layer/);
  await run("keyring remove QQ==");
  assert.deepEqual(membership.asked.slice(2), ["keyring 2 QQ==", "keyring 3 QQ==", "keyring 4 QQ=="]);
  assert.deepEqual(await json("keyring list"), { local: true, members: 1, keys: {}, problems: [] });
});

test("broadcasts are set, removed and listed", async () => {
  const { membership, run, json } = prompt();
  assert.match(await run("show broadcasts"), /^Nothing is broadcast/);
  assert.equal(await run("broadcast add motd hello | all"), "motd goes to all members\n");
  assert.equal(await run("broadcast del motd"), "motd is removed at all members\n");
  assert.deepEqual(membership.asked, ["set motd «hello | all»", "remove motd"]);
  membership.broadcasts = {
    broadcasts: [
      { key: "motd", text: "hello", by: "bob" },
      { key: "x", text: "1" },
    ],
  };
  assert.equal(
    await run("show broadcasts"),
    "Key  Text  Set by\n---- ----- ------\nmotd hello bob\nx    1     -\n",
  );
  assert.deepEqual(await json("show broadcasts"), [
    { key: "motd", text: "hello", by: "bob" },
    { key: "x", text: "1", by: "" },
  ]);
});

test("show chat tells who is there and with whom whisper is linked", async () => {
  const { node, membership, run } = prompt();
  assert.match(await run("show chat"), /^Nobody is in the chat/);
  assert.match(await run("chat join"), /^you are in the chat/);
  assert.match(await run("chat leave"), /^you have left/);
  const fingerprint = "k7qf-2m3a-x5dw-b6ie";
  membership.chat = {
    participants: [
      { name: "alice", own: true, state: 1, address: "127.82.0.1:5001", fingerprint },
      { name: "bob", state: 1, address: "127.82.0.2:5001", fingerprint },
      { name: "carol", state: 2, fingerprint },
    ],
  };
  node.peers = [peer("127.82.0.2:5001", 1, { outSince: timeAt(0) })];
  assert.equal(
    await run("show chat"),
    [
      "Name  Whisper         State   Linked Identity            Note",
      "----- --------------- ------- ------ ------------------- ---------",
      "alice 127.82.0.1:5001 alive   -      k7qf-2m3a-x5dw-b6ie this node",
      "bob   127.82.0.2:5001 alive   yes    k7qf-2m3a-x5dw-b6ie",
      "carol -               suspect no     k7qf-2m3a-x5dw-b6ie",
      "",
    ].join("\n"),
  );
});

test("what happened among members is in the log's JSON", async () => {
  const { node, json } = prompt();
  const value = { news: "failed", name: "bob", address: "a", state: 3, own: false, reason: "no ack" };
  const query = { name: "up", payload: encodeUtf8("?"), from: "bob", answered: true };
  node.events = [
    event("bob has failed", { detail: { case: "member", value } } as object),
    event("query", { detail: { case: "memberQuery", value: query } } as object),
    event("event", { detail: { case: "memberEvent", value: { ...query, name: "deploy" } } } as object),
    event("text", { detail: { case: "broadcast", value: { key: "k", removed: true } } } as object),
  ];
  const shown = (await json("show log")) as Record<string, unknown>[];
  assert.deepEqual(shown[0]!["member"], { ...value, state: "failed" });
  assert.deepEqual(shown[1]!["memberQuery"], { ...query, payload: "?" });
  assert.deepEqual(shown[2]!["memberEvent"], { name: "deploy", payload: "?", from: "bob" });
  assert.deepEqual(shown[3]!["broadcast"], { key: "k", removed: true });
});

test("names of members and keys of broadcasts complete", async () => {
  const { tree, membership } = prompt();
  membership.members = MEMBERS;
  membership.broadcasts = { broadcasts: [{ key: "motd", text: "hello" }] };
  const { helpAt } = await import("#prompt/help.ts");
  const words = async (line: string): Promise<string[]> =>
    (await helpAt(tree, line)).entries.map(({ text }) => text);
  assert.deepEqual((await words("show rtt ")).slice(-2), ["alice", "go"]);
  assert.ok((await words("broadcast del ")).includes("motd"));
});
