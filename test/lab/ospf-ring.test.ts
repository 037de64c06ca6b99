import assert from "node:assert/strict";
import { suite } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { until } from "./helpers.ts";
import { benchTest, namespacesOf, type LabBench } from "./network-helpers.ts";

const UP =
  /^4 nodes run, and each reaches every loopback \(\d+\.\d s\): r1 \(parley\), r2 \(parley\), r3 \(parley\), r4 \(parley\)\n/;

suite("A ring of four Parleys", () => {
  benchTest(
    "comes up, loses and finds links and nodes, and goes down without a trace.",
    [],
    async (bench) => {
      const lab = await bench.up("examples/ospf-ring/lab.yaml");
      assert.match(lab.output, UP);
      const [record] = bench.records();
      const { nodes } = await bench.status();
      assert.deepEqual(
        nodes.map(({ name, state, reached, others }) => [name, state, reached, others]),
        ["r1", "r2", "r3", "r4"].map((name) => [name, "running", 3, 3]),
      );
      await bench.ask("exec", "r1", "ping", "-c", "1", "-W", "2", "192.0.2.3");
      assert.equal((await bench.lab("exec", "r1", "sh", "-c", "exit 7")).status, 7);
      await cuts(bench);
      await stops(bench);
      assert.match(await bench.ask("attach", "r1", "-c", "show ip route 192.0.2.3"), /192\.0\.2\.3\/32/);
      await refusals(bench);

      assert.equal(await bench.ask("down"), "ospf-ring is down\n");
      assert.deepEqual([await lab.ended, lab.errors], [0, ""]);
      assert.deepEqual(namespacesOf(record!.namespaces), []);
      assert.deepEqual(await bench.folders(), []);
      const gone = await bench.lab("status");
      assert.deepEqual(
        [gone.status, gone.errors],
        [1, "parley: no lab runs here; start one: parley lab up examples/ospf-ring\n"],
      );
    },
  );
});

/** As a cable that is pulled, and in silence. */
async function cuts(bench: LabBench): Promise<void> {
  await bench.untilVia("r1", "192.0.2.2", "to-r2");
  assert.equal(await bench.ask("cut", "r1", "r2"), "r1-r2: cut, the carrier is lost\n");
  assert.match(
    await bench.ask("exec", "r2", "cat", "/sys/class/net/to-r1/operstate"),
    /^(down|lowerlayerdown)\n$/,
  );
  await bench.untilVia("r1", "192.0.2.2", "to-r4", 3_000); // no dead interval has to pass
  assert.deepEqual((await bench.status()).links[0]!.cuts, { r1: "carrier", r2: "carrier" });
  assert.equal(await bench.ask("heal", "r2", "r1"), "r1-r2: connected\n");
  await bench.untilVia("r1", "192.0.2.2", "to-r2");

  assert.equal(
    await bench.ask("cut", "r1", "r2", "silent"),
    "r1-r2: cut, packets are lost, the carrier stays\n",
  );
  assert.equal(await bench.ask("exec", "r2", "cat", "/sys/class/net/to-r1/operstate"), "up\n");
  assert.match(await bench.ask("status"), /^r1-r2 .* cut silently$/m);
  await bench.untilVia("r1", "192.0.2.2", "to-r4");
  // From one way of being cut to the other.
  await bench.ask("cut", "r1", "r2");
  assert.match(
    await bench.ask("exec", "r2", "cat", "/sys/class/net/to-r1/operstate"),
    /^(down|lowerlayerdown)\n$/,
  );
  await bench.ask("heal", "r1", "r2");
}

async function stops(bench: LabBench): Promise<void> {
  assert.equal(await bench.ask("stop", "r3"), "r3 has stopped\n");
  await bench.untilVia("r1", "192.0.2.3", undefined);
  assert.equal((await bench.status()).nodes[2]!.state, "stopped");
  // The link that was healed just now is used again, too.
  let found: unknown;
  await until(
    async () => {
      const [r1] = (await bench.status()).nodes;
      found = [r1!.reached, r1!.others];
      return isDeepStrictEqual(found, [2, 2]);
    },
    () => `r1 reaches the two others: ${JSON.stringify(found)}`,
  );
  assert.match(await bench.ask("start", "r3"), /^r3 is up, every loopback is reached \(\d+\.\d s\)\n$/);
  await bench.untilVia("r4", "192.0.2.3", "to-r3", 1_000);
}

async function refusals(bench: LabBench): Promise<void> {
  const cases: readonly (readonly [args: readonly string[], errors: string])[] = [
    [["cut", "r1", "r3"], "there is no link between r1 and r3; r1 has r1-r2 and r1-r4"],
    [["heal", "r1", "r9"], "there is no node or link r9; did you mean r1, r2 or r3?"],
    [["start", "r1"], "r1 is running; stop it first: lab stop r1"],
    [["stop", "x"], "there is no node x; the nodes are r1, r2, r3, r4"],
    [["exec", "x", "true"], "there is no node x; the nodes are r1, r2, r3, r4"],
    [["--lab", "ospf-rin", "status"], "there is no lab ospf-rin; did you mean ospf-ring?"],
  ];
  const answers = await Promise.all(cases.map(([args]) => bench.lab(...args)));
  assert.deepEqual(
    answers,
    cases.map(([, errors]) => ({ status: 1, output: "", errors: `parley: ${errors}\n` })),
  );
}
