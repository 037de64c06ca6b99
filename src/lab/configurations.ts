import { stringify } from "yaml";
import type { InterfacePlan, NodePlan } from "#lab/network-plan.ts";

/** The configuration of a Parley, YAML; data and socket are given to it otherwise. */
export function parleyConfiguration(node: NodePlan): string {
  const interfaces = node.interfaces.map((each) => [`interface ${each.name}`, parleyInterface(each, node)]);
  const made = {
    node: { name: node.name },
    ospf: {
      "router-id": node.routerId,
      "hello-interval": node.helloInterval,
      "dead-interval": node.deadInterval,
      "area 0": { "interface lo": {}, ...Object.fromEntries(interfaces) },
    },
  };
  return stringify(laidOver(made, node.sections));
}

/** frr.conf, for zebra, staticd and ospfd. */
export function frrConfiguration(node: NodePlan): string {
  const interfaces = node.interfaces.flatMap(({ name, type, cost, priority }) => [
    `interface ${name}`,
    " ip ospf area 0",
    ...(type === "stub" ? [" ip ospf passive"] : [` ip ospf network ${type}`]),
    ` ip ospf hello-interval ${node.helloInterval}`,
    ` ip ospf dead-interval ${node.deadInterval}`,
    ...(cost === undefined ? [] : [` ip ospf cost ${cost}`]),
    ...(priority === undefined ? [] : [` ip ospf priority ${priority}`]),
  ]);
  const poll = ` poll-interval ${node.deadInterval}`;
  const neighbors = node.interfaces.flatMap(({ type, neighbors }) =>
    type === "non-broadcast" ? neighbors.map((address) => ` neighbor ${address}${poll}`) : [],
  );
  const lines = [
    `hostname ${node.name}`,
    "interface lo",
    " ip ospf area 0",
    ...interfaces,
    "router ospf",
    ` ospf router-id ${node.routerId}`,
    ...neighbors,
  ];
  return `${lines.join("\n")}\n${withEnd(node.lines)}`;
}

/** bird.conf, for BIRD 2; its log goes to `logFile`. */
export function birdConfiguration(node: NodePlan, logFile: string): string {
  const lines = [
    `log "${logFile}" all;`,
    `router id ${node.routerId};`,
    "protocol device { scan time 1; }",
    "protocol kernel { scan time 2; merge paths on; ipv4 { export all; import none; }; }",
    "protocol ospf v2 lab {",
    "  ipv4 { import all; export none; };",
    "  area 0 {",
    '    interface "lo" { stub; };',
    ...node.interfaces.map((each) => `    interface "${each.name}" { ${birdInterface(each, node)} };`),
    "  };",
    "}",
  ];
  return `${lines.join("\n")}\n${withEnd(node.lines)}`;
}

function parleyInterface(
  { type, cost, priority, neighbors }: InterfacePlan,
  node: NodePlan,
): Readonly<Record<string, unknown>> {
  return {
    ...(type === "stub" ? { passive: true } : { type }),
    ...(cost !== undefined && { cost }),
    ...(priority !== undefined && { priority }),
    // In a lab one does not want to wait two minutes for a neighbor that was away.
    ...(neighbors.length > 0 && {
      "poll-interval": node.deadInterval,
      neighbors: neighbors.map((address) => ({ address })),
    }),
  };
}

function birdInterface({ type, cost, priority, neighbors }: InterfacePlan, node: NodePlan): string {
  const costs = cost === undefined ? [] : [`cost ${cost};`];
  if (type === "stub") return ["stub;", ...costs].join(" ");
  const words = [
    `type ${BIRD_TYPES[type]};`,
    `hello ${node.helloInterval};`,
    `dead ${node.deadInterval};`,
    ...costs,
    ...(priority === undefined ? [] : [`priority ${priority};`]),
  ];
  if (neighbors.length > 0) {
    const eligible = type === "non-broadcast" ? " eligible" : "";
    words.push(
      `poll ${node.deadInterval};`,
      `neighbors { ${neighbors.map((address) => `${address}${eligible};`).join(" ")} };`,
    );
  }
  return words.join(" ");
}

/** Maps merge key by key, anything else replaces. */
function laidOver(
  lower: Readonly<Record<string, unknown>>,
  higher: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const merged: Record<string, unknown> = { ...lower };
  for (const [key, value] of Object.entries(higher)) {
    const below = merged[key];
    merged[key] = isMap(below) && isMap(value) ? laidOver(below, value) : value;
  }
  return merged;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function withEnd(lines: string): string {
  return lines === "" || lines.endsWith("\n") ? lines : `${lines}\n`;
}

const BIRD_TYPES = {
  "point-to-point": "ptp",
  broadcast: "bcast",
  "point-to-multipoint": "ptmp",
  "non-broadcast": "nbma",
} as const;
