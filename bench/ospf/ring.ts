import { setTimeout as pause } from "node:timers/promises";
import type { Cut } from "#lab/network.ts";
import type { OspfLab } from "../../test/interop/ospf/ospf-lab.ts";
import { addRouter, idOf, inLab, KINDS, type Kind } from "./routers.ts";
import { Rows } from "./rows.ts";
import { RouteWatch, untilRoute } from "./watch.ts";

/** 1 - 2 - 3 - 4 - 1: a wire fails, and the way from 1 to 2 turns round. */
export async function ring(rounds: number): Promise<void> {
  console.log("ring of four, hello 1 s, dead 4 s: ms until 1's route to 2 is another one");
  const rows = new Rows();
  for (let round = 0; round < rounds; round++)
    for (const how of ["carrier", "silent"] as const)
      for (const kind of KINDS) {
        const what = how === "carrier" ? "since the kernel's event" : "since the wire is silent";
        rows.add(`${kind}, ${how}`, { [what]: await inLab((lab) => turned(lab, kind, how)) });
      }
  rows.print();
}

async function turned(lab: OspfLab, kind: Kind, how: Cut): Promise<number> {
  const type = "point-to-point";
  for (const at of [1, 2, 3, 4])
    await addRouter(lab, kind, at, [
      { name: "left", type },
      { name: "right", type },
    ]);
  for (const at of [1, 2, 3, 4]) {
    const next = (at % 4) + 1;
    await lab.network.addWire(`w${at}`, [
      { node: `r${at}`, interface: "right", address: `10.0.${at}.1/24` },
      { node: `r${next}`, interface: "left", address: `10.0.${at}.2/24` },
    ]);
  }
  await lab.start();
  await untilRoute(lab, "r1", `${idOf(2)} via 10.0.1.2`);
  await untilRoute(lab, "r2", `${idOf(1)} via 10.0.1.1`);
  // Longer than any of them waits before it tells of another change.
  await pause(8_000);
  const watch = await RouteWatch.start(lab, "r1");
  const begin = Date.now();
  await lab.network.cut("w1", how);
  const end = await watch.first(idOf(2), "10.0.4.1");
  watch.stop();
  return end - (how === "carrier" ? (watch.carrierLost ?? begin) : begin);
}
