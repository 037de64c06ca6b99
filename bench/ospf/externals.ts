import { setTimeout as pause } from "node:timers/promises";
import type { OspfLab } from "../../test/interop/ospf/ospf-lab.ts";
import { addRouter, inLab, KINDS, timesFull, type Kind } from "./routers.ts";
import { Rows } from "./rows.ts";
import { nextFull, Programs } from "./watch.ts";

/**
 * BIRD tells many externals; a router that has been running for long comes to hear it. The wire was silent before, not
 * down: an interface that comes up would have BIRD tell its links, and not again of the neighbor within 5 s.
 */
export async function externals(counts: readonly number[], rounds: number): Promise<void> {
  for (const count of counts) {
    console.log(
      `${count} external LSAs of BIRD, joined by (s since the wire heals; CPU s; MB resident 5 s later)`,
    );
    const rows = new Rows();
    for (let round = 0; round < rounds; round++)
      for (const kind of KINDS) rows.add(kind, await inLab((lab) => joined(lab, kind, count)));
    rows.print();
  }
}

async function joined(lab: OspfLab, kind: Kind, count: number): Promise<Record<string, number>> {
  const routes = Array.from(
    { length: count },
    (_, i) => `route 100.${64 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}/32 blackhole;`,
  );
  const leg = { name: "e0", type: "point-to-point" } as const;
  await addRouter(lab, "bird", 1, [leg], routes.join("\n"));
  await addRouter(lab, kind, 2, [leg]);
  await lab.network.addWire("w", [
    { node: "r1", interface: "e0", address: "10.0.0.1/24" },
    { node: "r2", interface: "e0", address: "10.0.0.2/24" },
  ]);
  await lab.network.cut("w", "silent");
  await lab.start();
  await pause(10_000 + count / 5);
  const programs = new Programs(lab, "r2");
  const [idle, used, had] = [programs.memory, programs.seconds, programs.routes];
  const times = timesFull(lab, kind, "r2");
  const begin = Date.now();
  await lab.network.heal("w");
  const full = nextFull(lab, kind, "r2", times);
  for (const end = begin + 90_000; programs.routes < had + count; await pause(10))
    if (Date.now() > end) throw new Error(`${kind} has not ${count} routes within 90 s`);
  const kernelAt = Date.now();
  const fullAt = await full;
  await pause(5_000);
  return {
    Full: (fullAt - begin) / 1_000,
    kernel: (kernelAt - begin) / 1_000,
    CPU: programs.seconds - used,
    memory: programs.memory,
    "memory before": idle,
  };
}
