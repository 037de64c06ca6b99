import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { maskOf, parseIpv4 } from "#base/ipv4.ts";
import { formatPrefixRule, parsePrefixRule, permits } from "#routes/prefix-list.ts";

const rules = (...lines: string[]) => lines.map((line) => parsePrefixRule(line)!);
const isPermitted = (list: string[], prefix: string): boolean => {
  const [address, length] = prefix.split("/");
  return permits(rules(...list), parseIpv4(address!)!, Number(length));
};

test("the first line that fits decides, and what none fits is denied", () => {
  const list = ["deny 10.1.0.0/16", "permit 10.0.0.0/8 le 24", "deny any", "permit 192.0.2.0/24"];
  for (const [prefix, expected] of [
    ["10.1.0.0/16", false],
    ["10.1.2.0/24", true],
    ["10.0.0.0/8", true],
    ["10.2.0.128/25", false],
    ["11.0.0.0/8", false],
    ["192.0.2.0/24", false],
  ] as const)
    assert.equal(isPermitted(list, prefix), expected, prefix);
  assert.equal(isPermitted([], "10.0.0.0/8"), true);
  assert.equal(isPermitted(["deny 10.0.0.0/8"], "11.0.0.0/8"), false);
});

test("ge and le bound the length as FRR has it", () => {
  for (const [rule, lengths] of [
    ["permit 10.0.0.0/8", [8]],
    ["permit 10.0.0.0/8 ge 30", [30, 31, 32]],
    ["permit 10.0.0.0/8 le 10", [8, 9, 10]],
    ["permit 10.0.0.0/8 ge 9 le 11", [9, 10, 11]],
    ["permit any", Array.from({ length: 33 }, (_, length) => length)],
  ] as const) {
    const network = rule.endsWith("any") ? 0 : parseIpv4("10.0.0.0")!;
    const found = Array.from({ length: 33 }, (_, length) => length).filter((length) =>
      permits(rules(rule), length < 8 ? 0 : network, length),
    );
    assert.deepEqual(found, lengths, rule);
  }
});

test("what is no rule is refused", () => {
  for (const text of [
    "",
    "permit",
    "allow 10.0.0.0/8",
    "permit 10.0.0.1/8",
    "permit 10.0.0.0/33",
    "permit 10.0.0/8",
    "permit 10.0.0.0/8 ge 7",
    "permit 10.0.0.0/8 le 33",
    "permit 10.0.0.0/8 ge 20 le 10",
    "permit 10.0.0.0/8 le 10 ge 9",
    "permit any le 8",
  ])
    assert.equal(parsePrefixRule(text), undefined, text);
});

test("every rule is written so that it is read back", () => {
  const rule = fc.tuple(fc.boolean(), fc.nat(0xffff_ffff), fc.nat(32), fc.nat(32), fc.nat(32));
  fc.assert(
    fc.property(rule, ([isPermit, address, length, x, y]) => {
      const [least, most] = [Math.max(length, Math.min(x, y)), Math.max(length, x, y)];
      const network = (address & maskOf(length)) >>> 0;
      const value = { permits: isPermit, network, length, least, most };
      assert.deepEqual(parsePrefixRule(formatPrefixRule(value)), value);
    }),
  );
});
