import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "#base/address.ts";
import type { InterfaceAddress } from "#host/links.ts";
import { advertisedAddress } from "#services/advertised-address.ts";

function machine(...texts: string[]): InterfaceAddress[] {
  return texts.map((text) => ({ interface: "eth0", address: parseAddress(text)! }));
}

function hostFor(wildcard: string, ...texts: string[]): string {
  return advertisedAddress({ host: wildcard, port: 55555 }, machine(...texts)).host;
}

test("a listener with an address of its own is told as it is, whatever the machine has", () => {
  for (const host of ["127.0.0.1", "::1", "169.254.0.9", "192.0.2.1", "2001:db8::9"]) {
    const listening = { host, port: 4_321 };
    assert.deepEqual(advertisedAddress(listening, machine("10.0.0.5", "2001:db8::1")), listening);
  }
});

test("the port is the listener's in every case", () => {
  for (const addresses of [[], machine("10.0.0.5"), machine("2001:db8::1")]) {
    for (const host of ["0.0.0.0", "::", "192.0.2.1"])
      assert.equal(advertisedAddress({ host, port: 4_321 }, addresses).port, 4_321);
  }
});

test("the machine's order decides among usable addresses of one family", () => {
  assert.equal(hostFor("0.0.0.0", "192.168.1.2", "10.0.0.5"), "192.168.1.2");
  assert.equal(hostFor("::", "2001:db8::2", "2001:db8::1"), "2001:db8::2");
});

test("a wildcard for both families tells IPv4 even when IPv6 is listed before it", () => {
  assert.equal(hostFor("::", "2001:db8::1", "10.0.0.5"), "10.0.0.5");
});

test("a wildcard for IPv4 never tells an IPv6 address, which it would not hear", () => {
  assert.equal(hostFor("0.0.0.0", "2001:db8::1"), "127.0.0.1");
});

test("addresses that others cannot dial are passed over", () => {
  for (const unusable of ["127.0.0.2", "169.254.7.7", "0.0.0.0", "224.0.0.5", "255.255.255.255"])
    assert.equal(hostFor("0.0.0.0", unusable, "10.0.0.5"), "10.0.0.5", unusable);
  for (const unusable of ["::1", "::", "fe80::1%eth0", "ff02::5"])
    assert.equal(hostFor("::", unusable, "2001:db8::1"), "2001:db8::1", unusable);
});

test("a machine with nothing usable is reached at its loopback, of the listener's family", () => {
  assert.equal(hostFor("0.0.0.0"), "127.0.0.1");
  assert.equal(hostFor("::"), "::1");
  assert.equal(hostFor("0.0.0.0", "127.0.0.1", "169.254.1.1"), "127.0.0.1");
  assert.equal(hostFor("::", "::1", "fe80::1%eth0"), "::1");
});
