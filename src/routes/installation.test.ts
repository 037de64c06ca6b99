import assert from "node:assert/strict";
import { test } from "node:test";
import { formatIpv4, formatIpv4Prefix, parseIpv4 } from "#base/ipv4.ts";
import { Installation, type KernelChange } from "#routes/installation.ts";
import { Interfaces } from "#routes/interfaces.ts";
import { keyOf, type NextHop } from "#routes/route.ts";

const ip = (text: string): number => parseIpv4(text)!;
const key = (text: string): number => {
  const [address, length] = text.split("/");
  return keyOf({ network: ip(address!), length: Number(length) });
};
const via = (name: string, gateway?: string): NextHop =>
  gateway === undefined ? { interface: name } : { interface: name, gateway: ip(gateway) };

/** eth0 is 10.1.0.1/24 and eth1 has no address. */
function installation(): Installation {
  const interfaces = new Interfaces();
  interfaces.set([
    { name: "eth0", index: 2, up: true, running: true, addresses: [{ base: ip("10.1.0.1"), length: 24 }] },
    { name: "eth1", index: 3, up: true, running: true, addresses: [] },
    { name: "eth2", index: 4, up: false, running: false, addresses: [] },
  ]);
  return new Installation(20, interfaces);
}

function textOf({ type, network, length, metric, nextHops }: KernelChange): string {
  const hops = nextHops.map(
    ({ interface: index, gateway, onLink }) =>
      `${gateway === undefined ? "" : formatIpv4(gateway)}@${index}${onLink ? "!" : ""}`,
  );
  return [type, formatIpv4Prefix(network, length), metric, ...hops].join(" ");
}

/** Takes everything; changes whose text is among the failures fail. */
function work(kernel: Installation, failures: Readonly<Record<string, string>> = {}): string[] {
  const done: string[] = [];
  for (let i = 0; kernel.hasChanges; i++) {
    assert.ok(i < 10, "it never ends");
    const changes = kernel.take(2);
    const failed = changes.flatMap((change) => {
      const error = failures[textOf(change)];
      return error === undefined ? [] : [{ change, error }];
    });
    done.push(...changes.map(textOf));
    kernel.applied(failed);
  }
  return done;
}

test("the kernel is told of what changes and of nothing else", () => {
  const kernel = installation();
  kernel.want(key("10.9.0.0/24"), [via("eth0", "10.1.0.2")]);
  kernel.want(key("10.9.1.0/24"), [via("eth0", "10.1.0.2"), via("eth1", "192.0.2.9")]);
  kernel.want(key("10.9.2.0/24"), []);
  kernel.want(key("10.9.3.0/24"), [via("eth1")]);
  kernel.want(key("10.9.4.0/24"), [via("eth1")]);
  kernel.want(key("10.9.4.0/24"), undefined);
  assert.equal(kernel.stateOf(key("10.9.0.0/24")).state, "queued");
  assert.deepEqual(work(kernel), [
    "add 10.9.0.0/24 20 10.1.0.2@2",
    "add 10.9.1.0/24 20 10.1.0.2@2 192.0.2.9@3!",
    "add 10.9.2.0/24 20",
    "add 10.9.3.0/24 20 @3",
  ]);
  assert.equal(kernel.stateOf(key("10.9.0.0/24")).state, "installed");
  kernel.want(key("10.9.0.0/24"), [via("eth0", "10.1.0.2")]);
  kernel.want(key("10.9.1.0/24"), [via("eth0", "10.1.0.3")]);
  kernel.want(key("10.9.2.0/24"), undefined);
  assert.deepEqual(work(kernel), ["change 10.9.1.0/24 20 10.1.0.3@2", "remove 10.9.2.0/24 20"]);
  kernel.wantNothing();
  assert.equal(work(kernel).length, 3);
  assert.equal(kernel.stateOf(key("10.9.0.0/24")).state, "absent");
});

test("what the kernel refuses is not asked for again until something changes, and its old route goes", () => {
  const kernel = installation();
  const at = key("10.9.0.0/24");
  kernel.want(at, [via("eth0", "10.1.0.2")]);
  work(kernel);
  kernel.want(at, [via("eth0", "10.1.0.3")]);
  const change = "change 10.9.0.0/24 20 10.1.0.3@2";
  assert.deepEqual(work(kernel, { [change]: "ENETUNREACH" }), [change, "remove 10.9.0.0/24 20"]);
  assert.deepEqual(kernel.stateOf(at), { state: "refused", error: "ENETUNREACH" });
  kernel.retry(key("10.9.9.0/24"));
  assert.equal(kernel.hasChanges, false);
  kernel.retry();
  assert.deepEqual(work(kernel), ["add 10.9.0.0/24 20 10.1.0.3@2"]);
  kernel.want(at, [via("eth2"), via("eth0")]);
  assert.deepEqual(work(kernel), ["remove 10.9.0.0/24 20"]);
  assert.deepEqual(kernel.stateOf(at), { state: "refused", error: "ENETDOWN" });
  kernel.want(at, [via("eth0")]);
  assert.equal(work(kernel).length, 1);
  kernel.want(at, [via("eth7")]);
  assert.deepEqual(work(kernel), ["remove 10.9.0.0/24 20"]);
  assert.deepEqual(kernel.stateOf(at), { state: "refused", error: "ENODEV" });
});

test("a route that had vanished is added instead of changed, and one of others stays", () => {
  const kernel = installation();
  const at = key("10.9.0.0/24");
  kernel.want(at, [via("eth0", "10.1.0.2")]);
  work(kernel);
  kernel.want(at, [via("eth1")]);
  const change = "change 10.9.0.0/24 20 @3";
  const add = "add 10.9.0.0/24 20 @3";
  assert.deepEqual(work(kernel, { [change]: "ENOENT", [add]: "EEXIST" }), [change, add]);
  assert.deepEqual(kernel.stateOf(at), { state: "refused", error: "EEXIST" });
  // It was one of others: the list does not have it.
  kernel.reconcile([]);
  assert.equal(kernel.hasChanges, false);
  // It was ours after all.
  kernel.reconcile([{ network: ip("10.9.0.0"), length: 24, metric: 20, nextHops: [{ interface: 2 }] }]);
  assert.deepEqual(work(kernel), [change]);
});

test("an answer to what is wanted otherwise by now is no verdict", () => {
  const kernel = installation();
  const at = key("10.9.0.0/24");
  kernel.want(at, [via("eth0", "10.1.0.2")]);
  const [change] = kernel.take(10);
  assert.equal(kernel.stateOf(at).state, "queued");
  kernel.want(at, [via("eth1")]);
  assert.equal(kernel.applied([{ change: change!, error: "ENETUNREACH" }]), false);
  assert.deepEqual(work(kernel), ["add 10.9.0.0/24 20 @3"]);
  kernel.want(at, []);
  kernel.take(10);
  kernel.forget();
  assert.deepEqual(work(kernel), ["change 10.9.0.0/24 20"]);
});

test("after a crash, what is right stays, what is wrong is changed, what is too much goes, what is missing comes", () => {
  const kernel = installation();
  for (const [text, hops] of [
    ["10.9.0.0/24", [via("eth0", "10.1.0.2")]],
    ["10.9.1.0/24", [via("eth0", "10.1.0.2"), via("eth1")]],
    ["10.9.2.0/24", [via("eth1")]],
    ["10.9.3.0/24", []],
  ] as const)
    kernel.want(key(text), hops);
  const gateway = ip("10.1.0.2");
  kernel.reconcile([
    { network: ip("10.9.0.0"), length: 24, metric: 20, nextHops: [{ interface: 2, gateway }] },
    {
      network: ip("10.9.1.0"),
      length: 24,
      metric: 20,
      nextHops: [{ interface: 3 }, { interface: 2, gateway }],
    },
    { network: ip("10.9.2.0"), length: 24, metric: 20, nextHops: [{ interface: 99 }] },
    { network: ip("10.9.2.0"), length: 24, metric: 7, nextHops: [{ interface: 3 }] },
    { network: ip("10.9.8.0"), length: 24, metric: 20, nextHops: [] },
  ]);
  assert.deepEqual(work(kernel).sort(), [
    "add 10.9.3.0/24 20",
    "change 10.9.2.0/24 20 @3",
    "remove 10.9.2.0/24 7",
    "remove 10.9.8.0/24 20",
  ]);
  // The kernel has lost two without a word.
  kernel.reconcile([
    { network: ip("10.9.0.0"), length: 24, metric: 20, nextHops: [{ interface: 2, gateway }] },
    { network: ip("10.9.3.0"), length: 24, metric: 20, nextHops: [] },
  ]);
  assert.deepEqual(work(kernel), ["add 10.9.1.0/24 20 10.1.0.2@2 @3", "add 10.9.2.0/24 20 @3"]);
});

test("with 50,000 routes in the kernel, a change costs a change", () => {
  const kernel = installation();
  const hops = [via("eth0", "10.1.0.2")];
  const at = (i: number): number => keyOf({ network: (ip("20.0.0.0") + i * 256) >>> 0, length: 24 });
  for (let i = 0; i < 50_000; i++) kernel.want(at(i), hops);
  let taken = 0;
  while (kernel.hasChanges) {
    taken += kernel.take(1_024).length;
    kernel.applied([]);
  }
  assert.equal(taken, 50_000);
  for (let i = 0; i < 10; i++) kernel.want(at(i * 4_000), [via("eth1")]);
  assert.equal(kernel.take(50_000).length, 10);
  kernel.applied([]);
  assert.equal(kernel.hasChanges, false);
});
