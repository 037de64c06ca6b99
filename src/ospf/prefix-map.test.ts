import { PrefixMap } from "#ospf/prefix-map.ts";
import { ip } from "#ospf/testing/lsas.ts";
import assert from "node:assert/strict";
import { test } from "node:test";

test("an address is found in all prefixes that hold it, the longest first", () => {
  const map = new PrefixMap<string>();
  const prefixes = [
    "0.0.0.0/0",
    "192.0.0.0/2",
    "198.51.100.0/24",
    "198.51.100.128/25",
    "198.51.100.200/32",
    "10.0.0.0/8",
  ];
  for (const prefix of prefixes) {
    const [network, length] = prefix.split("/") as [string, string];
    map.set(ip(network), Number(length), prefix);
  }
  const matches = (address: string): string[] => [...map.matches(ip(address))];
  assert.deepEqual(matches("198.51.100.200"), [
    "198.51.100.200/32",
    "198.51.100.128/25",
    "198.51.100.0/24",
    "192.0.0.0/2",
    "0.0.0.0/0",
  ]);
  assert.deepEqual(matches("198.51.100.1"), ["198.51.100.0/24", "192.0.0.0/2", "0.0.0.0/0"]);
  assert.deepEqual(matches("10.255.0.1"), ["10.0.0.0/8", "0.0.0.0/0"]);
  assert.deepEqual(matches("172.16.0.1"), ["0.0.0.0/0"]);
  assert.equal(map.get(ip("198.51.100.0"), 24), "198.51.100.0/24");
  assert.equal(map.get(ip("198.51.100.0"), 25), undefined);
});
