import { setTimeout as pause } from "node:timers/promises";
import type { OspfLab } from "../../test/interop/ospf/ospf-lab.ts";
import { addRouter, idOf, inLab, timesFull, type Kind, type Leg } from "./routers.ts";
import { Rows } from "./rows.ts";
import { nextFull, RouteWatch } from "./watch.ts";

/**
 * Two routers that have been running for long come to hear each other. On point-to-point the wire was silent before, so
 * that nobody sees an interface come up: BIRD would not tell its links twice in 5 s. On broadcast the interfaces come up,
 * and the routers wait a dead interval (4 s) for a designated router.
 */
export async function join(rounds: number): Promise<void> {
  for (const type of ["point-to-point", "broadcast"] as const) {
    console.log(
      `two routers, ${type}, hello 1 s, dead 4 s: s until both are Full; from then until a kernel has its route`,
    );
    const rows = new Rows();
    for (let round = 0; round < rounds; round++)
      for (const pair of PAIRS) rows.add(pair.join(" - "), await inLab((lab) => joined(lab, pair, type)));
    rows.print();
  }
}

async function joined(lab: OspfLab, kinds: Pair, type: Leg["type"]): Promise<Record<string, number>> {
  const nodes = ["r1", "r2"] as const;
  for (const [i, kind] of kinds.entries()) await addRouter(lab, kind, i + 1, [{ name: "e0", type }]);
  await lab.network.addWire("w", [
    { node: "r1", interface: "e0", address: "10.0.0.1/24" },
    { node: "r2", interface: "e0", address: "10.0.0.2/24" },
  ]);
  await lab.network.cut("w", type === "broadcast" ? "carrier" : "silent");
  await lab.start();
  await pause(10_000);
  const watches = await Promise.all(nodes.map((node) => RouteWatch.start(lab, node)));
  const before = nodes.map((node, i) => timesFull(lab, kinds[i]!, node));
  const begin = Date.now();
  await lab.network.heal("w");
  const full = nodes.map((node, i) => nextFull(lab, kinds[i]!, node, before[i]!));
  const routes = [watches[0]!.first(idOf(2)), watches[1]!.first(idOf(1))];
  const fullAt = Math.max(...(await Promise.all(full)));
  const [first, second] = await Promise.all(routes);
  for (const watch of watches) watch.stop();
  return {
    Full: (fullAt - begin) / 1_000,
    [`route of ${kinds[0]}`]: (first! - fullAt) / 1_000,
    [`route of ${kinds[0] === kinds[1] ? "the other" : kinds[1]}`]: (second! - fullAt) / 1_000,
  };
}

type Pair = readonly [Kind, Kind];
const PAIRS: readonly Pair[] = [
  ["parley", "parley"],
  ["frr", "frr"],
  ["bird", "bird"],
  ["parley", "frr"],
  ["parley", "bird"],
  ["frr", "bird"],
];
