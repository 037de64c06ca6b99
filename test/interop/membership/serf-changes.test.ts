import assert from "node:assert/strict";
import { PROFILES } from "#membership/profiles.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { until } from "./nodes.ts";
import { BASE64_KEY, KEY, NOTHING, serfTest } from "./serf-testing.ts";

serfTest("a killed one has failed for both kinds, a stopped one has not", async (site, context) => {
  const s1 = await site.agent("s1", "127.83.1.1");
  const s2 = await site.agent("s2", "127.83.1.2", `-join=${s1.host}`);
  const ours = await site.node("ours", "127.83.1.3", { join: [s1.address] });
  const second = site.process("second", "127.83.1.4", s1.address);
  for (const name of ["s1", "s2", "second"]) await ours.sawMember("joined", name);
  for (const name of ["ours", "second"]) await s1.knowsStatus(name, "alive");
  for (const each of [s1, second]) each.signal("SIGSTOP");
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  for (const each of [s1, second]) each.signal("SIGCONT");
  // Longer than the shortest suspicion.
  await new Promise((resolve) => setTimeout(resolve, 6_000));
  assert.deepEqual(ours.of("failed"), []);
  assert.deepEqual(ours.of("left"), []);
  assert.doesNotMatch(s1.log, /EventMember(Failed|Leave)/);
  const killed = performance.now();
  for (const each of [s2, second]) each.signal("SIGKILL");
  for (const name of ["s2", "second"]) {
    await ours.sawMember("failed", name, 40_000);
    await s1.knowsStatus(name, "failed", 40_000);
  }
  context.diagnostic(`both seen by both after ${((performance.now() - killed) / 1_000).toFixed(1)} s`);
  // An operator says that one will not come back.
  await s1.run("force-leave", "s2");
  await ours.sawMember("left", "s2");
  assert.equal(ours.core!.member("s2")!.state, "left");
});

serfTest("keys are rotated from either side", async (site) => {
  const second = Buffer.alloc(32, 7).toString("base64");
  const third = Buffer.alloc(16, 9);
  const s1 = await site.agent("s1", "127.83.1.1", `-encrypt=${BASE64_KEY}`);
  const ours = await site.node("ours", "127.83.1.2", { keys: [bytesOf(KEY)], join: [s1.address] });
  const other = await site.node("other", "127.83.1.3", { keys: [bytesOf(KEY)], join: [s1.address] });
  await ours.sawMember("joined", "other");
  await s1.knowsStatus("ours", "alive");
  await s1.knowsStatus("other", "alive");
  await s1.run("keys", `-install=${second}`);
  await s1.run("keys", `-use=${second}`);
  const listed = await s1.run("keys", "-list");
  assert.match(listed, new RegExp(`${second.replaceAll("+", "\\+")} +\\[3/3\\]`));
  await s1.run("keys", `-remove=${BASE64_KEY}`);
  for (const node of [ours, other])
    assert.deepEqual(
      node.core!.keys.map((key) => Buffer.from(key).toString("base64")),
      [second],
    );
  for (const [id, action, key] of [
    [1, "install", third],
    [2, "use", third],
    [3, "remove", Buffer.alloc(32, 7)],
    [4, "list", NOTHING],
  ] as const) {
    ours.push({ type: "keyring", id, action, key });
    await ours.saw("query-ended", (event) => event.id === id);
    const answers = ours.of("keyring-answered").filter((event) => event.id === id);
    assert.deepEqual(
      answers.map(({ from, ok, message }) => [from, ok, message]).sort(),
      ["other", "ours", "s1"].map((name) => [name, true, ""]),
    );
    if (action === "list")
      assert.ok(answers.every(({ keys }) => keys.length === 1 && keys[0] === third.toString("base64")));
  }
  ours.push({ type: "event", name: "still-here", payload: NOTHING, coalesce: false });
  await s1.hears(/^still-here/);
  assert.deepEqual(ours.of("failed"), []);
});

serfTest("whoever restarts on a new address is taken back by both kinds", async (site) => {
  // Exchanges every fifteen seconds.
  const profile = PROFILES.local;
  const s1 = await site.agent("s1", "127.83.1.1", "-profile=local");
  const ours = await site.node("ours", "127.83.1.2", { profile, join: [s1.address] });
  const moving = await site.node("moving", "127.83.1.3", { profile, join: [s1.address] });
  const s2 = await site.agent("s2", "127.83.1.4", `-join=${s1.host}`, "-profile=local");
  for (const name of ["s1", "s2", "moving"]) await ours.sawMember("joined", name);
  await s1.knowsStatus("moving", "alive");
  moving.push({ type: "leave" });
  await moving.saw("departed");
  await moving.stop();
  await s2.run("leave");
  await s2.ended();
  await ours.sawMember("left", "s2");
  await s1.knowsStatus("moving", "left");
  ours.events.length = 0;
  const back = await site.node("moving", "127.83.1.13", { profile, join: [s1.address] });
  const s2Back = await site.agent("s2", "127.83.1.14", `-join=${s1.host}`, "-profile=local");
  await ours.sawMember("joined", "moving");
  await ours.sawMember("joined", "s2");
  assert.equal(ours.core!.member("s2")!.address, s2Back.address);
  assert.equal(ours.core!.member("moving")!.address, back.address);
  await s1.knows("moving", ({ status, addr }) => status === "alive" && addr === back.address);
  await s2Back.knows("moving", ({ status, addr }) => status === "alive" && addr === back.address);
  // In exchanges others could still say that it left.
  const exchanges = (): number => ours.core!.counters().get("exchanges") ?? 0;
  const before = exchanges();
  await until("four more exchanges", () => exchanges() >= before + 4, 60_000);
  for (const name of ["moving", "s2"]) {
    assert.equal((await s1.knows(name, () => true)).status, "alive");
    assert.equal(ours.core!.member(name)!.state, "alive");
  }
});

serfTest("of two of one name the newcomer goes, of either kind", async (site) => {
  const s1 = await site.agent("s1", "127.83.1.1");
  const s2 = await site.agent("s2", "127.83.1.2", `-join=${s1.host}`);
  const ours = await site.node("ours", "127.83.1.3", { join: [s1.address] });
  const third = await site.node("third", "127.83.1.4", { join: [s1.address] });
  for (const name of ["s1", "s2", "third"]) await ours.sawMember("joined", name);
  for (const name of ["s2", "ours", "third"]) await s1.knowsStatus(name, "alive");
  const twin = await site.node("s2", "127.83.1.5", { join: [s1.address] });
  const { matching, answers } = await twin.saw("name-lost");
  assert.ok(matching === 0 && answers >= 2, `${matching} of ${answers}`);
  await twin.stop();
  const agent = await site.agent("ours", "127.83.1.6", `-join=${s1.host}`);
  await agent.ended();
  assert.match(agent.log, /minority in name conflict resolution/);
  for (const [name, { address }] of [
    ["s2", s2],
    ["ours", ours],
  ] as const) {
    await s1.knows(name, ({ status, addr }) => status === "alive" && addr === address);
    assert.equal(third.core!.member(name)!.address, address);
  }
  assert.deepEqual(ours.of("name-lost"), []);
});

serfTest("a failed one is pruned from all", async (site) => {
  const s1 = await site.agent("s1", "127.83.1.1");
  const ours = await site.node("ours", "127.83.1.2", { join: [s1.address] });
  const dying = await site.node("dying", "127.83.1.3", { join: [s1.address] });
  await ours.sawMember("joined", "dying");
  await s1.knowsStatus("dying", "alive");
  await dying.stop();
  await s1.knowsStatus("dying", "failed");
  await ours.sawMember("failed", "dying");
  await s1.run("force-leave", "-prune", "dying");
  await until("it is forgotten", () => ours.core!.member("dying") === undefined);
  assert.ok((await s1.members()).every(({ name }) => name !== "dying"));
});
