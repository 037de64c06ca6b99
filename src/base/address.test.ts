import assert from "node:assert/strict";
import { isIP } from "node:net";
import { test } from "node:test";
import fc from "fast-check";
import { formatAddress, parseAddress, scopeOf, unmapAddress } from "#base/address.ts";

const bytesOf = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
/** Addresses with runs of zeros, which random ones hardly ever have. */
const ipv6 = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((group) => [group >> 8, group & 255])));

test("every address reads back from its text", () => {
  fc.assert(
    fc.property(fc.oneof(bytesOf(4), bytesOf(16), ipv6), (bytes) => {
      const text = formatAddress({ bytes });
      assert.notEqual(isIP(text), 0, text);
      assert.deepEqual(parseAddress(text), { bytes });
    }),
  );
});

test("IPv6 is written as RFC 5952 has it", () => {
  for (const [given, expected] of [
    ["2001:0db8:0000:0000:0000:0000:0002:0001", "2001:db8::2:1"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["2001:DB8::A", "2001:db8::a"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["0:0:0:0:0:0:0:1", "::1"],
    ["1:0:0:0:0:0:0:0", "1::"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["::ffff:c000:201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["fe80::1%eth0", "fe80::1%eth0"],
  ] as const) {
    assert.equal(formatAddress(parseAddress(given)!), expected);
  }
});

test("what is no address is refused, and nothing throws", () => {
  const wrong = [
    "",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "010.0.0.1",
    "1.2.3.4 ",
    "::1::",
    ":::",
    "1:2:3:4:5:6:7",
  ];
  wrong.push(
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8",
    "12345::",
    "::g",
    "1.2.3.4::",
    "::1%",
    "::1% x",
    "1.2.3.4%eth0",
  );
  for (const text of wrong) assert.equal(parseAddress(text), undefined, text);
  fc.assert(fc.property(fc.string(), (text) => (parseAddress(text) === undefined ? true : isIP(text) !== 0)));
});

test("an IPv4 address inside IPv6 is the same address", () => {
  assert.deepEqual(unmapAddress(parseAddress("::ffff:192.0.2.7")!), parseAddress("192.0.2.7"));
  const other = parseAddress("::fffe:192.0.2.7")!;
  assert.equal(unmapAddress(other), other);
});

test("the scope of an address follows from its bits", () => {
  for (const [text, scope] of [
    ["0.0.0.0", "unspecified"],
    ["0.1.2.3", "unspecified"],
    ["240.0.0.1", "unspecified"],
    ["::", "unspecified"],
    ["127.255.0.1", "loopback"],
    ["::1", "loopback"],
    ["::ffff:127.0.0.1", "loopback"],
    ["224.0.0.5", "multicast"],
    ["239.255.255.255", "multicast"],
    ["ff02::5", "multicast"],
    ["255.255.255.255", "broadcast"],
    ["169.254.1.1", "link-local"],
    ["fe80::1", "link-local"],
    ["febf::1", "link-local"],
    ["fec0::1", "unicast"],
    ["10.0.0.1", "unicast"],
    ["2001:db8::1", "unicast"],
  ] as const) {
    assert.equal(scopeOf(parseAddress(text)!), scope, text);
  }
});
