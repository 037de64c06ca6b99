import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { Code, ConnectError } from "@connectrpc/connect";
import { connectTo } from "#api/client.ts";
import { eventMessage } from "#api/convert.ts";
import { FakeControl } from "#api/fake-control.ts";
import { Metrics } from "#api/metrics.ts";
import { MemberState } from "#api/gen/parley/v1/membership_pb.ts";
import { startServer } from "#api/test-server.ts";
import { formatEndpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import type { EventDetail } from "#services/events.ts";
import type { MembershipApi, MemberStatus } from "#services/membership-api.ts";

const NOW = 1_763_700_000_000;

const BOB: MemberStatus = {
  ...{ name: "bob", address: "192.0.2.2:7946", state: "failed", since: NOW, own: false, incarnation: 3 },
  ...{ roundTripMs: 0.5, reason: "no ack", versions: [1, 5, 2, 0, 0, 0], tags: { role: "web" }, meta: "" },
  ...{ fingerprint: "k7qf-2m3a-x5dw-b6ie", lobby: true },
  services: [{ kind: "whisper", address: "192.0.2.2:5001" }],
};

function fakeMembership(asked: string[]): MembershipApi {
  return {
    status: () => ({
      ...{ name: "alice", address: "192.0.2.1:7946", listen: "0.0.0.0:7946", state: "member", serf: true },
      ...{ profile: "lan", protocol: 2, label: "", compression: true, keys: 1, healthScore: 0, lost: 1 },
      ...{ alive: 1, suspect: 0, failed: 1, left: 0 },
      joins: [{ address: "192.0.2.2:7946", members: 2, reason: "", since: NOW }],
      conflicts: [{ name: "bob", address: "192.0.2.2:7946", claimant: "192.0.2.9:7946", since: NOW }],
      counters: [{ name: "packets received", count: 7 }],
    }),
    members: () => [BOB],
    join: async (addresses) => addresses.map((address) => ({ address, reason: "ETIMEDOUT", since: NOW })),
    leave: async () => void asked.push("leave"),
    sendEvent: (name) => {
      if (name === "long") throw new OperatorError("600 bytes, more than 512", "shorten it");
      asked.push(`event ${name}`);
    },
    query: async ({ name, timeoutMs, filters }) => {
      asked.push(`query ${name} ${timeoutMs} ${JSON.stringify(filters)}`);
      return { answers: [{ from: "bob", payload: encodeUtf8("yes") }], acknowledged: ["bob"] };
    },
    roundTrip: (a, b) => {
      asked.push(`rtt ${a} ${b}`);
      return { ms: 1.5, estimated: true };
    },
    keyring: async (action, key) => {
      asked.push(`keyring ${action} ${key}`);
      return { local: false, answers: [{ from: "bob", ok: true, message: "", keys: ["QQ=="] }] };
    },
    values: () => [{ key: "motd", text: "hello", by: "bob" }],
    setValue: (key, text) => void asked.push(`set ${key} ${text}`),
    removeValue: (key) => void asked.push(`remove ${key}`),
    chat: () => [{ name: "bob", fingerprint: "", address: "192.0.2.2:5001", own: false, state: "alive" }],
    setChat: (present) => void asked.push(`chat ${present}`),
  };
}

async function start(context: TestContext) {
  const server = await startServer(context);
  const asked: string[] = [];
  server.control.membership = fakeMembership(asked);
  const { client, close } = await connectTo({ socket: server.socket });
  context.after(close);
  return { server, asked, membership: client.membership };
}

async function errorOf(run: Promise<unknown>): Promise<string> {
  const error: unknown = await run.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConnectError, String(error));
  return `${Code[error.code]}: ${error.rawMessage}`;
}

test("members, membership, broadcasts and chat are told with all that is known of them", async (context) => {
  const { membership } = await start(context);
  const [bob] = (await membership.listMembers({})).members;
  assert.deepEqual([bob!.state, bob!.roundTripMs, bob!.reason], [MemberState.FAILED, 0.5, "no ack"]);
  assert.deepEqual([bob!.tags, bob!.versions, bob!.lobby], [{ role: "web" }, [1, 5, 2, 0, 0, 0], true]);
  assert.deepEqual(bob!.services[0]!.address, "192.0.2.2:5001");
  const status = await membership.getMembership({});
  assert.deepEqual([status.joins[0]!.members, status.counters[0]!.count, status.lost], [2, 7n, 1]);
  assert.equal(status.conflicts[0]!.claimant, "192.0.2.9:7946");
  assert.equal((await membership.listBroadcasts({})).broadcasts[0]!.text, "hello");
  assert.equal((await membership.listChat({})).participants[0]!.state, MemberState.ALIVE);
});

test("what changes something reaches the service, and answers come back", async (context) => {
  const { membership, asked } = await start(context);
  const [outcome] = (await membership.join({ addresses: ["192.0.2.2:7946"] })).outcomes;
  assert.deepEqual([outcome!.members, outcome!.reason], [undefined, "ETIMEDOUT"]);
  await membership.leave({});
  await membership.sendEvent({ name: "deploy", payload: encodeUtf8("v2") });
  const { answers, acknowledged } = await membership.query({ name: "up", nodes: ["bob"], timeoutMs: 500 });
  assert.deepEqual([answers[0]!.from, acknowledged], ["bob", ["bob"]]);
  assert.equal((await membership.getRoundTrip({ from: "bob" })).estimated, true);
  assert.deepEqual((await membership.changeKeyring({ action: 1 })).answers[0]!.keys, ["QQ=="]);
  await membership.setBroadcast({ key: "k", text: "v" });
  await membership.removeBroadcast({ key: "k" });
  await membership.joinChat({});
  await membership.leaveChat({});
  assert.deepEqual(asked, [
    "leave",
    "event deploy",
    'query up 500 {"nodes":["bob"]}',
    "rtt bob alice",
    "keyring list ",
    "set k v",
    "remove k",
    "chat true",
    "chat false",
  ]);
});

test("refusals say why, with the code for it", async (context) => {
  const { server, membership } = await start(context);
  assert.match(await errorOf(membership.sendEvent({ name: "" })), /^InvalidArgument: an event needs a name/);
  assert.match(
    await errorOf(membership.sendEvent({ name: "long" })),
    /^FailedPrecondition: 600 bytes.*shorten it/,
  );
  assert.match(
    await errorOf(membership.query({ name: "x", timeoutMs: 60_001 })),
    /^InvalidArgument.*too long/,
  );
  assert.match(await errorOf(membership.changeKeyring({})), /^InvalidArgument: no action/);
  server.control.membership = undefined;
  assert.match(await errorOf(membership.listMembers({})), /^Unavailable: membership is not configured/);
});

test("readers see members, writers send, and keys are for administrators", async (context) => {
  const { server } = await start(context);
  for (const [token, role] of [
    ["read-token", 0],
    ["write-token", 1],
    ["admin-token", 2],
  ] as const) {
    const remote = await connectTo({ server: formatEndpoint(server.listen), token });
    const { membership } = remote.client;
    assert.equal((await membership.listMembers({})).members.length, 1);
    const calls = [
      () => membership.setBroadcast({ key: "k", text: "v" }),
      () => membership.changeKeyring({ action: 1 }),
    ];
    for (const [i, call] of calls.entries()) {
      if (role > i) await call();
      else assert.match(await errorOf(call()), /^PermissionDenied/);
    }
    remote.close();
  }
});

test("members and counters are metrics", async () => {
  const control = new FakeControl();
  assert.doesNotMatch(await new Metrics(control).text(), /^parley_members\{/m);
  control.membership = fakeMembership([]);
  const text = await new Metrics(control).text();
  for (const line of [
    'parley_members{state="alive"} 1',
    'parley_members{state="failed"} 1',
    "parley_membership_health 0",
    'parley_membership_count{what="packets received"} 7',
  ])
    assert.ok(text.includes(line), line);
});

test("each event of the members has its typed detail", () => {
  const base = { sequence: 1, time: NOW, service: "membership", level: "info", text: "x" } as const;
  const payload = encodeUtf8("v2");
  const details: readonly [EventDetail, string][] = [
    [
      { type: "member", news: "failed", name: "bob", address: "a", state: "failed", own: false, reason: "r" },
      "member",
    ],
    [{ type: "member-event", name: "deploy", payload, from: "" }, "memberEvent"],
    [{ type: "member-query", name: "up", payload, from: "bob", answered: true }, "memberQuery"],
    [{ type: "member-value", key: "k", text: "", isRemoved: true, by: "bob", own: false }, "broadcast"],
  ];
  for (const [detail, expected] of details) {
    const message = eventMessage({ ...base, detail });
    assert.equal(message.detail.case, expected);
  }
  const removal = eventMessage({ ...base, detail: details[3]![0] }).detail;
  assert.ok(removal.case === "broadcast" && removal.value.removed && removal.value.by === "bob");
});
