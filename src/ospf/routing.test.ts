import assert from "node:assert/strict";
import { test } from "node:test";
import { INITIAL_SEQUENCE } from "#ospf/constants.ts";
import { routerBody } from "#ospf/lsa-bodies.ts";
import { Bench } from "#ospf/testing/bench.ts";
import { Peer } from "#ospf/testing/peer.ts";
import { wholeLsa } from "#ospf/testing/whole-lsas.ts";

/** How long each change of a router-LSA waits for the routes, ms, where one comes every `intervalMs`. */
function waits(count: number, intervalMs: number): { readonly waited: number[]; readonly runs: number } {
  const bench = new Bench({ interfaces: { eth0: { address: "10.0.0.1/24" } } });
  const peer = new Peer(bench, { on: "eth0", routerId: "192.0.2.2", address: "10.0.0.2" });
  peer.becomeFull();
  bench.advance(10_000);
  peer.hello();
  const { routing } = bench.router;
  const before = routing.runs.full;
  const waited: number[] = [];
  for (let i = 0; i < count; i++) {
    const link = { type: 3, id: 0x0a09_0000, data: 0xffff_0000, metric: i };
    // Several routers: one of them could not tell anew so often.
    const router = `192.0.2.${100 + (i % 50)}`;
    const sequence = INITIAL_SEQUENCE + i;
    const at = bench.now;
    peer.update(
      wholeLsa({ type: 1, id: router, router, sequence, body: routerBody([link], false), now: at }),
    );
    peer.hello();
    bench.advance(intervalMs);
    waited.push(routing.ranAt - at);
  }
  return { waited, runs: routing.runs.full - before };
}

test("a change waits hardly at all, and those that come seldom never long", () => {
  const { waited, runs } = waits(20, 300);
  assert.deepEqual([waited[0], Math.max(...waited), runs], [5, 50, 20]);
});

test("in a storm the shortest paths are computed once in each long delay", () => {
  const { runs } = waits(1_000, 20);
  // 20 s, of which the first 2.5 go by the short delay.
  assert.ok(runs >= 70 + 40 && runs <= 70 + 52, `${runs}`);
});
