import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatAddress } from "#base/address.ts";
import { formatEndpoint, parseEndpoint, parseNamedEndpoint } from "#base/endpoint.ts";

test("every endpoint reads back from its text", () => {
  const host = fc
    .oneof(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.uint8Array({ minLength: 16, maxLength: 16 }))
    .map((bytes) => formatAddress({ bytes }));
  fc.assert(
    fc.property(host, fc.nat(65_535), (host, port) => {
      // A mapped IPv4 address becomes IPv4, the only change of text there is.
      const expected = { host: host.replace(/^::ffff:(?=\d+\.)/, ""), port };
      assert.deepEqual(parseEndpoint(formatEndpoint({ host, port })), expected);
      assert.deepEqual(parseNamedEndpoint(formatEndpoint(expected)), expected);
    }),
  );
});

test("texts of an endpoint come to one form", () => {
  assert.deepEqual(parseEndpoint("[2001:DB8::7]:55555"), { host: "2001:db8::7", port: 55_555 });
  assert.deepEqual(parseEndpoint("[::ffff:192.0.2.7]:1"), { host: "192.0.2.7", port: 1 });
  assert.deepEqual(parseNamedEndpoint("Gopher.Example:7"), { host: "gopher.example", port: 7 });
  assert.deepEqual(parseNamedEndpoint("localhost:7"), { host: "localhost", port: 7 });
});

test("what is no endpoint is refused", () => {
  const wrong = [
    "",
    ":1",
    "1.2.3.4",
    "1.2.3.4:",
    "1.2.3.4:65536",
    "1.2.3.4:-1",
    "1.2.3.4:1x",
    "::1:80",
    "[::1]",
  ];
  wrong.push("[1.2.3.4]:80", "[::1]80", "[gopher]:80", " 1.2.3.4:80", "1.2.3.4:080000");
  for (const text of wrong) {
    assert.equal(parseEndpoint(text), undefined, text);
    assert.equal(parseNamedEndpoint(text), undefined, text);
  }
  assert.equal(parseEndpoint("gopher.example:80"), undefined);
  for (const text of [
    "256.1.1.1:80",
    "-x:80",
    "x-:80",
    "a..b:80",
    `${"a".repeat(64)}:80`,
    "a b:80",
    "a/b:80",
  ])
    assert.equal(parseNamedEndpoint(text), undefined, text);
});

test("nothing throws, and what is taken has a port that exists", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `${text}:80`),
      ),
      (text) => {
        const endpoint = parseNamedEndpoint(text);
        return endpoint === undefined || (endpoint.port >= 0 && endpoint.port <= 65_535);
      },
    ),
  );
});
