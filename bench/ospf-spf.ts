import type { Ipv4 } from "#base/ipv4.ts";
import type { Lsa, RouterLink } from "#ospf/lsa.ts";
import { RouteCalculator } from "#ospf/route-calculator.ts";
import { externalLsa, routerLsa, toRouter, toStub } from "#ospf/testing/lsas.ts";
import { median } from "./median.ts";

/**
 * Routes of an area that is a grid of routers, seen from a corner, as it was injected into FRR and BIRD: links of cost 10
 * between neighbors in the grid, a stub network at each router. All new: nothing is known before, LSAs are read and all
 * routes are made. One LSA changed: what FRR and BIRD were measured with. The figures of FRR and BIRD are from notes of
 * another day, they are not measured here.
 */
export async function run(): Promise<void> {
  print(
    "one calculation, ms (LSAs read, shortest paths, routes and their changes), of 15: median elapsed (mean CPU)",
  );
  print("routers          all new   one LSA changed   nothing changed   FRR 8.4.4 *   BIRD 2.0.12 *");
  for (const { side, frr, bird } of GRIDS) {
    const fresh = Array.from({ length: ROUNDS }, () => {
      const grid = new Grid(side);
      return timed(() => {
        grid.tell();
        grid.run();
      });
    });
    const grid = new Grid(side);
    grid.tell();
    grid.run();
    const changed = Array.from({ length: ROUNDS }, (_, i) => {
      grid.touch(side * side - 1 - i * 7, 15);
      return timed(() => grid.run());
    });
    const nothing = Array.from({ length: ROUNDS }, () => timed(() => grid.run()));
    const ours = `${shown(fresh).padStart(17)}${shown(changed).padStart(18)}${shown(nothing).padStart(18)}`;
    print(`${String(side * side).padStart(7)}${ours}${frr.padStart(14)}${bird.padStart(16)}`);
  }
  print("  * from the notes: FRR's own \"Last SPF duration\"; BIRD's CPU time for receiving, SPF and routes");
  externals();
  await Promise.resolve();
}

/** The thread's CPU time is counted coarsely: its mean says more than its median. */
function shown(times: readonly Time[], digits = 2): string {
  const cpu = times.reduce((sum, each) => sum + each.cpu, 0) / times.length;
  return `${median(times.map(({ elapsed }) => elapsed)).toFixed(digits)} (${cpu.toFixed(digits)})`;
}

/** 50,000 external LSAs join a grid, then one of them changes. */
function externals(): void {
  const lsas = Array.from({ length: EXTERNALS }, (_, i) => external(i, 20));
  const grids = Array.from({ length: 5 }, () => new Grid(32));
  const joined = grids.map((grid) => {
    grid.tell();
    grid.run();
    return timed(() => {
      for (const lsa of lsas) grid.calculator.lsaChanged(undefined, undefined, lsa);
      grid.run();
    });
  });
  const grid = grids[0]!;
  const changed = Array.from({ length: ROUNDS }, (_, i) => {
    grid.calculator.lsaChanged(undefined, lsas[i], external(i, 30));
    return timed(() => grid.run());
  });
  print(`${EXTERNALS} external LSAs join: ${shown(joined)} ms; one of them changes: ${shown(changed, 3)} ms`);
}

function external(i: number, metric: number): Lsa {
  return externalLsa(0xc600_0000 + 256 * i, 24, ROUTERS + 33, metric, { isType2: true });
}

class Grid {
  readonly calculator = new RouteCalculator({ routerId: ROUTERS });
  readonly #side: number;
  readonly #lsas: Lsa[];

  constructor(side: number) {
    this.#side = side;
    this.#lsas = Array.from({ length: side * side }, (_, i) => this.#lsa(i, 10));
    const neighbors = [1, side].map((i) => [ROUTERS + i, linkAddress(i)] as const);
    const attachments = neighbors.map(([id, address], i) => ({
      interface: `e${i}`,
      address: linkAddress(0),
      mask: 0xffff_fffc,
      neighbors: new Map([[id, address]]),
    }));
    this.calculator.attach(0, attachments);
  }

  tell(): void {
    for (const lsa of this.#lsas) this.calculator.lsaChanged(0, undefined, lsa);
  }

  run(): void {
    this.calculator.run(0);
  }

  /** A router says that its links cost something else. */
  touch(i: number, metric: number): void {
    const before = this.#lsas[i];
    this.#lsas[i] = this.#lsa(i, metric);
    this.calculator.lsaChanged(0, before, this.#lsas[i]);
  }

  #lsa(i: number, metric: number): Lsa {
    const side = this.#side;
    const [row, column] = [Math.floor(i / side), i % side];
    const links: RouterLink[] = [];
    const link = (to: number): void => void links.push(toRouter(ROUTERS + to, linkAddress(i), metric));
    if (column > 0) link(i - 1);
    if (column < side - 1) link(i + 1);
    if (row > 0) link(i - side);
    if (row < side - 1) link(i + side);
    links.push(toStub(ROUTERS + i, 32, 1));
    return routerLsa(ROUTERS + i, links, { isAsBoundary: i === 33 });
  }
}

function linkAddress(i: number): Ipv4 {
  return 0x0b00_0000 + 4 * i + 1;
}

/** Milliseconds; on a busy machine those of this thread's CPU say more. */
interface Time {
  readonly elapsed: number;
  readonly cpu: number;
}

function timed(what: () => void): Time {
  const begin = performance.now();
  const before = process.threadCpuUsage();
  what();
  const { user, system } = process.threadCpuUsage(before);
  return { elapsed: performance.now() - begin, cpu: (user + system) / 1_000 };
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** 100.0.0.1, the corner. */
const ROUTERS = 0x6400_0001;
const ROUNDS = 15;
const EXTERNALS = 50_000;
const GRIDS = [
  { side: 32, frr: "2-3", bird: "0.4-1" },
  { side: 71, frr: "21-24", bird: "1.4-3.8" },
  { side: 100, frr: "50-75", bird: "4-5" },
];
