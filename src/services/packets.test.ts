import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { machine, responder, type ExchangeDefinition } from "#packet/exchange/definition.ts";
import { simLink } from "#sim/links.ts";
import { PacketsError } from "#services/packets-api.ts";
import { packetsConfig } from "#services/packets-config.ts";
import { arpFor, arpRequest, PacketsBench } from "#services/testing/packets-bench.ts";

const ARP = { name: "arp", interface: "eth0", options: { address: "10.0.0.9" } };

function bench(): PacketsBench {
  const made = new PacketsBench();
  made.folder.set("arp", arpFor);
  made.folder.set("broken", () =>
    responder("broken", {
      arp: () => {
        throw new Error("no such thing");
      },
    }),
  );
  return made;
}

function refused(kind: PacketsError["kind"], pattern: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof PacketsError && error.kind === kind, String(error));
    assert.match(error.message, pattern);
    return true;
  };
}

test("a configured responder answers, is counted, and what it tells is in the log", async () => {
  const b = bench();
  await b.start({ folder: "/r", responders: [ARP] });
  assert.equal(b.responder("arp").state, "running");
  b.sockets.receive("eth0", arpRequest("10.0.0.9"));
  b.sockets.receive("eth0", arpRequest("10.0.0.8"));
  assert.equal(b.sockets.sent("eth0").length, 1);
  const { seen, matched, sent, errors, position, configured } = b.responder("arp");
  assert.deepEqual([seen, matched, sent, errors], [2, 1, 1, 0]);
  assert.deepEqual([position, configured], ["listening", true]);
  assert.deepEqual(b.said("answered"), ['arp on eth0: answered {"to":"10.0.0.5"}']);
  assert.deepEqual([b.sockets.opened[0]!.options.promiscuous, b.sockets.asked], [true, 1]);
  await b.stop();
  assert.equal(b.sockets.opened.length, 0);
});

test("an error in its own function stops that responder alone, and is shown with the packet", async () => {
  const b = bench();
  await b.start({ folder: "/r", responders: [ARP, { name: "broken", interface: "eth0" }] });
  b.sockets.receive("eth0", arpRequest("10.0.0.9"));
  await b.rest();
  const { state, reason, lastError, lastErrorPacket, errors, nextAttempt } = b.responder("broken");
  assert.deepEqual([state, lastError, errors, nextAttempt], ["failed", "no such thing", 1, undefined]);
  assert.match(lastErrorPacket, /^a b arp said; 42 bytes: ffffffffffff020000000005[0-9a-f]{60}$/);
  assert.equal(reason, `no such thing, at ${lastErrorPacket}`);
  assert.deepEqual(b.said("failed"), [`responder broken on eth0 failed: ${reason}`]);
  await b.pass(120_000);
  assert.equal(b.sockets.asked, 2, "it is not tried again by itself");
  assert.equal(b.responder("arp").state, "running");
  assert.equal((await b.api().startResponder("broken", "eth0", {})).state, "running");
  assert.equal(b.responder("broken").errors, 1);
});

test("an interface may come later, go and come again", async () => {
  const b = bench();
  await b.start({ folder: "/r", responders: [{ ...ARP, interface: "eth7" }] });
  assert.match(b.responder("arp").reason, /there is no interface eth7/);
  assert.deepEqual([b.responder("arp").state, b.responder("arp").nextAttempt], ["failed", undefined]);
  await b.pass(10_000);
  assert.equal(b.sockets.asked, 0);
  b.machine.links.put(simLink(7, "eth7", ["10.0.7.1", 24]));
  await b.pass(500);
  assert.equal(b.responder("arp").state, "running");
  b.machine.links.remove(7);
  b.sockets.opened[0]!.fail(new Error("eth7 is gone"));
  await b.rest();
  assert.deepEqual([b.responder("arp").state, b.responder("arp").lastError], ["failed", "eth7 is gone"]);
  b.machine.links.put(simLink(8, "eth7", ["10.0.7.1", 24]));
  await b.pass(500);
  assert.equal(b.responder("arp").state, "running");
});

test("what cannot be opened is tried again with growing pauses, and said once", async () => {
  const b = bench();
  b.sockets.refusal = new OperatorError("packet sockets need CAP_NET_RAW", "grant it");
  await b.start({ folder: "/r", responders: [ARP], captures: [{ interface: "eth0", file: "all" }] });
  assert.equal(b.responder("arp").reason, "packet sockets need CAP_NET_RAW; grant it");
  assert.equal(b.api().captures()[0]!.state, "failed");
  const pauses: number[] = [];
  for (let asked = b.sockets.asked, since = b.world.now; pauses.length < 4;) {
    await b.pass(500);
    if (b.sockets.asked === asked) continue;
    pauses.push(b.world.now - since);
    [asked, since] = [b.sockets.asked, b.world.now];
  }
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 8_000]);
  assert.equal(b.said("responder arp on eth0 failed").length, 1);
  b.sockets.refusal = undefined;
  await b.pass(20_000);
  assert.deepEqual([b.responder("arp").state, b.api().captures()[0]!.state], ["running", "running"]);
  assert.equal(b.responder("arp").lastError, "packet sockets need CAP_NET_RAW; grant it");
});

test("packets that cannot be sent are errors, and end nothing", async () => {
  const b = bench();
  await b.start({ folder: "/r", responders: [ARP] });
  b.sockets.opened[0]!.sendError = new Error("too long");
  b.sockets.receive("eth0", arpRequest("10.0.0.9"));
  b.sockets.opened[0]!.sendError = undefined;
  b.sockets.opened[0]!.takes = 0;
  b.sockets.receive("eth0", arpRequest("10.0.0.9"));
  const { state, sent, errors, lastError, matched } = b.responder("arp");
  assert.deepEqual([state, sent, errors, matched], ["running", 0, 2, 2]);
  assert.equal(lastError, "the interface took no more packets");
});

test("a machine that reaches its end is done, and its timers run", async () => {
  const b = bench();
  b.folder.set("once", () =>
    machine({
      name: "once",
      data: () => undefined,
      initial: "waiting",
      states: { waiting: { after: { ms: 2_000, go: "over" } }, over: { final: true } },
    } as ExchangeDefinition),
  );
  await b.start({ folder: "/r", responders: [{ name: "once", interface: "eth0" }] });
  assert.equal(b.responder("once").position, "waiting");
  await b.pass(2_500);
  assert.deepEqual([b.responder("once").state, b.sockets.opened.length], ["done", 0]);
  assert.deepEqual(b.said("is done"), ["responder once on eth0 is done"]);
});

test("what a responder tells about each packet does not flood the log", async () => {
  const b = bench();
  await b.start({ folder: "/r", responders: [ARP] });
  for (let i = 0; i < 500; i++) b.sockets.receive("eth0", arpRequest("10.0.0.9"));
  assert.equal(b.said("answered").length, 20);
  await b.pass(1_500);
  b.sockets.receive("eth0", arpRequest("10.0.0.9"));
  assert.match(b.said("answered").at(-1)!, /\(480 before it are left out\)$/);
  assert.equal(b.responder("arp").sent, 501);
});

test("an operator starts and stops responders by name, and by nothing else", async () => {
  const b = bench();
  const api = await b.start({ folder: "/r", responders: [ARP] });
  for (const name of ["../arp", "arp.ts", "", "a/b", "a\0", "x".repeat(65)])
    await assert.rejects(api.startResponder(name, "eth0", {}), refused("invalid", /no name of a responder/));
  await assert.rejects(api.startResponder("dns", "eth9", {}), refused("missing", /no interface eth9/));
  await assert.rejects(api.startResponder("dns", "../0", {}), refused("invalid", /no name of an interface/));
  await assert.rejects(api.startResponder("dns", "eth0", {}), /there is no responder dns/);
  await assert.rejects(api.startResponder("arp", "eth0", {}), refused("failed", /runs on eth0 already/));
  await assert.rejects(api.startResponder("arp", "lo", { "a b": "" }), refused("invalid", /no options/));
  assert.deepEqual(
    api.responders().map(({ name }) => name),
    ["arp"],
  );
  const started = await api.startResponder("arp", "lo", { address: "10.0.0.8" });
  assert.deepEqual([started.state, started.configured], ["running", false]);
  b.sockets.receive("lo", arpRequest("10.0.0.8"));
  assert.equal(b.sockets.sent("lo").length, 1);
  assert.equal((await api.stopResponder("arp")).length, 2);
  // The configured one stays, to be started again with its own options.
  assert.deepEqual(
    api.responders().map((each) => [each.interface, each.state]),
    [["eth0", "stopped"]],
  );
  await assert.rejects(api.stopResponder("arp", "lo"), refused("missing", /no responder arp on lo/));
  await api.startResponder("arp", "eth0", {});
  b.sockets.receive("eth0", arpRequest("10.0.0.9"));
  assert.equal(b.sockets.sent("eth0").length, 1);
  assert.deepEqual(await api.availableResponders(), ["arp", "broken"]);
});

test("without a folder there are no responders", async () => {
  const api = await bench().start({});
  await assert.rejects(api.startResponder("arp", "eth0", {}), refused("failed", /no folder/));
  assert.deepEqual(await api.availableResponders(), []);
});

test("a changed configuration touches only what changed", async () => {
  const b = bench();
  const api = await b.start({ folder: "/r", responders: [ARP], captures: [{ interface: "lo", file: "lo" }] });
  const on = (name: string) => b.sockets.opened.find(({ options }) => options.interface === name);
  const [arp, lo] = [on("eth0"), on("lo")];
  await api.startResponder("arp", "lo", {});
  await b.reconfigure({ folder: "/r", responders: [ARP, { ...ARP, name: "broken" }], captures: [] });
  assert.equal(b.api(), api, "the service was not restarted");
  assert.ok(b.sockets.opened.includes(arp!) && !b.sockets.opened.includes(lo!));
  await b.reconfigure({ folder: "/r", responders: [{ ...ARP, options: { address: "10.0.0.7" } }] });
  assert.ok(!b.sockets.opened.includes(arp!));
  b.sockets.receive("eth0", arpRequest("10.0.0.7"));
  assert.equal(b.sockets.sent("eth0").length, 1);
  assert.equal(api.responders().length, 2);
  await b.reconfigure({ folder: "/other" });
  assert.notEqual(b.api(), api);
  assert.equal(b.sockets.opened.length, 0);
});

test("a responder that is stopped while it starts never runs", async () => {
  const b = bench();
  const api = await b.start({ folder: "/r" });
  const starting = api.startResponder("arp", "eth0", {});
  await api.stopResponder("arp");
  await assert.rejects(starting);
  await b.pass(5_000);
  assert.deepEqual([b.sockets.opened.length, api.responders().length], [0, 0]);
});

test("a section that cannot be meant is refused with its place", () => {
  const problems = (section: unknown) =>
    packetsConfig
      .safeParse(section)
      .error!.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  const folder = "/r";
  assert.match(problems({ responders: [ARP] })[0]!, /^responders: needs packets.folder/);
  assert.match(
    problems({ folder, responders: [{ ...ARP, name: "../x" }] })[0]!,
    /responders.0.name: is no name/,
  );
  assert.match(problems({ folder, responders: [ARP, ARP] })[0]!, /one responder on one interface twice/);
  const capture = { interface: "eth0", file: "x" };
  assert.match(
    problems({ captures: [capture, { ...capture, query: "arp" }] })[0]!,
    /two captures with one file/,
  );
  assert.match(problems({ captures: [{ ...capture, file: "/etc/x" }] })[0]!, /captures.0.file: is no name/);
  assert.match(problems({ captures: [{ ...capture, rotate: "10" }] })[0]!, /is no size/);
  assert.match(problems({ captures: [{ ...capture, interface: "a/b" }] })[0]!, /is no name of an interface/);
});
