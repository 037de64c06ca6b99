import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import type { MembershipCommand, MembershipEvent } from "#membership/io.ts";
import { Membership } from "#membership/membership.ts";
import { SETUP } from "#membership/testing/node.ts";
import { seededRandom } from "#base/random.ts";
import { drive } from "#services/drive.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import { simCipher } from "#sim/cipher.ts";
import { membershipConfig } from "#services/membership-config.ts";
import { MembershipBench, type BenchNode } from "#services/testing/membership-bench.ts";

const KEY_A = "AAECAwQFBgcICQoLDA0ODw==";
const KEY_B = "101112131415161718191a1b1c1d1e1f";
const KEY_B_BASE64 = "EBESExQVFhcYGRobHB0eHw==";

async function three(
  section: object = {},
): Promise<readonly [MembershipBench, BenchNode, BenchNode, BenchNode]> {
  const bench = new MembershipBench();
  const nodes = [await bench.add(section), await bench.add(section), await bench.add(section)] as const;
  await bench.pass(5_000);
  return [bench, ...nodes];
}

function refuses(run: () => unknown, message: RegExp): void {
  assert.throws(
    run,
    (error) => error instanceof OperatorError && message.test(`${error.message}; ${error.remedy}`),
  );
}

for (const serf of [false, true]) {
  const kind = serf ? "with Serf's layer" : "plain";

  test(`three nodes find together by one address, and know each other's services (${kind})`, async () => {
    const [, one, two, three_] = await three({ serf });
    assert.equal(one.states(), "n2 alive, n3 alive");
    assert.equal(three_.states(), "n1 alive, n2 alive");
    const other = two.membership.members().find(({ name }) => name === "n3")!;
    assert.deepEqual(other.services, [{ kind: "member", address: "10.9.0.3:7946" }]);
    assert.match(other.fingerprint, /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    assert.deepEqual([other.tags, other.meta], [{}, ""]);
    assert.deepEqual(two.said("has joined", "info").toSorted(), [
      "n1 (10.9.0.1:7946) has joined",
      "n3 (10.9.0.3:7946) has joined",
    ]);
    const { alive, joins, state, keys } = two.membership.status();
    assert.deepEqual([alive, state, keys], [3, "member", 0]);
    assert.deepEqual(
      joins.map(({ address, reason }) => [address, reason]),
      [["10.9.0.1:7946", ""]],
    );
    assert.ok(joins[0]!.members! >= 1);
    assert.ok(two.peers.addresses("member").includes("10.9.0.3:7946"));
  });

  test(`a stopping node leaves, and one that starts again comes back (${kind})`, async () => {
    const [bench, one, two, three_] = await three({ serf });
    await bench.during(two.manager.restart("membership"));
    await bench.pass(5_000);
    assert.deepEqual(one.said("n2 (10.9.0.2:7946)", "info"), [
      "n2 (10.9.0.2:7946) has joined",
      "n2 (10.9.0.2:7946) has left",
      ...one.said("n2 (10.9.0.2:7946)", "info").slice(2),
    ]);
    assert.equal(one.states(), "n2 alive, n3 alive");
    const before = bench.world.now;
    await bench.during(three_.manager.stop());
    assert.ok(bench.world.now - before < 3_000, "a stop does not wait for long");
    await bench.pass(2_000);
    assert.equal(one.states(), "n2 alive, n3 left");
  });

  test(`leave by command, and join comes back (${kind})`, async () => {
    const [bench, one, two] = await three({ serf });
    await bench.during(two.membership.leave());
    await bench.pass(1_000);
    assert.equal(two.membership.status().state, "left");
    assert.equal(one.states(), "n2 left, n3 alive");
    await assert.rejects(two.membership.leave(), /has left the cluster/);
    refuses(() => two.membership.setValue("motd", "x"), /has left the cluster; `join ADDR`/);
    refuses(() => two.membership.removeValue("motd"), /has left the cluster/);
    if (serf) {
      const query = { name: "x", payload: new Uint8Array(0), timeoutMs: 0, filters: {} };
      refuses(() => two.membership.sendEvent("x", new Uint8Array(0), false), /has left the cluster/);
      await assert.rejects(two.membership.query(query), /has left the cluster/);
    }
    const outcomes = await bench.during(two.membership.join(["10.9.0.3:7946", "10.9.0.99:7946"]));
    assert.deepEqual(
      outcomes.map(({ address, members }) => [address, members]),
      [
        ["10.9.0.3:7946", 2],
        ["10.9.0.99:7946", undefined],
      ],
    );
    assert.notEqual(outcomes[1]!.reason, "");
    await bench.pass(5_000);
    assert.equal(one.states(), "n2 alive, n3 alive");
    await assert.rejects(two.membership.join(["nonsense"]), /no address/);
    await assert.rejects(two.membership.join(["10.9.0.2:7946"]), /this node itself/);
  });

  test(`broadcasts reach all and whoever joins later, and the chat is who announces it (${kind})`, async () => {
    const [bench, one, two] = await three({ serf });
    one.membership.setValue("motd", "hello to all");
    two.membership.setChat(true);
    await bench.pass(3_000);
    const late = await bench.add({ serf });
    await bench.pass(5_000);
    for (const node of bench.nodes) {
      assert.deepEqual(
        node.membership.values(),
        [{ key: "motd", text: "hello to all", by: "n1" }],
        node.name,
      );
      assert.deepEqual(
        node.membership.chat().map(({ name, own }) => [name, own]),
        [["n2", node === two]],
      );
    }
    assert.deepEqual(one.said("broadcast"), ["broadcast motd = hello to all"]);
    assert.deepEqual(one.said("_parley"), []);
    assert.deepEqual(two.said("broadcast"), ["broadcast motd = hello to all, set by n1"]);
    late.membership.removeValue("motd");
    two.membership.setChat(false);
    await bench.pass(3_000);
    assert.deepEqual(one.membership.values(), []);
    assert.deepEqual(one.membership.chat(), []);
    assert.deepEqual(one.said("was removed"), ["broadcast motd was removed by n4"]);
    refuses(() => one.membership.removeValue("motd"), /no text has the key motd/);
    refuses(() => one.membership.setValue("k".repeat(65), "x"), /more than 64 bytes/);
  });

  test(`keys change while all runs, and are kept for the next start (${kind})`, async () => {
    const [bench, one, two, three_] = await three({ serf, keys: [KEY_A] });
    assert.equal(one.states(), "n2 alive, n3 alive");
    for (const action of ["install", "use"] as const) {
      for (const node of serf ? [one] : bench.nodes) {
        const { local, answers } = await bench.during(node.membership.keyring(action, KEY_B));
        assert.equal(local, !serf);
        assert.deepEqual(new Set(answers.map(({ ok }) => ok)), new Set([true]));
        assert.equal(answers.length, serf ? 3 : 1);
      }
    }
    await bench.pass(1_000);
    await bench.during(two.manager.restart("membership"));
    await bench.pass(5_000);
    assert.equal(one.states(), "n2 alive, n3 alive");
    const { answers } = await bench.during(two.membership.keyring("list", ""));
    for (const { keys } of answers) assert.deepEqual(keys, [KEY_B_BASE64, KEY_A]);
    assert.equal(two.membership.status().keys, 2);
    // Who writes other keys into the configuration wants those.
    assert.deepEqual(
      await bench.during(three_.reconfigure({ serf, keys: [KEY_A] }, ["member://10.9.0.1:7946"])),
      [],
    );
    await assert.rejects(one.membership.keyring("install", "nonsense"), /no key/);
  });
}

test("what members send in masses is counted in the log, not shown", async () => {
  const [bench, one, two] = await three({ serf: true });
  for (let i = 0; i < 300; i++) one.membership.sendEvent("flood", encodeUtf8(`${i}`), false);
  await bench.pass(10_000);
  one.membership.sendEvent("after", encodeUtf8(""), false);
  await bench.pass(2_000);
  const shown = two.said("event ").length;
  assert.ok(shown > 150 && shown < 320, `${shown}`);
  assert.equal(one.said("event flood").length < 300, true);
  assert.match(one.said("event after")[0]!, /^event after \(\d+ messages before it were left out\)$/);
});

test("a member that fails is shown with the reason", async () => {
  const [bench, one, two] = await three({ profile: "local" });
  two.isCut = true;
  // Longer than memberlist remembers who is dead.
  await bench.pass(60_000);
  assert.equal(one.states(), "n2 failed, n3 alive");
  assert.equal(one.membership.status().failed, 1);
  const failed = one.membership.members().find(({ name }) => name === "n2")!;
  assert.notEqual(failed.reason, "");
  assert.equal(one.said("n2 (10.9.0.2:7946) has failed: ", "warn").length, 1);
  const detail = one.log
    .since(0)
    .find(({ detail: each }) => each?.type === "member" && each.news === "failed");
  assert.ok(detail);
});

test("Serf's layer: events, queries and their answers, round trips, tags", async () => {
  const answers = { uptime: "3 days" };
  const [bench, one, two] = await three({ serf: true, tags: { role: "web" }, answers });
  one.membership.sendEvent("deploy", encodeUtf8("v2"), false);
  await bench.pass(3_000);
  assert.deepEqual(two.said("event"), ["event deploy: v2"]);
  const result = await bench.during(
    one.membership.query({
      name: "uptime",
      payload: encodeUtf8("now?"),
      timeoutMs: 0,
      filters: { nodes: ["n2", "n3"] },
    }),
  );
  assert.deepEqual(result.answers.map(({ from, payload }) => [from, decodeUtf8(payload)]).sort(), [
    ["n2", "3 days"],
    ["n3", "3 days"],
  ]);
  assert.deepEqual(result.acknowledged.toSorted(), ["n2", "n3"]);
  const asked = bench.world.now;
  const all = { name: "uptime", payload: new Uint8Array(0), timeoutMs: 60_000, filters: {} };
  const { answers: three_, acknowledged } = await bench.during(one.membership.query(all));
  assert.deepEqual([three_.length, acknowledged.length], [3, 3]);
  assert.ok(bench.world.now - asked < 10_000, "when all have answered nobody waits for more");
  assert.equal(two.said("query")[0], "query uptime from n1: now?, answered 3 days");
  assert.deepEqual(two.membership.members()[0]!.tags, { role: "web" });
  await bench.pass(30_000);
  const { ms, estimated } = one.membership.roundTrip("n2", "n3");
  assert.ok(estimated && ms > 0 && ms < 100, `${ms}`);
});

test("who carries a copied announcement has not its identity", async () => {
  const bench = new MembershipBench();
  const one = await bench.add();
  const two = await bench.add();
  await bench.pass(3_000);
  const meta = (two.manager.api("identity") as IdentityApi).announcement();
  const random = seededRandom(1);
  const setup = {
    ...SETUP,
    ...{ name: "thief", address: "10.9.0.3:7946", join: ["10.9.0.1:7946"], meta },
  };
  await drive<MembershipCommand, MembershipEvent>(
    { ...bench.world.addHost("10.9.0.3"), atStop: () => {}, fail: assert.fail },
    {
      streams: { host: "10.9.0.3", port: 7946 },
      datagrams: { host: "10.9.0.3", port: 7946 },
      event: () => {},
    },
    () => ({ core: new Membership(setup, random, simCipher(random)) }),
  );
  await bench.pass(3_000);
  const members = one.membership.members();
  const fingerprints = members.map(({ name, fingerprint, services }) => [
    name,
    fingerprint !== "",
    services.length,
  ]);
  assert.deepEqual(fingerprints, [
    ["n1", true, 1],
    ["n2", true, 1],
    ["thief", false, 0],
  ]);
});

test("without Serf's layer what needs it says so, and round trips are those of probes", async () => {
  const [bench, one] = await three();
  await bench.pass(10_000);
  refuses(() => one.membership.sendEvent("x", encodeUtf8(""), false), /need Serf's layer.*membership\.serf/);
  const query = one.membership.query({ name: "x", payload: encodeUtf8(""), timeoutMs: 0, filters: {} });
  await assert.rejects(query, /need Serf's layer/);
  const { ms, estimated } = one.membership.roundTrip("n2", "n1");
  assert.ok(!estimated && ms > 0 && ms < 100, `${ms}`);
  refuses(() => one.membership.roundTrip("n2", "n3"), /not known here.*membership\.serf/);
  refuses(() => one.membership.roundTrip("n2", "nobody"), /no member is nobody/);
  await assert.rejects(one.membership.keyring("install", KEY_A), /does not encrypt/);
});

test("join addresses, keys and tags change in place; a name or a port does not", async () => {
  const bench = new MembershipBench();
  const one = await bench.add({ keys: [KEY_A] });
  const two = await bench.add({ keys: [KEY_A] }, []);
  await bench.pass(2_000);
  assert.equal(two.states(), "");
  const running = two.membership;
  await bench.during(two.reconfigure({ keys: [KEY_A, KEY_B] }, ["member://10.9.0.1:7946"]));
  await bench.pass(5_000);
  assert.equal(two.states(), "n1 alive");
  assert.equal(two.membership, running, "the service went on");
  assert.equal(two.membership.status().keys, 2);
  await bench.during(two.reconfigure({ keys: [KEY_A, KEY_B], name: "other" }, ["member://10.9.0.1:7946"]));
  await bench.pass(5_000);
  assert.notEqual(two.membership, running);
  assert.match(one.states(), /n2 left, other alive/);
});

test("an address that is configured while nobody is there is dialled until somebody is", async () => {
  const bench = new MembershipBench();
  const one = await bench.add({}, []);
  await bench.during(one.reconfigure({}, ["member://10.9.0.2:7946"]));
  await bench.pass(20_000);
  assert.equal(one.said("cannot join by 10.9.0.2:7946").length > 0, true);
  assert.equal(one.membership.status().joins[0]!.members, undefined);
  await bench.add({}, []);
  await bench.pass(60_000);
  assert.equal(one.states(), "n2 alive");
});

test("an address that is configured no more is not dialled any more", async () => {
  const bench = new MembershipBench();
  const one = await bench.add({}, ["member://10.9.0.2:7946"]);
  await bench.pass(20_000);
  assert.notEqual(one.said("cannot join by 10.9.0.2:7946").length, 0);
  await bench.during(one.reconfigure({}, []));
  await bench.pass(5_000);
  assert.deepEqual(one.membership.status().joins, []);
  await bench.add({}, []);
  await bench.pass(180_000);
  assert.equal(one.states(), "");
});

test("two nodes with one name: the first stays, and both operators can see it", async () => {
  const bench = new MembershipBench();
  const one = await bench.add();
  await bench.add({ name: "same" });
  await bench.pass(3_000);
  const second = await bench.add({ name: "same" });
  await bench.pass(5_000);
  const { conflicts } = one.membership.status();
  assert.deepEqual(
    conflicts.map(({ name, address, claimant }) => [name, address, claimant]),
    [["same", "10.9.0.2:7946", "10.9.0.3:7946"]],
  );
  assert.match(one.said("claims to be same", "warn")[0]!, /10\.9\.0\.3:7946 .* another name/);
  assert.equal(second.membership.status().conflicts[0]!.claimant, "10.9.0.2:7946");
  assert.match(second.said("claims this member's name", "error")[0]!, /another membership\.name$/);
});

test("who cannot join is told what differs", async () => {
  const bench = new MembershipBench();
  await bench.add({ keys: [KEY_A] });
  for (const [section, meaning] of [
    [{ keys: [KEY_B] }, /no key opens it; membership\.keys differ/],
    [{}, /membership\.keys differ/],
    [{ keys: [KEY_A], label: "blue" }, /membership\.label differs/],
    [{ keys: [KEY_A], serf: true }, /membership\.serf and \.protocol/],
  ] as const) {
    const node = await bench.add(section);
    await bench.pass(3_000);
    assert.match(node.membership.status().joins[0]!.reason, meaning);
    assert.match(node.said("cannot join by 10.9.0.1:7946")[0]!, meaning);
  }
});

test("who failed and starts at a new address has its name again after a while", async () => {
  const bench = new MembershipBench();
  const one = await bench.add({ profile: "local" });
  const old = await bench.add({ profile: "local", name: "same" });
  await bench.pass(3_000);
  old.isCut = true;
  for (let i = 0; i < 300 && one.states() !== "same failed"; i++) await bench.pass(100);
  await bench.add({ profile: "local", name: "same" });
  await bench.pass(2_000);
  assert.equal(one.membership.status().conflicts.length, 1);
  assert.match(
    one.said("claims to be same", "warn")[0]!,
    /it is taken when membership\.reclaim-after is over$/,
  );
  await bench.pass(60_000);
  assert.equal(one.states(), "same alive");
  assert.equal(one.membership.members()[1]!.address, "10.9.0.3:7946");
  assert.deepEqual(one.membership.status().conflicts, []);
});

test("with Serf's layer the members decide who keeps a name, and the other one says so", async () => {
  const bench = new MembershipBench();
  await bench.add({ serf: true });
  const first = await bench.add({ serf: true, name: "same" });
  await bench.pass(3_000);
  const second = await bench.add({ serf: true, name: "same" });
  await bench.pass(30_000);
  assert.equal(first.membership.status().state, "member");
  assert.throws(() => second.membership, /voted this node out; give it another membership\.name/);
});

test("what an operator wrote wrong is refused with a remedy", async () => {
  const wrong: readonly [object, RegExp][] = [
    [{ listen: "0.0.0.0:0" }, /port above 0/],
    [{ advertise: "0.0.0.0:7946" }, /nobody's address/],
    [{ advertise: "224.0.0.1:7946" }, /nobody's address/],
    [{ tags: { role: "web" } }, /Serf's layer only; set membership\.serf: true/],
    [{ answers: { motto: "x" } }, /Serf's layer only; set membership\.serf: true/],
    [{ keys: ["c2hvcnQ="] }, /no key; write 16, 24 or 32 bytes/],
    [{ profile: "fast" }, /lan, local or wan/],
    [{ serf: true, tags: { parley: "x" } }, /the node's own/],
    [{ serf: true, tags: { role: "x".repeat(100) } }, /more than 96/],
    [{ protocol: 6 }, /from 1 to 5/],
    [{ label: "x".repeat(254) }, /more than 253 bytes/],
  ];
  for (const [section, message] of wrong) {
    const { error } = membershipConfig.safeParse(section);
    assert.match(error?.message ?? "", message, JSON.stringify(section));
  }
  const bench = new MembershipBench();
  const one = await bench.add();
  await bench.during(one.manager.stop());
  await assert.rejects(bench.add({ listen: "10.9.0.77:7946" }), /no such address|cannot listen/);
});
