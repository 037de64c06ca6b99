import assert from "node:assert/strict";
import { formatAddress, scopeOf } from "#base/address.ts";
import { onEveryHost } from "./places.ts";

onEveryHost("the addresses of a machine include loopback, each with its interface", async ({ a }) => {
  const addresses = a.links.addresses();
  const loopback = addresses.find(({ address }) => formatAddress(address) === "127.0.0.1");
  assert.equal(loopback?.interface, "lo");
  for (const { interface: name, address } of addresses) {
    assert.notEqual(name, "");
    assert.notEqual(scopeOf(address), "multicast");
  }
});

onEveryHost("a machine's own address is one of those it can listen on", async ({ a }) => {
  for (const { address } of a.links.addresses()) {
    if (address.bytes.length !== 4) continue;
    const listener = await a.streams.listen({ host: formatAddress(address), port: 0 }, (stream) => {
      stream.close();
      return { connected: () => {}, data: () => {}, writable: () => {}, closed: () => {} };
    });
    assert.equal(listener.local.host, formatAddress(address));
    await listener.close();
  }
});

onEveryHost("who watches knows every interface at once, and can stop", async ({ a }) => {
  const monitor = await a.links.watch(() => {});
  await monitor.refresh();
  const links = monitor.links();
  const lo = links.find(({ name }) => name === "lo");
  assert.equal(lo?.up, true);
  assert.ok(
    lo.addresses.some(({ address, scope }) => formatAddress(address) === "127.0.0.1" && scope === "host"),
  );
  assert.deepEqual(
    links.map(({ index }) => index),
    links.map(({ index }) => index).sort((x, y) => x - y),
  );
  for (const { addresses } of links) {
    for (const { address, prefixLength } of addresses) assert.ok(prefixLength <= address.bytes.length * 8);
  }
  monitor.close();
  monitor.close();
});
