import assert from "node:assert/strict";
import type { MembershipSetup } from "#membership/io.ts";
import type { Attachment } from "#membership/serf/io.ts";
import { bytesOf } from "#wire/memberlist/testing/bytes.ts";
import { until } from "./nodes.ts";
import { BASE64_KEY, KEY, serfTest } from "./serf-testing.ts";

const kinds: readonly (readonly [string, readonly string[], Partial<MembershipSetup>])[] = [
  ["plain", [], {}],
  ["encrypted", [`-encrypt=${BASE64_KEY}`], { keys: [bytesOf(KEY)] }],
];

for (const [kind, flags, setup] of kinds)
  serfTest(`join both ways, tags, events, queries, leave (${kind})`, async (site) => {
    const s1 = await site.agent("s1", "127.83.0.1", "-tag", "role=first", ...flags);
    const ours = await site.node(
      "ours",
      "127.83.0.2",
      { ...setup, join: [s1.address] },
      { role: "ours", dc: "x" },
    );
    await ours.sawMember("joined", "s1");
    assert.deepEqual(ours.core!.member("s1")!.tags, { role: "first" });
    await s1.knows(
      "ours",
      ({ status, tags }) => status === "alive" && tags.role === "ours" && tags.dc === "x",
    );
    const s2 = await site.agent("s2", "127.83.0.3", `-join=${ours.host}`, "-tag", "role=second", ...flags);
    await s2.knowsStatus("s1", "alive");
    await ours.sawMember("joined", "s2");

    ours.push({ type: "tags", tags: { role: "changed" } });
    await s1.knows("ours", ({ tags }) => tags.role === "changed" && !("dc" in tags));
    await s1.run("tags", "-set", "rack=7");
    await ours.saw("updated", ({ member }) => member.name === "s1");
    assert.deepEqual(ours.core!.member("s1")!.tags, { role: "first", rack: "7" });

    ours.push({ type: "event", name: "from-ours", payload: Buffer.from("hello"), coalesce: false });
    await s1.hears(/^from-ours \d+ hello$/);
    await s2.hears(/^from-ours \d+ hello$/);
    await s1.run("event", "-coalesce=false", "from-s1", "payload of s1");
    const heard = await ours.saw("user-event", ({ name }) => name === "from-s1");
    assert.equal(Buffer.from(heard.payload).toString(), "payload of s1");
    const [ltime] = s1.heard().flatMap((line) => /^from-ours (\d+)/.exec(line)?.[1] ?? []);
    assert.ok(heard.ltime > Number(ltime), `${heard.ltime} ${ltime}`);

    const asked = await ours.query("load");
    assert.deepEqual(asked.acknowledged, ["ours", "s1", "s2"]);
    assert.deepEqual(
      [...asked.answers].sort(),
      ["ours", "s1", "s2"].map((name) => [name, `load of ${name}: ?${name === "ours" ? "" : "\n"}`]),
    );
    const filtered = await ours.query("load", { filters: { tags: { role: "^fir" } } });
    assert.deepEqual(filtered.acknowledged, ["s1"]);
    const answered = await s1.run("query", "-timeout=3s", "load", "now");
    assert.match(answered, /Response from 'ours': load of ours: now/);
    assert.match(answered, /Total Acks: 3/);
    assert.match(answered, /Total Responses: 3/);
    const tagged = await s2.run("query", "-timeout=2s", "-tag=role=change.*", "load", "now");
    assert.match(tagged, /Total Acks: 1/);
    const named = await s2.run("query", "-timeout=2s", "-node=ours", "-relay-factor=1", "load", "now");
    assert.match(named, /Response from 'ours'/);

    await s2.run("leave");
    await ours.sawMember("left", "s2");
    ours.push({ type: "leave" });
    await ours.saw("departed");
    await s1.knowsStatus("ours", "left");
    const bad = [...ours.core!.counters()].filter(([reason]) => /^(bad|refused)/.test(reason));
    assert.deepEqual(bad, []);
  });

serfTest("round trips are estimated both ways", async (site, context) => {
  const s1 = await site.agent("s1", "127.83.0.1");
  const ours = await site.node("ours", "127.83.0.2", { join: [s1.address] });
  const second = await site.node("second", "127.83.0.3", { join: [s1.address] });
  await ours.sawMember("joined", "second");
  await until("coordinates", () => ours.core!.roundTripMs("s1", "second") !== undefined, 30_000);
  let said = "";
  for (let tries = 60; tries > 0 && !said; tries--) {
    said = await s1.run("rtt", "ours", "second").catch(() => "");
    if (!said) await new Promise((resolve) => setTimeout(resolve, 500));
  }
  assert.match(said, /Estimated ours <-> second rtt: [\d.]+ ms/);
  assert.match(await s1.run("rtt", "ours"), /Estimated ours <-> s1 rtt: [\d.]+ ms/);
  const ms = ours.core!.roundTripMs("ours", "s1")!;
  assert.ok(ms > 0 && ms < 100, `${ms}`);
  context.diagnostic(`${said.trim()}; ours says s1 ${ms.toFixed(2)} ms`);
  assert.equal(second.core!.counters().get("bad Serf coordinate"), undefined);
});

serfTest("what rides behind the state does not disturb Serf, and passes among ours", async (site) => {
  const states = { ours: "kept by ours", other: "" };
  const attachmentOf = (name: keyof typeof states): Attachment => ({
    state: () => Buffer.from(states[name]),
    merge: (bytes) => void (states[name] = Buffer.from(bytes).toString()),
  });
  const s1 = await site.agent("s1", "127.83.0.1");
  const ours = await site.node("ours", "127.83.0.2", { join: [s1.address] }, {}, attachmentOf("ours"));
  await s1.run("event", "-coalesce=false", "before", "1");
  await ours.saw("user-event", ({ name }) => name === "before");
  // Both ways through a Serf that reads a state with more behind it, and ours that reads one of Serf.
  await s1.run("join", "-replay", "127.83.0.2");
  const other = await site.node("other", "127.83.0.3", { join: [ours.address] }, {}, attachmentOf("other"));
  await other.saw("user-event", ({ name }) => name === "before");
  assert.equal(states.other, "kept by ours");
  const late = await site.agent("late", "127.83.0.4", `-join=${ours.host}`, "-replay");
  await late.hears(/^before \d+ 1$/);
  assert.doesNotMatch(s1.log + late.log, /Failed to decode remote state|bad type prefix|\[ERR\]/);
});
