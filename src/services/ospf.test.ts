import assert from "node:assert/strict";
import { test } from "node:test";
import { links } from "#services/links.ts";
import type { OspfApi } from "#services/ospf-api.ts";
import { ospf } from "#services/ospf.ts";
import { routes } from "#services/routes.ts";
import { ServiceBench } from "#services/testing/bench.ts";

/** The service on a machine with eth0 10.0.0.1/24. */
class OspfBench extends ServiceBench {
  readonly running = this.manager(links, routes, ospf);

  async start(section: unknown, statics: unknown): Promise<OspfApi> {
    const begun = this.running.start(this.#sections(section, statics));
    await this.pass(1_000);
    await begun;
    await this.pass(3_000);
    return this.running.api("ospf") as OspfApi;
  }

  async take(section: unknown, statics: unknown): Promise<void> {
    await this.running.reconfigure(this.#sections(section, statics));
    await this.pass(3_000);
  }

  #sections(section: unknown, statics: unknown): Map<string, unknown> {
    return new Map<string, unknown>([
      ["routes", routes.config.parse({ static: statics })],
      ["ospf", ospf.config.parse(section)],
    ]);
  }
}

/** "198.18.1.0 20 0x80000001" of each external. */
function externals({ views }: OspfApi): string[] {
  return [...views.database({ type: 5 })].map(({ linkStateId, sequence, age, body }) => {
    assert.ok(age < 3_600 && body?.case === "external");
    return `${linkStateId} ${body.value.metric} ${(sequence >>> 0).toString(16)}`;
  });
}

const AREA = { "router-id": "192.0.2.1", "area 0": { "interface eth0": {} } };
const STATICS = ["198.18.1.0/24", "198.18.2.0/24"].map((prefix) => ({ prefix, blackhole: true }));

test("another redistribution tells anew only what it changes", async () => {
  const bench = new OspfBench();
  const api = await bench.start({ ...AREA, redistribute: { static: {} } }, STATICS);
  assert.deepEqual(externals(api), ["198.18.1.0 20 80000001", "198.18.2.0 20 80000001"]);
  await bench.take({ ...AREA, redistribute: { static: {}, connected: { metric: 7 } } }, STATICS);
  assert.deepEqual(externals(api), [
    "10.0.0.0 7 80000001",
    "198.18.1.0 20 80000001",
    "198.18.2.0 20 80000001",
  ]);
  const filter = ["deny 198.18.2.0/24", "permit any"];
  await bench.take({ ...AREA, redistribute: { static: { filter, metric: 30 } } }, STATICS);
  assert.deepEqual(externals(api), ["198.18.1.0 30 80000002"]);
  // What it said of its sources before counts no more.
  await bench.take({ ...AREA, redistribute: { static: { filter, metric: 30 } } }, STATICS.slice(0, 1));
  assert.deepEqual(externals(api), ["198.18.1.0 30 80000002"]);
  assert.equal(bench.running.api("ospf"), api);
});

test("how long the shortest paths took is known once they were computed", async () => {
  const api = await new OspfBench().start(AREA, []);
  assert.equal(typeof api.views.router().spf.lastDurationMs, "number");
});
