import assert from "node:assert/strict";
import { test } from "node:test";
import { reaches, type KernelRoute } from "#lab/forwarding.ts";

const TARGET = "192.0.2.9";

/** Nodes a, b, c, d; gateway 10.0.0.N is the N-th of them, unless the wire to it is cut. */
function arrives(tables: Readonly<Record<string, readonly KernelRoute[]>>, cut = ""): boolean {
  const nodeBehind = (from: string, gateway: string) => {
    const to = " abcd"[Number(gateway.split(".")[3])]!;
    return `${from}${to}` === cut ? undefined : to;
  };
  return reaches({ routes: new Map(Object.entries(tables)), nodeBehind }, "a", "d", TARGET);
}

const via = (node: number, dst = TARGET): KernelRoute => ({ dst, gateway: `10.0.0.${node}` });

test("Packets go from kernel to kernel until they are there.", () => {
  assert.equal(arrives({ a: [via(2)], b: [via(3)], c: [via(4)] }), true);
  assert.equal(arrives({ a: [via(2)], b: [via(3)], c: [] }), false);
  assert.equal(arrives({ a: [via(2)], b: [via(3)], c: [via(4)] }, "bc"), false, "a wire is cut in silence");
  assert.equal(arrives({ a: [via(2)], b: [via(3)], c: [via(2)] }), false, "round and round");
});

test("The longest prefix counts, also when it leads nowhere.", () => {
  assert.equal(arrives({ a: [via(3, "default"), via(4, "192.0.2.0/24")] }), true);
  assert.equal(arrives({ a: [via(4, "default"), { dst: TARGET, type: "blackhole" }] }), false);
  assert.equal(arrives({ a: [via(4, "198.51.100.0/24")] }), false);
  assert.equal(arrives({ a: [{ dst: "192.0.2.0/24" }] }), false, "a network of a's own, and nobody there");
});

test("Of several ways each has to get there; one that is dead is not used.", () => {
  const both = { dst: TARGET, nexthops: [{ gateway: "10.0.0.2" }, { gateway: "10.0.0.3" }] };
  assert.equal(arrives({ a: [both], b: [via(4)], c: [via(4)] }), true);
  assert.equal(arrives({ a: [both], b: [via(4)], c: [] }), false);
  const dead = { dst: TARGET, nexthops: [{ gateway: "10.0.0.2" }, { gateway: "10.0.0.3", flags: ["dead"] }] };
  assert.equal(arrives({ a: [dead], b: [via(4)], c: [] }), true);
});
