import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OspfLab } from "../../test/interop/ospf/ospf-lab.ts";

export type Kind = "parley" | "frr" | "bird";
export const KINDS: readonly Kind[] = ["parley", "frr", "bird"];

export interface Leg {
  readonly name: string;
  readonly type: "point-to-point" | "broadcast";
}

/** Of the router r1, r2, …; it is also the address on its lo. */
export function idOf(at: number): string {
  return `192.0.2.${at}`;
}

/** A router r1, r2, … with hello 1 s and dead 4 s; `statics`: routes in BIRD's words that it tells as externals. */
export async function addRouter(
  lab: OspfLab,
  kind: Kind,
  at: number,
  legs: readonly Leg[],
  statics = "",
): Promise<void> {
  const [name, id] = [`r${at}`, idOf(at)];
  if (kind === "parley") {
    const interfaces = legs.map((leg) => `  interface ${leg.name}: { type: ${leg.type} }\n`).join("");
    const times = "hello-interval: 1\ndead-interval: 4";
    await lab.parley(name, id, `${times}\narea 0:\n${interfaces}  interface lo: {}`);
  } else if (kind === "frr") {
    const times = " ip ospf hello-interval 1\n ip ospf dead-interval 4\n";
    const interfaces = legs.map((leg) => `interface ${leg.name}\n ip ospf network ${leg.type}\n${times}`);
    const networks = ` network 10.0.0.0/8 area 0\n network ${id}/32 area 0\n`;
    const text = `${interfaces.join("")}router ospf\n ospf router-id ${id}\n log-adjacency-changes\n${networks}`;
    await lab.frr(name, id, text);
  } else {
    const interfaces = legs.map(
      (leg) =>
        `interface "${leg.name}" { type ${leg.type === "broadcast" ? "bcast" : "ptp"}; hello 1; dead 4; };`,
    );
    // One that tells many routes would say so of each.
    const log = statics === "" ? `debug { events };` : "";
    await lab.bird(
      name,
      id,
      `log "${join(lab.folder, name, "bird.log")}" all;
protocol static s1 { ipv4; ${statics} }
protocol ospf v2 o1 { ${log} ipv4 { import all; export where source = RTS_STATIC; };
  area 0 { ${interfaces.join("\n")} interface "lo" { stub; }; }; }
`,
    );
  }
}

/** How often a router has said that a neighbor is Full. */
export function timesFull(lab: OspfLab, kind: Kind, node: string): number {
  const file = (name: string) => readFileSync(join(lab.folder, node, name), "utf8");
  const [text, words] =
    kind === "parley"
      ? [lab.log, new RegExp(`^${node}: ospf: neighbor .*-> Full`, "gm")]
      : kind === "frr"
        ? [file("ospfd.log"), /-> Full /g]
        : [file("bird.log"), /to Full$/gm];
  return [...text.matchAll(words)].length;
}

/** Runs something in a lab of its own. */
export async function inLab<Result>(run: (lab: OspfLab) => Promise<Result>): Promise<Result> {
  const lab = await OspfLab.make();
  try {
    return await run(lab);
  } finally {
    await lab.close();
  }
}
