import { seededRandom } from "#base/random.ts";
import { setTimeout as pause } from "node:timers/promises";
import { labTest, type OspfLab } from "./ospf-lab.ts";

/** The five minutes where somebody asks for them: PARLEY_MIXED_SECONDS=300. */
const SECONDS = Number(process.env.PARLEY_MIXED_SECONDS ?? 40);
const KINDS = ["parley", "frr", "bird", "parley", "frr", "bird"] as const;

interface Wire {
  readonly name: string;
  readonly ends: readonly number[];
  readonly type: "point-to-point" | "broadcast";
  readonly cost: number;
}

/** A ring of six with a shared network across it: every router has two ways to every other. */
const WIRES: readonly Wire[] = [
  ...KINDS.map((_, at): Wire => ({
    name: `w${at}`,
    ends: [at, (at + 1) % 6],
    type: "point-to-point",
    cost: 10,
  })),
  { name: "w6", ends: [0, 2, 4], type: "broadcast", cost: 7 },
];

/** How each kind is asked for its database. */
const DATABASES = {
  parley: "show ip ospf database router",
  frr: "show ip ospf route",
  bird: "show ospf state all",
} as const;

function idOf(at: number): string {
  return `192.0.2.${at + 1}`;
}

function addressOf(wire: Wire, at: number): string {
  return `10.0.${wire.name.slice(1)}.${wire.ends.indexOf(at) + 1}`;
}

function wiresOf(at: number): readonly Wire[] {
  return WIRES.filter(({ ends }) => ends.includes(at));
}

async function addRouter(lab: OspfLab, at: number): Promise<void> {
  const [name, id] = [`r${at}`, idOf(at)];
  const wires = wiresOf(at);
  switch (KINDS[at]!) {
    case "parley": {
      const lines = wires.map(
        ({ name: wire, type, cost }) => `  interface ${wire}: { type: ${type}, cost: ${cost} }`,
      );
      const section = ["hello-interval: 1", "dead-interval: 4", "area 0:", "  interface lo: {}", ...lines];
      return void (await lab.parley(name, id, section.join("\n")));
    }
    case "frr": {
      const interfaces = wires.map(({ name: wire, type, cost }) =>
        [
          `interface ${wire}`,
          ` ip ospf network ${type}`,
          ` ip ospf cost ${cost}`,
          " ip ospf hello-interval 1",
          " ip ospf dead-interval 4",
        ].join("\n"),
      );
      const router = [
        "router ospf",
        ` ospf router-id ${id}`,
        " network 10.0.0.0/8 area 0",
        ` network ${id}/32 area 0`,
      ];
      return void (await lab.frr(name, id, [...interfaces, ...router, ""].join("\n")));
    }
    case "bird": {
      const interfaces = wires.map(
        ({ name: wire, type, cost }) =>
          `interface "${wire}" { type ${type === "broadcast" ? "bcast" : "ptp"}; cost ${cost}; hello 1; dead 4; };`,
      );
      const area = `area 0 { ${interfaces.join(" ")} interface "lo" { stub; }; };`;
      return void (await lab.bird(
        name,
        id,
        `protocol ospf v2 o1 { ecmp on; ipv4 { import all; export none; }; ${area} }\n`,
      ));
    }
  }
}

/** Where a router's packets to another's loopback have to go first: by all shortest ways over the wires that are whole. */
function firstHops(from: number, to: number, cut: ReadonlySet<string>): string[] {
  const whole = WIRES.filter(({ name }) => !cut.has(name));
  const distances = KINDS.map((_, at) => (at === to ? 0 : Infinity));
  for (let round = 0; round < KINDS.length; round++)
    for (const { ends, cost } of whole)
      for (const a of ends)
        for (const b of ends) distances[a] = Math.min(distances[a]!, distances[b]! + cost);
  if (distances[from] === Infinity) return [];
  const hops = whole
    .filter(({ ends }) => ends.includes(from))
    .flatMap((wire) =>
      wire.ends
        .filter((next) => next !== from && distances[next]! + wire.cost === distances[from])
        .map((next) => addressOf(wire, next)),
    );
  return hops.sort();
}

/**
 * All the shortest ways and no other. FRR's zebra loses some of several ways when an interface comes back, although its ospfd
 * has them all ("show ip ospf route"): there it has to be at least one of them.
 */
function isRight(kind: (typeof KINDS)[number], hops: readonly string[], found: string): boolean {
  const gateways = found.split(" ").slice(2);
  const isShortest = gateways.every((gateway) => hops.includes(gateway));
  if (kind === "frr") return isShortest && gateways.length > 0 === hops.length > 0;
  return isShortest && gateways.length === hops.length;
}

/** All kernels send to all loopbacks by shortest ways, and to none that cannot be reached. */
async function expectShortest(lab: OspfLab, cut: ReadonlySet<string>, limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  for (;;) {
    const wrong: string[] = [];
    const wrongRouters = new Set<number>();
    for (const from of KINDS.keys()) {
      const routes = await lab.routes(`r${from}`);
      for (const to of KINDS.keys()) {
        if (to === from) continue;
        const hops = firstHops(from, to, cut);
        const found = routes.find((route) => route.startsWith(`${idOf(to)} `)) ?? "";
        if (isRight(KINDS[from]!, hops, found)) continue;
        wrongRouters.add(from);
        wrong.push(`r${from} (${KINDS[from]!}): "${found}", not by ${hops.join(", ") || "any way"}`);
      }
    }
    if (wrong.length === 0) return;
    if (performance.now() > end) {
      for (const at of wrongRouters)
        wrong.push(await lab.routers.get(`r${at}`)!.ask(DATABASES[KINDS[at]!]).catch(String));
      throw new Error(`cut: ${[...cut].join(" ") || "none"}; ${limitMs} ms later\n${wrong.join("\n")}`);
    }
    await pause(250);
  }
}

labTest(
  `Parley, FRR and BIRD agree through ${SECONDS} s of random cuts`,
  ["frr", "bird"],
  async (lab) => {
    for (const at of KINDS.keys()) await addRouter(lab, at);
    for (const wire of WIRES)
      await lab.network.addWire(
        wire.name,
        wire.ends.map((at) => ({
          node: `r${at}`,
          interface: wire.name,
          address: `${addressOf(wire, at)}/24`,
        })),
      );
    await lab.start();
    const cut = new Set<string>();
    await expectShortest(lab, cut, 60_000);
    const random = seededRandom(process.env.PARLEY_MIXED_SEED ?? "mixed");
    for (const end = performance.now() + SECONDS * 1_000; performance.now() < end;) {
      const { name } = WIRES[random.below(WIRES.length)]!;
      if (cut.delete(name)) await lab.network.heal(name);
      else if (cut.size < 2) {
        cut.add(name);
        await lab.network.cut(name, random.below(2) === 0 ? "carrier" : "silent");
      }
      // Now and then there is no time to agree before the next cut.
      if (random.below(3) > 0) await expectShortest(lab, cut, 40_000);
      else await pause(random.below(2_000));
    }
    for (const name of cut) await lab.network.heal(name);
    await expectShortest(lab, new Set(), 60_000);
  },
  { timeoutMs: 300_000 + 2_000 * SECONDS },
);
