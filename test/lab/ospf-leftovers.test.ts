import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { suite } from "node:test";
import type { RunningProgram } from "./helpers.ts";
import { until } from "./helpers.ts";
import { benchTest, BIRD, FRR, namespacesOf, type LabBench } from "./network-helpers.ts";

const TRIO = `
name: trio
timers: { hello-interval: 1, dead-interval: 4 }
nodes: { p: {}, f: { kind: frr }, b: { kind: bird } }
links: [{ ends: [p, f] }, { ends: [f, b] }, { ends: [b, p] }]
`;

/** What there is at the moment when somebody presses Ctrl-C. */
const MOMENTS: Readonly<Record<string, (bench: LabBench) => Promise<boolean>>> = {
  "its folder is made": async (bench) => (await bench.folders()).length > 0,
  "the first namespace is made": async (bench) => namespacesHere(bench).length > 0,
  "the first wire is made": async (bench) => namespacesHere(bench).some((name) => name.endsWith("_wires")),
  "FRR is being started": async (bench) => {
    const files = (
      await Promise.all((await bench.folders()).map((each) => filesIn(join(bench.folder, each, "f"))))
    ).flat();
    return files.includes("zebra.pid");
  },
};

suite("Of a lab nothing is left", { concurrency: 2 }, () => {
  for (const [moment, isNow] of Object.entries(MOMENTS))
    benchTest(`when Ctrl-C is pressed while ${moment}.`, [FRR, BIRD], async (bench) => {
      const lab = bench.begin(await bench.write("lab.yaml", TRIO));
      await until(
        () => isNow(bench),
        () => `${moment}: ${lab.errors}`,
        30_000,
      );
      const [record] = bench.records();
      interrupt(lab);
      assert.deepEqual([await lab.ended, lab.output, lab.errors], [0, "", ""]);
      assert.deepEqual(record ? namespacesOf(record.namespaces) : [], []);
      assert.deepEqual(await bench.folders(), []);
    });

  benchTest(
    "when it was killed while FRR is being started, once the next one looks.",
    [FRR, BIRD],
    async (bench) => {
      const lab = bench.begin(await bench.write("lab.yaml", TRIO));
      await until(
        () => MOMENTS["FRR is being started"]!(bench),
        () => `FRR is being started: ${lab.errors}`,
        30_000,
      );
      const [record] = bench.records();
      lab.child.kill("SIGKILL");
      await lab.ended;
      assert.match((await bench.lab("status")).errors, /^parley: no lab runs here; /);
      assert.deepEqual(namespacesOf(record!.namespaces), []);
      assert.deepEqual(await bench.folders(), []);
    },
  );

  benchTest("when it was killed, once the next one looks.", [FRR, BIRD], async (bench) => {
    const lab = await bench.up(await bench.write("lab.yaml", TRIO));
    const [record] = bench.records();
    const guest = bench.lab("exec", "f", "sleep", "1000");
    const inF = () => pidsIn(`${record!.namespaces}-f`);
    await until(
      () => inF().some((pid) => nameOf(pid) === "sleep"),
      () => "the guest runs",
    );
    assert.deepEqual(inF().map(nameOf).sort(), ["ospfd", "sleep", "staticd", "zebra"]);
    const traces = inF().map((pid) => `${nameOf(pid)}.${pid}`);
    lab.child.kill("SIGKILL");
    await lab.ended;
    assert.deepEqual(namespacesOf(record!.namespaces).length, 4);
    assert.match((await bench.lab("status")).errors, /^parley: no lab runs here; /);
    assert.deepEqual(namespacesOf(record!.namespaces), []);
    assert.deepEqual(await bench.folders(), []);
    assert.equal((await guest).status, 143);
    const left = await filesIn("/var/tmp/frr");
    assert.deepEqual(
      traces.filter((trace) => left.includes(trace)),
      [],
    );
  });

  benchTest("but another of the same file runs beside it, until it is told to end.", [], async (bench) => {
    const file = await bench.write(
      "lab.yaml",
      "name: pair\ntimers: { hello-interval: 1 }\nnodes: [a, b]\nlinks: [{ ends: [a, b] }]\n",
    );
    const first = await bench.up(file);
    const second = await bench.up(file);
    const unsure = await bench.lab("down");
    assert.match(
      unsure.errors,
      /^parley: 2 labs run: pair and pair-2; say which: parley lab --lab pair …\n$/,
    );
    await bench.ask("--lab", "pair-2", "cut", "a", "b");
    assert.match(await bench.ask("--lab", "pair-2", "status"), /^a-b .* cut$/m);
    assert.match(await bench.ask("--lab", "pair", "status"), /^a-b .* connected$/m);
    await bench.ask("--lab", "pair", "exec", "a", "ping", "-c", "1", "-W", "2", "192.0.2.2");
    await bench.ask("--lab", "pair", "down");
    assert.equal(await first.ended, 0);
    assert.match(await bench.ask("status"), /^a-b .* cut$/m);
    const [record] = bench.records();
    await bench.ask("down");
    assert.equal(await second.ended, 0);
    assert.deepEqual(namespacesOf(record!.namespaces), []);
  });

  benchTest("of one that cannot be started, and it says why.", [FRR], async (bench) => {
    await bench.write("own.conf", "interface lo\n ip ospf\nrouter nonsense\n");
    const cases = [
      [
        "nodes: { a: { ospf: { max-metrik: true } } }",
        /^parley: a has a bad configuration: .*max-metrik.*\n$/,
      ],
      [
        "nodes: { a: {}, f: { kind: frr, config: nix.conf } }",
        /nodes\.f\.config: there is no file nix\.conf; /,
      ],
    ] as const;
    for (const [text, expected] of cases) {
      const lab = bench.begin(await bench.write("lab.yaml", text));
      assert.equal(await lab.ended, 1);
      assert.match(lab.errors, expected);
      assert.equal(lab.output, "");
      assert.deepEqual(await bench.folders(), []);
    }
  });
});

/** As the terminal does it: to all that run in the foreground. */
function interrupt(lab: RunningProgram): void {
  process.kill(-lab.child.pid!, "SIGINT");
}

function namespacesHere(bench: LabBench): string[] {
  return bench.records().flatMap(({ namespaces }) => namespacesOf(namespaces));
}

async function filesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

function pidsIn(namespace: string): number[] {
  return execFileSync("ip", ["netns", "pids", namespace], { encoding: "utf8" })
    .trim()
    .split("\n")
    .map(Number);
}

function nameOf(pid: number): string {
  return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
}
