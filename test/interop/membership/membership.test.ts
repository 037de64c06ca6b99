import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, test, type TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { MembershipSetup } from "#membership/io.ts";
import { MESSAGE_TYPES } from "#wire/memberlist/messages.ts";
import { decodeStreamMessage } from "#wire/memberlist/stream.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { isLeftOut } from "../left-out.ts";
import { missingForGo, Site, until } from "./nodes.ts";

const KEY = "000102030405060708090a0b0c0d0e0f";
const OTHER_KEY = "101112131415161718191a1b1c1d1e1f2021222324252627";
const missing = missingForGo();
let site: Site;

before(() => {
  if (missing === undefined) site = new Site();
});
after(async () => await site?.end());

function goTest(name: string, run: (context: TestContext) => Promise<void>): void {
  test(`with HashiCorp's memberlist: ${name}`, { timeout: 110_000 }, async (context) => {
    if (isLeftOut(context, missing)) return;
    try {
      await run(context);
    } finally {
      await site.stopAll();
    }
  });
}

const kinds: readonly (readonly [string, readonly string[], Partial<MembershipSetup>])[] = [
  ["compressed", [], {}],
  ["plain, protocol 5", ["-nocompress", "-proto", "5"], { compression: false, protocol: 5 }],
  ["encrypted", ["-key", KEY], { keys: [bytesOf(KEY)] }],
  ["encrypted with padding, protocol 1", ["-key", KEY, "-proto", "1"], { keys: [bytesOf(KEY)], protocol: 1 }],
  ["protocol 3 with 4", ["-proto", "3"], { protocol: 4 }],
  ["protocol 1 with 5", ["-proto", "1"], { protocol: 5 }],
  ["protocol 4 with 2, encrypted", ["-key", KEY, "-proto", "4"], { keys: [bytesOf(KEY)] }],
];

for (const [kind, flags, setup] of kinds)
  goTest(`join both ways, metadata, messages, leave (${kind})`, async () => {
    const a = await site.agent("a", "127.71.0.1", "-meta", "meta of a", ...flags);
    const ours = await site.node("ours", "127.71.0.2", { ...setup, join: [a.address] });
    const joined = await ours.saw("joined", "a");
    assert.ok(joined.type === "joined");
    assert.equal(Buffer.from(joined.member.meta).toString(), "meta of a");
    await a.saw({ ev: "join", name: "ours", meta: "meta of ours" });
    const b = await site.agent("b", "127.71.0.3", "-join", ours.address, ...flags);
    await b.saw({ ev: "joined", err: "" });
    await b.saw({ ev: "join", name: "a" });
    await ours.saw("joined", "b");

    ours.push({ type: "meta", meta: Buffer.from("second") });
    await a.saw({ ev: "update", name: "ours", meta: "second" });
    a.say("meta third");
    await ours.saw("updated", "a");
    ours.push({ type: "send", node: "a", payload: Buffer.from("in a stream"), reliable: true });
    ours.push({ type: "send", node: "a", payload: Buffer.from("in a packet"), reliable: false });
    ours.push({ type: "broadcast", payload: Buffer.from("to all") });
    for (const text of ["in a stream", "in a packet", "to all"]) await a.saw({ ev: "user", msg: text });
    await b.saw({ ev: "user", msg: "to all" });
    for (const line of ["send ours over-tcp", "sendudp ours over-udp", "broadcast from-a"]) a.say(line);
    const texts = (): string[] =>
      ours.events.flatMap((event) => (event.type === "user" ? [Buffer.from(event.payload).toString()] : []));
    await until("their messages", () =>
      ["over-tcp", "over-udp", "from-a"].every((text) => texts().includes(text)),
    );
    b.say("leave");
    await ours.saw("left", "b");
    ours.push({ type: "leave" });
    await ours.saw("departed");
    await a.saw({ ev: "leave", name: "ours" });
    const bad = [...ours.core!.counters()].filter(([reason]) => /^(bad|refused)/.test(reason));
    assert.deepEqual(bad, []);
  });

goTest("a killed one is noticed by both kinds, a stopped one is not", async (context) => {
  const a = await site.agent("a", "127.71.0.1");
  const b = await site.agent("b", "127.71.0.2", "-join", a.address);
  const ours = await site.node("ours", "127.71.0.3", { join: [a.address] });
  const second = await site.node("second", "127.71.0.4", { join: [a.address] });
  for (const name of ["a", "b", "second"]) await ours.saw("joined", name);
  a.signal("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  a.signal("SIGCONT");
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  assert.ok(!ours.events.some(({ type }) => type === "failed"));
  assert.ok(!a.events.some(({ ev }) => ev === "leave"));
  const killed = performance.now();
  b.signal("SIGKILL");
  await ours.saw("failed", "b", 45_000);
  await a.saw({ ev: "leave", name: "b" }, 45_000);
  await second.stop();
  await ours.saw("failed", "second", 45_000);
  await a.saw({ ev: "leave", name: "second" }, 45_000);
  context.diagnostic(`both seen by both after ${((performance.now() - killed) / 1_000).toFixed(1)} s`);
});

goTest("keys are changed without a break, and strangers stay outside", async () => {
  const a = await site.agent("a", "127.71.0.1", "-key", KEY);
  const keys = [bytesOf(OTHER_KEY), bytesOf(KEY)];
  const ours = await site.node("ours", "127.71.0.2", { keys: keys.toReversed(), join: [a.address] });
  await a.saw({ ev: "join", name: "ours" });
  const b = await site.agent("b", "127.71.0.3", "-key", `${OTHER_KEY},${KEY}`, "-join", ours.address);
  await ours.saw("joined", "b");
  ours.push({ type: "keys", keys });
  ours.push({ type: "send", node: "b", payload: Buffer.from("with the new key"), reliable: false });
  await b.saw({ ev: "user", msg: "with the new key" });
  const stranger = await site.node("stranger", "127.71.0.4", { join: [ours.address] });
  await stranger.saw("unreachable");
  assert.equal(stranger.core!.present, 1);
  assert.ok(ours.core!.member("stranger") === undefined);
});

goTest("who left or died may come back at another address", async () => {
  const a = await site.agent("a", "127.71.0.1", "-reclaim", "1000");
  const ours = await site.node("ours", "127.71.0.2", { join: [a.address], reclaimAfterMs: 1_000 });
  const b = await site.agent("b", "127.71.0.3", "-join", a.address);
  await ours.saw("joined", "b");
  const placeOf = (name: string): string | undefined => ours.core!.member(name)?.address;
  const metaOf = (name: string): string => {
    const member = ours.core!.member(name);
    return member?.state === "alive" ? Buffer.from(member.meta).toString() : "";
  };

  b.say("leave");
  await ours.saw("left", "b");
  await b.stop();
  const moved = await site.agent("b", "127.71.0.4", "-join", ours.address);
  await until("b is at its new place", () => placeOf("b") === moved.address);
  await a.saw({ ev: "join", name: "b", addr: "127.71.0.4" });
  // The leave that still goes round has the incarnation of the newcomer, and would count: a later one ends that.
  moved.say("meta moved");
  const isTold = (name: string): boolean =>
    a.events.some((event) => event.name === name && event.meta === "moved");
  await until("the later b is known", () => metaOf("b") === "moved" && isTold("b"));

  moved.signal("SIGKILL");
  await ours.saw("failed", "b", 45_000);
  await a.saw({ ev: "leave", name: "b", addr: "127.71.0.4" }, 45_000);
  await pause(1_500);
  const again = await site.agent("b", "127.71.0.5", "-join", ours.address);
  await until("b is at its third place", () => placeOf("b") === again.address);

  // And ours, as Go takes it: after a leave, and after a crash.
  const second = await site.node("second", "127.71.0.6", { join: [a.address] });
  await a.saw({ ev: "join", name: "second" });
  second.push({ type: "leave" });
  await a.saw({ ev: "leave", name: "second" });
  await second.stop();
  const third = await site.node("second", "127.71.0.7", { join: [a.address] });
  await a.saw({ ev: "join", name: "second", addr: "127.71.0.7" });
  third.push({ type: "meta", meta: Buffer.from("moved") });
  await until("the later second is known", () => metaOf("second") === "moved" && isTold("second"));
  await third.stop();
  await a.saw({ ev: "leave", name: "second", addr: "127.71.0.7" }, 45_000);
  await pause(1_500);
  await site.node("second", "127.71.0.8", { join: [a.address] });
  await a.saw({ ev: "join", name: "second", addr: "127.71.0.8" });
  await until("ours knows it too", () => placeOf("second") === "127.71.0.8:7946");
});

goTest(
  "a stream that cannot be read is refused as Go refuses it, and each understands the other",
  async () => {
    const a = await site.agent("a", "127.71.0.1");
    const ours = await site.node("ours", "127.71.0.2", { compression: false });
    const typeOfAnswer = async (address: string, hex: string): Promise<number | undefined> => {
      const [host, port] = address.split(":");
      const socket = connect(Number(port), host);
      await once(socket, "connect");
      socket.write(bytesOf(hex));
      const pieces: Buffer[] = [];
      for await (const piece of socket) pieces.push(piece as Buffer);
      const found = decodeStreamMessage(Buffer.concat(pieces));
      return found.ok && found.value.type === "compress" && "message" in found.value.body
        ? MESSAGE_TYPES[found.value.body.message.type as "error"]
        : pieces[0]?.[0];
    };
    // Encrypted for nobody here; compressed by an unknown algorithm.
    for (const hex of [`0a0000001d01${"00".repeat(28)}`, "0982a4416c676f07a3427566a100"]) {
      assert.equal(await typeOfAnswer(a.address, hex), MESSAGE_TYPES.error, hex);
      assert.equal(await typeOfAnswer(ours.address, hex), MESSAGE_TYPES.error, hex);
    }
    // Whoever has a key is told by whoever has none, and the other way round.
    const sealed = await site.node("sealed", "127.71.0.3", { keys: [bytesOf(KEY)], join: [a.address] });
    const unreachable = await sealed.saw("unreachable");
    assert.ok(unreachable.type === "unreachable");
    assert.match(unreachable.reason, /not encrypted/);
    const keyed = await site.agent("keyed", "127.71.0.4", "-key", KEY);
    keyed.say(`join ${ours.address}`);
    const joined = await keyed.saw({ ev: "joined" });
    assert.match(joined.err!, /not encrypted/);
    a.say(`join ${sealed.address}`);
    assert.match((await a.saw({ ev: "joined" })).err!, /is encrypted/);
  },
);

goTest("ten of each kind join at once", async (context) => {
  const first = await site.agent("go0", "127.71.0.1");
  const start = performance.now();
  const nodes = await Promise.all(
    Array.from({ length: 10 }, (_, i) =>
      site.node(`ours${i}`, `127.71.1.${i + 1}`, { join: [first.address] }),
    ),
  );
  const agents = await Promise.all(
    Array.from({ length: 9 }, (_, i) =>
      site.agent(`go${i + 1}`, `127.71.2.${i + 1}`, "-join", first.address),
    ),
  );
  const known = (events: readonly { readonly ev: string }[]): number =>
    events.filter(({ ev }) => ev === "join").length;
  await until("all of ours know all", () => nodes.every(({ core }) => core!.present === 20), 60_000);
  context.diagnostic(`ours know all after ${(performance.now() - start).toFixed(0)} ms`);
  await until("all of theirs know all", () => agents.every(({ events }) => known(events) >= 20), 60_000);
  context.diagnostic(`all know all after ${(performance.now() - start).toFixed(0)} ms`);
  assert.ok(nodes.every(({ events }) => events.every(({ type }) => type !== "failed")));
});
