import assert from "node:assert/strict";
import { suite } from "node:test";
import { until } from "./helpers.ts";
import { benchTest, BIRD, FRR, namespacesOf } from "./network-helpers.ts";

suite("Parley, FRR and BIRD in one lab", () => {
  benchTest(
    "exchange routes; each has its own prompt, stops, fails and starts.",
    [FRR, BIRD, "vtysh"],
    async (bench) => {
      const lab = await bench.up("examples/ospf-mixed");
      assert.match(
        lab.output,
        /^4 nodes run, and each reaches every loopback .*frr1 \(frr\), bird1 \(bird\)\n/,
      );
      const [record] = bench.records();
      assert.match(await bench.ask("attach", "frr1", "-c", "show ip ospf neighbor"), /192\.0\.2\.1 .*Full/);
      assert.match(
        await bench.ask("attach", "bird1", "show", "ospf", "neighbors"),
        /192\.0\.2\.2\s.*Full\/PtP/,
      );
      // The external of a Parley, with its tag, and the stub network of FRR.
      assert.match(await bench.ask("attach", "bird1", "show", "route"), /198\.18\.0\.0\/24 .*E2 .*\[7\]/);
      await bench.ask("exec", "p1", "ping", "-c", "1", "-W", "2", "198.51.100.1");

      // Who leaves a network that several share is named with the network.
      const shared = await bench.lab("cut", "p1", "p2");
      assert.equal(
        shared.errors,
        "parley: p1 and p2 are both at lan, with others; name one node and the link: p1 lan\n",
      );
      assert.equal(await bench.ask("cut", "p1", "lan"), "lan: cut, the carrier is lost\n");
      assert.match(await bench.ask("status"), /^lan .* p1 cut$/m);
      await bench.ask("heal", "lan", "p1");

      await bench.ask("stop", "frr1");
      await bench.untilVia("p1", "192.0.2.3", undefined);
      await killIn(bench.ask("exec", "bird1", "ip", "netns", "pids", `${record!.namespaces}-bird1`));
      const states = async () => (await bench.status()).nodes.map(({ state }) => state);
      assert.deepEqual(await states(), ["running", "running", "stopped", "failed"]);
      const started = await Promise.all([bench.ask("start", "bird1"), bench.ask("start", "frr1")]);
      assert.match(started[0], /^bird1 is up, every loopback is reached/);
      assert.match(started[1], /^frr1 is up, every loopback is reached/);
      assert.deepEqual(await states(), ["running", "running", "running", "running"]);

      process.kill(lab.child.pid!, "SIGTERM");
      assert.deepEqual([await lab.ended, lab.errors], [0, ""]);
      assert.deepEqual(namespacesOf(record!.namespaces), []);
      assert.deepEqual(await bench.folders(), []);
    },
  );
});

/** Ends BIRD as a crash would; the list names the program that lists, too. */
async function killIn(listed: Promise<string>): Promise<void> {
  const pids = (await listed).trim().split("\n").map(Number);
  for (const pid of pids)
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended.
    }
  await until(
    () => !pids.some((pid) => isThere(pid)),
    () => "BIRD has ended",
  );
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
