import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeFilters, isFor } from "#membership/serf/filters.ts";
import { SERF_LIMITS } from "#membership/serf/limits.ts";
import { RegexError } from "#packet/query/regex.ts";

const TAGS = { role: "web-7", dc: "" };

function asks(filters: Parameters<typeof encodeFilters>[0]): string {
  return isFor(encodeFilters(filters) ?? [], "n1", TAGS);
}

test("every filter must name a member; expressions look anywhere in a tag, and cases matter", () => {
  assert.equal(encodeFilters({}), undefined);
  assert.equal(asks({}), "yes");
  assert.equal(asks({ nodes: ["n2", "n1"] }), "yes");
  assert.equal(asks({ nodes: ["n2"] }), "no");
  assert.equal(asks({ tags: { role: "web" } }), "yes");
  assert.equal(asks({ tags: { role: "^web-\\d+$" } }), "yes");
  assert.equal(asks({ tags: { role: "WEB" } }), "no");
  assert.equal(asks({ tags: { role: "a|b-" } }), "yes");
  assert.equal(asks({ tags: { role: "web", rack: "." } }), "no");
  assert.equal(asks({ tags: { rack: "^$" } }), "yes");
  assert.equal(asks({ tags: { toString: "." } }), "no");
  assert.equal(asks({ nodes: ["n1"], tags: { role: "db" } }), "no");
});

test("what is no filter, or an expression that cannot be searched, is told", () => {
  assert.throws(() => encodeFilters({ tags: { role: "(" } }), RegexError);
  assert.throws(() => encodeFilters({ tags: { role: "(?=a)" } }), RegexError);
  for (const hex of ["", "02", "00", "0081", "01", "0180", "01a1", "0182a445787072a128a3546167a4726f6c65"])
    assert.equal(isFor([Buffer.from(hex, "hex")], "n1", TAGS), "bad", hex);
  const one = encodeFilters({ nodes: ["n1"] })!;
  assert.equal(isFor(new Array<Uint8Array>(SERF_LIMITS.filters + 1).fill(one[0]!), "n1", TAGS), "bad");
});

test("filters are written as Serf writes them", () => {
  const [nodes, tag] = encodeFilters({ nodes: ["a", "b"], tags: { role: "web.*" } })!;
  assert.equal(Buffer.from(nodes!).toString("hex"), "0092a161a162");
  assert.equal(Buffer.from(tag!).toString("hex"), "0182a445787072a57765622e2aa3546167a4726f6c65");
});

test("an expression that would take for ever elsewhere takes no time", () => {
  const tags = { role: `${"a".repeat(400)}!` };
  const filters = encodeFilters({ tags: { role: "^(a+)+$" } })!;
  const before = performance.now();
  assert.equal(isFor(filters, "n1", tags), "no");
  assert.ok(performance.now() - before < 1_000);
});
