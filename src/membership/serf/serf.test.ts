import assert from "node:assert/strict";
import { test } from "node:test";
import { hexText } from "#packet/primitive.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";
import { SERF_VERSIONS, TestSerf } from "#membership/serf/testing/node.ts";
import { encodeMessage } from "#wire/memberlist/packet.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import {
  decodeCoordinate,
  encodeCoordinate,
  encodeSerf,
  encodeTags,
  type SerfMessage,
} from "#wire/memberlist/serf.ts";

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

/** A node that knows n2 to n5. */
function acquainted(...given: ConstructorParameters<typeof TestSerf>): TestSerf {
  const node = new TestSerf(...given);
  for (const x of [2, 3, 4, 5]) node.meets(x, { role: `r${x}` });
  node.events.length = 0;
  node.takeSent();
  return node;
}

function event(ltime: number, name: string, payload?: string): SerfMessage {
  const body = {
    ltime: BigInt(ltime),
    name,
    coalesce: false,
    ...(payload && { payload: Buffer.from(payload) }),
  };
  return { type: "event", body };
}

test("members show their tags, and ours change", () => {
  const node = acquainted({}, { role: "own" });
  assert.deepEqual(node.core.member("n2")!.tags, { role: "r2" });
  assert.deepEqual(node.core.member("self")!.tags, { role: "own" });
  assert.deepEqual([...node.core.member("self")!.versions], [...SERF_VERSIONS]);
  node.put({ type: "tags", tags: { role: "other", dc: "x" } });
  node.run(300);
  const alive = node
    .takeSent()
    .flatMap(({ message }) =>
      message.type === "alive" && message.body.node === "self" ? [message.body] : [],
    );
  assert.equal(hexText(alive[0]!.meta!), "ff82a4726f6c65a56f74686572a26463a178");
  assert.deepEqual(node.core.member("self")!.tags, { role: "other", dc: "x" });
  node.put({ type: "tags", tags: { role: "x".repeat(600) } });
  assert.equal(node.eventsOf("refused")[0]!.command, "tags");
  assert.deepEqual(node.core.member("self")!.tags, { role: "other", dc: "x" });
  assert.throws(() => new TestSerf({}, { role: "x".repeat(600) }), RangeError);
});

test("an event is told once, to all that are there, and passed on once", () => {
  const node = acquainted();
  node.hears(event(5, "deploy", "v1"));
  node.hears(event(5, "deploy", "v1"), 3);
  node.hears(event(5, "deploy", "v2"));
  assert.deepEqual(
    node.eventsOf("user-event").map(({ name, payload, ltime }) => [name, text(payload), ltime]),
    [
      ["deploy", "v1", 5],
      ["deploy", "v2", 5],
    ],
  );
  assert.equal(node.counted("known Serf events"), 1);
  node.run(2_000);
  const said = node.takeSaid().filter(({ message }) => message.type === "event");
  // Two events, each in as many packets as gossip in a cluster of five needs.
  assert.equal(said.length, 8);
  node.hears(event(5, "deploy", "v1"), 4);
  node.run(2_000);
  assert.equal(node.takeSaid().length, 0);
});

test("what we say is byte for byte what Serf says", () => {
  const node = acquainted();
  const payload = Buffer.from("payload123");
  node.put({ type: "event", name: "deploy", payload, coalesce: true });
  node.put({
    ...{ type: "query", id: 1, name: "load", payload: new Uint8Array(0), timeoutMs: 0 },
    ...{ acknowledge: true, filters: {} },
  });
  node.run(1_000);
  const said = node.takeSaid();
  const [told] = said.filter(({ message }) => message.type === "event");
  // Captured from Serf 0.9.4.
  assert.equal(
    hexText(told!.raw),
    "0384a24343c3a54c54696d6501a44e616d65a66465706c6f79a75061796c6f6164aa7061796c6f6164313233",
  );
  const [asked] = said.filter(({ message }) => message.type === "query");
  assert.ok(asked?.message.type === "query");
  const captured = bytesOf(
    `048ba441646472a47f000002a746696c74657273c0a5466c61677301a24944ce648bd5d0a54c54696d6501a44e616d65a46c6f6164
     a75061796c6f6164c0a4506f7274cd1f0aab52656c6179466163746f7200aa536f757263654e6f6465a27332a754696d656f7574
     cebebc2000`,
  );
  const { body } = asked.message;
  assert.ok(body.id < 2 ** 31);
  // Of ours: four alive others and ourselves, so the time is the same; the address, the name and the number are not.
  const like = { ...body, address: Uint8Array.of(127, 0, 0, 2), sourceNode: "s2", id: 0x648bd5d0 };
  assert.equal(hexText(encodeSerf({ type: "query", body: like })), hexText(captured));
});

test("a Lamport clock is past all that was heard", () => {
  const node = acquainted();
  node.hears(event(41, "a"));
  node.put({ type: "event", name: "b", payload: new Uint8Array(0), coalesce: false });
  assert.deepEqual(
    node.eventsOf("user-event").map(({ ltime }) => ltime),
    [41, 42],
  );
  node.hears(event(2 ** 53, "c"));
  node.hears({ type: "event", body: { ltime: 2n ** 64n - 1n, name: "c", coalesce: false } });
  node.hears({ type: "join", body: { ltime: 2n ** 64n - 1n, node: "n2" } });
  node.put({ type: "event", name: "d", payload: new Uint8Array(0), coalesce: false });
  assert.equal(node.eventsOf("user-event").at(-1)!.ltime, 43);
  assert.equal(node.counted("refused: a Lamport time too far ahead"), 3);
});

test("one packet drives no clock to its end", () => {
  const node = acquainted();
  node.hears(event(2 ** 53 - 2, "far"));
  node.put({ type: "event", name: "near", payload: new Uint8Array(0), coalesce: false });
  assert.deepEqual(
    node.eventsOf("user-event").map(({ name, ltime }) => [name, ltime]),
    [["near", 1]],
  );
  assert.equal(node.counted("refused: a Lamport time too far ahead"), 1);
});

test("too long events, queries and answers are refused with the reason", () => {
  const node = acquainted();
  const long = new Uint8Array(1_100);
  node.put({ type: "event", name: "x", payload: new Uint8Array(500), coalesce: false });
  const query = { type: "query", name: "q", timeoutMs: 0, acknowledge: false, filters: {} } as const;
  node.put({ ...query, id: 1, payload: long });
  node.put({ ...query, id: 2, payload: long.subarray(0, 1), filters: { tags: { role: "(" } } });
  node.put({ ...query, id: 3, payload: long.subarray(0, 1), timeoutMs: 1e9 });
  node.put({ ...query, id: 4, payload: long.subarray(0, 1), name: "_serf_use-key" });
  node.put({ ...query, id: 5, payload: long.subarray(0, 1), relayFactor: 6 });
  node.put({ type: "respond", query: 99, payload: long });
  node.put({ type: "keyring", id: 6, action: "list", key: new Uint8Array(0) });
  assert.deepEqual(
    node.eventsOf("refused").map(({ command }) => command),
    ["event", "query", "query", "query", "query", "query", "respond", "keyring"],
  );
  node.put({ ...query, id: 7, payload: long.subarray(0, 9) });
  node.put({ ...query, id: 7, payload: long.subarray(0, 9) });
  assert.match(node.eventsOf("refused").at(-1)!.reason, /there is a query 7 already/);
  const { query: number } = node.eventsOf("query-received")[0]!;
  node.put({ type: "respond", query: number, payload: long });
  assert.match(node.eventsOf("refused").at(-1)!.reason, /1,?1\d\d bytes, more than 1024/);
  node.put({ type: "respond", query: number, payload: long.subarray(0, 9) });
  assert.equal(node.eventsOf("query-answered").length, 1);
});

test("a query collects acknowledgements and answers, each once, until its time is over", () => {
  const node = acquainted();
  node.put({
    ...{ type: "query", id: 7, name: "load", payload: Buffer.from("now"), timeoutMs: 2_000 },
    ...{ acknowledge: true, filters: {} },
  });
  assert.deepEqual(node.core.queries(), [
    { id: 7, name: "load", endsAt: 2_000, acknowledgements: 1, answers: 0 },
  ]);
  node.run(1_000);
  const asked = node.takeSaid().find(({ message }) => message.type === "query")!.message;
  assert.ok(asked.type === "query");
  const { id, ltime } = asked.body;
  const answer = (from: string, flags: number, changes: object = {}): SerfMessage => ({
    type: "response",
    body: { id, ltime, from, flags, ...(flags === 0 && { payload: Buffer.from(`of ${from}`) }), ...changes },
  });
  node.hears(answer("n2", 1));
  node.hears(answer("n2", 0));
  node.hears(answer("n2", 0));
  node.hears(answer("n3", 0), 3);
  node.hears(answer("nobody", 0));
  node.hears(answer("n4", 0, { id: id ^ 1 }), 4);
  node.hears(answer("n4", 0, { ltime: ltime + 1n }), 4);
  node.run(1_001);
  node.hears(answer("n5", 0), 5);
  assert.deepEqual(
    node.eventsOf("query-answered").map(({ from, payload }) => [from, text(payload)]),
    [
      ["n2", "of n2"],
      ["n3", "of n3"],
    ],
  );
  assert.deepEqual(
    node.eventsOf("query-acknowledged").map(({ from }) => from),
    ["self", "n2"],
  );
  assert.deepEqual(node.eventsOf("query-ended"), [
    { type: "query-ended", id: 7, acknowledgements: 2, answers: 2 },
  ]);
  assert.deepEqual(node.core.queries(), []);
  assert.equal(node.counted("ignored: an answer to no query that runs"), 3);
});

const QUERY = {
  ...{ address: Uint8Array.of(192, 0, 2, 2), port: 7946, sourceNode: "n2", flags: 1, id: 77, ltime: 9n },
  ...{ name: "load", relayFactor: 0, timeout: 1_000_000_000n },
};

function queried(changes: object = {}): SerfMessage {
  return { type: "query", body: { ...QUERY, ...changes } };
}

test("what no agent can send is not heard, and takes no memory", () => {
  const node = acquainted();
  const long = "x".repeat(10_000);
  node.hears(event(5, long));
  node.hears(event(5, "e", long));
  node.hears(queried({ payload: Buffer.from(long) }));
  node.hears({ type: "join", body: { ltime: 5n, node: long } });
  node.hears({ type: "leave", body: { ltime: 5n, node: "", prune: true } });
  node.exchanges(
    encodeSerf({
      type: "state",
      body: {
        ...{ ltime: 1n, eventLtime: 1n, queryLtime: 1n, statusLtimes: new Map([[long, 3n]]) },
        events: [{ ltime: 1n, events: [{ name: long }] }],
      },
    }),
  );
  assert.deepEqual(node.events, []);
  node.run(2_000);
  assert.deepEqual(node.takeSaid(), []);
  assert.equal(node.counted("refused: a Serf event that is too long"), 3);
  assert.equal(node.counted("refused: a Serf query that is too long"), 1);
  assert.equal(node.counted("refused: a join or leave of a bad name"), 3);
});

test("a query of another is acknowledged, told, passed on and answered, once and in time", () => {
  const node = acquainted();
  node.hears(queried());
  node.hears(queried());
  const [asked] = node.eventsOf("query-received");
  assert.equal(node.eventsOf("query-received").length, 1);
  assert.deepEqual([asked!.name, asked!.from, asked!.deadline], ["load", "n2", 1_000]);
  node.put({ type: "respond", query: asked!.query, payload: Buffer.from("3.2") });
  node.put({ type: "respond", query: asked!.query, payload: Buffer.from("3.2") });
  const said = node.takeSaid();
  assert.deepEqual(
    said.map(({ to, raw }) => [to, hexText(raw)]),
    [
      ["192.0.2.2", "0585a5466c61677301a446726f6da473656c66a249444da54c54696d6509a75061796c6f6164c0"],
      ["192.0.2.2", "0585a5466c61677300a446726f6da473656c66a249444da54c54696d6509a75061796c6f6164a3332e32"],
    ],
  );
  assert.equal(node.eventsOf("refused").length, 1);
  node.run(500);
  assert.ok(node.takeSaid().some(({ message }) => message.type === "query"));
  node.hears(queried({ id: 78 }));
  node.run(1_001);
  node.put({ type: "respond", query: node.eventsOf("query-received")[1]!.query, payload: new Uint8Array(1) });
  assert.equal(node.eventsOf("refused").length, 2);
});

test("a query for others is passed on and not told; one that says so is not passed on", () => {
  const node = acquainted({}, { role: "web" });
  node.hears(queried({ filters: [bytesOf("0091a26e39")] }));
  node.hears(queried({ id: 78, filters: [bytesOf("0182a445787072a26462a3546167a4726f6c65")] }));
  node.hears(queried({ id: 79, flags: 2 }));
  assert.equal(node.eventsOf("query-received").length, 1);
  node.run(1_000);
  const passed = node.takeSaid().flatMap(({ message }) => (message.type === "query" ? message.body.id : []));
  assert.deepEqual([...new Set(passed)].sort(), [77, 78]);
});

test("what crashes Go peers is neither told nor passed on", () => {
  const node = acquainted();
  node.hears(queried({ filters: [new Uint8Array(0)] }));
  for (const [i, name] of ["install-key", "use-key", "remove-key"].entries()) {
    node.hears(queried({ id: 80 + i, name: `_serf_${name}` }));
    node.hears(queried({ id: 90 + i, name: `_serf_${name}`, payload: new Uint8Array(0) }));
  }
  node.run(2_000);
  assert.deepEqual(
    node.takeSaid().filter(({ message }) => message.type !== "join"),
    [],
  );
  assert.equal(node.counted("refused: a query that crashes Go peers"), 7);
});

test("answers go to members only, also those that are passed on", () => {
  const node = acquainted();
  node.hears(queried({ address: Uint8Array.of(203, 0, 113, 9) }));
  node.hears(queried({ id: 78, port: 53 }));
  node.hears(queried({ id: 79, sourceNode: "nobody" }));
  // Old peers do not say who they are.
  node.hears(queried({ id: 80, sourceNode: "" }));
  assert.deepEqual(
    node.takeSaid().map(({ to }) => to),
    ["192.0.2.2"],
  );
  const response: SerfMessage = { type: "response", body: { id: 1, ltime: 1n, from: "n4", flags: 1 } };
  const relay = (name: string, last: number, message: SerfMessage = response): SerfMessage => ({
    type: "relay",
    body: { name, address: { ip: Uint8Array.of(192, 0, 2, last), port: 7946, zone: "" } },
    message: message as never,
  });
  node.hears(relay("n3", 3));
  node.hears(relay("n3", 9));
  node.hears(relay("n3", 3, event(9, "x")));
  const said = node.takeSaid();
  assert.deepEqual(
    said.map(({ to, message }) => [to, message.type]),
    [["192.0.2.3", "response"]],
  );
  assert.equal(node.counted("refused: an answer to no member"), 3);
  assert.equal(node.counted("refused: to relay to no member"), 1);
  assert.equal(node.counted("refused: to relay what is no answer"), 1);
});

test("whose name is taken hears so where it is, a few times a minute", () => {
  const node = acquainted();
  const stranger = { address: Uint8Array.of(203, 0, 113, 9), name: "_serf_conflict", flags: 0 };
  for (let i = 0; i < 20; i++) node.hears(queried({ ...stranger, id: 100 + i, payload: Buffer.from("n2") }));
  const said = node.takeSaid();
  assert.ok(said.every(({ to, message }) => to === "203.0.113.9" && message.type === "response"));
  assert.equal(said.length, SERF_LIMITS.strangers);
  for (const [i, changes] of [
    { payload: Buffer.from("n3") },
    { payload: Buffer.from("nobody"), sourceNode: "nobody" },
    { payload: Buffer.from("n2"), address: Uint8Array.of(224, 0, 0, 1) },
    { payload: Buffer.from("n2"), address: Uint8Array.of(127, 0, 0, 1) },
    { payload: Buffer.from("n2"), name: "load" },
  ].entries()) {
    node.now += 60_000;
    node.hears(queried({ ...stranger, id: 200 + i, ...changes }));
    assert.deepEqual(
      node.takeSaid().filter(({ message }) => message.type === "response"),
      [],
    );
  }
});

test("an answer goes by other members too, when the query asks for it", () => {
  const node = acquainted();
  node.hears(queried({ relayFactor: 2 }));
  const said = node.takeSaid();
  assert.deepEqual(
    said.map(({ message }) => message.type),
    ["response", "relay", "relay"],
  );
  assert.equal(new Set(said.map(({ to }) => to)).size, 3);
  const [, relay] = said;
  assert.ok(relay!.message.type === "relay" && relay!.message.message.type === "response");
  assert.equal(relay!.message.body.name, "n2");
  // Where there are not so many others, it is not worth it.
  node.hears(queried({ id: 78, relayFactor: 4 }));
  assert.deepEqual(
    node.takeSaid().map(({ message }) => message.type),
    ["response"],
  );
});

test("a leave is said before we go, and a member that said it has left", () => {
  const node = acquainted();
  node.hears({ type: "leave", body: { ltime: 3n, node: "n2", prune: false } });
  assert.equal(node.core.member("n2")!.state, "alive");
  node.loses(2);
  node.loses(3);
  node.loses(4, "n4");
  assert.deepEqual(node.memberEvents(), ["left n2", "failed n3", "left n4"]);
  assert.equal(node.core.member("n2")!.state, "left");
  assert.equal(node.core.member("n3")!.state, "dead");
  // As an operator says with force-leave.
  node.hears({ type: "leave", body: { ltime: 9n, node: "n3", prune: false } });
  assert.equal(node.memberEvents().at(-1), "left n3");
  node.takeSent();
  node.put({ type: "leave" });
  node.run(6_000);
  assert.equal(node.memberEvents().at(-1), "left n3");
  assert.deepEqual(node.events.at(-1), { type: "departed" });
  const sent = node.takeSent();
  const intent = sent.findIndex(({ message }) => message.type === "user" && message.body.payload[0] === 0);
  const dead = sent.findIndex(({ message }) => message.type === "dead" && message.body.from === "self");
  assert.ok(intent >= 0 && dead > intent, `${intent} ${dead}`);
});

test("failed members are remembered for a day, longer than the membership does", () => {
  const node = acquainted();
  node.loses(3);
  node.run(10 * 60_000);
  assert.equal(node.core.member("n3")!.state, "dead");
  assert.deepEqual(node.core.member("n3")!.tags, { role: "r3" });
  node.run(SERF_LIMITS.tombstoneMs + 60_000);
  assert.equal(node.core.member("n3"), undefined);
});

test("who says that we left hears that we are here", () => {
  const node = acquainted();
  node.hears({ type: "leave", body: { ltime: 30n, node: "self", prune: true } });
  node.run(1_000);
  const joins = node.takeSaid().flatMap(({ message }) => (message.type === "join" ? [message.body] : []));
  assert.ok(joins.length > 0);
  assert.deepEqual(joins[0], { ltime: 31n, node: "self" });
});

test("a newcomer gets recent events and clocks with the exchange, and gives them", () => {
  const old = acquainted();
  old.hears(event(5, "deploy", "v1"));
  old.hears(event(7, "restart"));
  old.hears({ type: "leave", body: { ltime: 12n, node: "n2", prune: false } });
  old.loses(2);
  const answer = old.exchanges(new Uint8Array(0));
  const at = Buffer.from(answer).indexOf(Buffer.from("0286aa4576656e744c54696d65", "hex"));
  assert.ok(at > 0);
  const state = answer.subarray(at);
  const young = acquainted();
  young.exchanges(state);
  assert.deepEqual(
    young.eventsOf("user-event").map(({ name, ltime, payload }) => [name, ltime, text(payload)]),
    [
      ["deploy", 5, "v1"],
      ["restart", 7, ""],
    ],
  );
  young.put({ type: "event", name: "next", payload: new Uint8Array(0), coalesce: false });
  assert.equal(young.eventsOf("user-event").at(-1)!.ltime, 8);
  young.loses(2);
  assert.deepEqual(young.memberEvents(), ["left n2"]);
  // Exchanging the same again drives no clock.
  const times = [0, 1, 2].map(() => hexText(young.exchanges(state)));
  assert.equal(times[1], times[2]);
});

test("what rides behind the state is taken along, and no state is none", () => {
  const merged: string[] = [];
  const attachment = {
    state: () => Buffer.from("{}"),
    merge: (state: Uint8Array) => void merged.push(text(state)),
  };
  const node = acquainted({}, {}, attachment);
  const answer = text(node.exchanges(new Uint8Array(0)));
  assert.ok(answer.endsWith("{}"));
  const state = encodeSerf({ type: "state", body: { ltime: 1n, eventLtime: 1n, queryLtime: 1n } });
  node.exchanges(state);
  node.exchanges(Buffer.concat([state, Buffer.from('{"a":1}')]));
  assert.deepEqual(merged, ['{"a":1}']);
  for (const hex of ["02", "0290", "01", "0281a54c54696d65a161"]) node.exchanges(bytesOf(hex));
  assert.equal(node.counted("bad Serf state"), 4);
  assert.equal(merged.length, 1);
});

test("acknowledged probes carry coordinates both ways", () => {
  const node = new TestSerf();
  node.meets(2);
  const other = { vector: [0.01, 0, 0, 0, 0, 0, 0, 0], error: 0.1, adjustment: 0, height: 0.001 };
  for (let i = 0; i < 400; i++) {
    node.run(100);
    for (const { message } of node.takeSent()) {
      if (message.type !== "ping") continue;
      node.acknowledges(message.body.sequenceNumber, encodeCoordinate(other));
    }
  }
  const view = node.core.member("n2")!;
  const ms = node.core.roundTripMs("self", "n2")!;
  assert.ok(view.state === "alive" && Math.abs(ms - view.roundTripMs!) < 30, `${ms} ${view.roundTripMs}`);
  assert.equal(node.core.roundTripMs("n2", "nobody"), undefined);
  assert.deepEqual(node.core.coordinate("n2"), other);
  assert.notDeepEqual(node.core.coordinate("self")!.vector, new Array(8).fill(0));
  // Others get ours with the answers to their pings.
  const ping = {
    node: "self",
    sequenceNumber: 7,
    sourceAddress: Uint8Array.of(192, 0, 2, 2),
    sourcePort: 7946,
  };
  node.packet(encodeMessage({ type: "ping", body: ping }));
  const [ack] = node.takeSent().flatMap(({ message }) => (message.type === "ack" ? [message.body] : []));
  assert.deepEqual(decodeCoordinate(ack!.payload!), node.core.coordinate("self"));
});

test("meta data that is no tags is the role, as in very old Serf", () => {
  const node = new TestSerf();
  node.meets(2);
  assert.deepEqual(node.core.member("n2")!.tags, {});
  assert.equal(hexText(encodeTags(new Map())), "ff80");
});
