import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "#base/address.ts";
import type { Link } from "#host/links.ts";
import { simLink } from "#sim/links.ts";
import { describe, links } from "#services/links.ts";
import type { LinksApi } from "#services/links-api.ts";
import { ServiceBench, settled } from "#services/testing/bench.ts";

const ETH = simLink(5, "eth5", ["192.0.2.7", 24]);
const down: Link = { ...ETH, up: false, running: false, operState: "down" };
const other: Link = {
  ...ETH,
  addresses: [{ address: parseAddress("2001:db8::1")!, prefixLength: 64, scope: "global", flags: [] }],
};

test("a change is told in one line", () => {
  for (const [before, after, text] of [
    [undefined, ETH, "eth5: new, up, 192.0.2.7/24 added"],
    [ETH, down, "eth5: down"],
    [down, ETH, "eth5: up"],
    [ETH, { ...ETH, running: false, operState: "lower-layer-down" }, "eth5: lower-layer-down"],
    [ETH, { ...ETH, running: false, operState: "down" }, "eth5: no carrier"],
    [ETH, other, "eth5: 2001:db8::1/64 added, 192.0.2.7/24 removed"],
    [ETH, { ...ETH, mtu: 9_000 }, "eth5: MTU 9000"],
    [ETH, { ...ETH, name: "lan" }, "lan: was eth5"],
    [ETH, { ...ETH, flags: [] }, "eth5: changed"],
    [ETH, undefined, "eth5: removed"],
  ] as const) {
    assert.equal(describe(before, after, after?.name ?? "eth5"), text);
  }
});

test("the service knows all interfaces, tells of changes to whoever follows and to the log, and stops", async () => {
  const bench = new ServiceBench();
  const manager = bench.manager(links);
  await manager.start(new Map());
  const api = manager.api("links") as LinksApi;
  assert.deepEqual(
    (await api.interfaces()).map(({ name }) => name),
    ["lo", "eth0"],
  );
  const heard: string[] = [];
  const gone = new AbortController();
  api.follow(
    (changes) => heard.push(...changes.map(({ type, link }) => `${type} ${link.name}`)),
    gone.signal,
  );
  bench.host.links.put(ETH);
  bench.host.links.put(down);
  bench.host.links.remove(5);
  await bench.pass(10);
  assert.deepEqual(heard, ["link eth5", "link eth5", "removed eth5"]);
  const lines = bench.log.since(0).filter(({ service }) => service === "links");
  assert.deepEqual(
    lines.map(({ text }) => text),
    ["eth5: new, up, 192.0.2.7/24 added", "eth5: down", "eth5: removed"],
  );
  assert.deepEqual(lines.at(-1)!.detail, { type: "interface", link: down, removed: true });
  gone.abort();
  await manager.stop();
  bench.host.links.put(ETH);
  await bench.pass(10);
  await settled();
  assert.equal(heard.length, 3);
});
