import type { Ipv4 } from "#base/ipv4.ts";
import type { Random } from "#base/random.ts";
import type { AttachedLink } from "#ospf/attached-links.ts";
import type { Lsa, RouterLink } from "#ospf/lsa.ts";
import { networkLsa, routerLsa, toNetwork, toRouter, toStub } from "#ospf/testing/lsas.ts";

/** A link between two routers; either end may say nothing of it. */
export interface Cable {
  readonly ends: readonly [CableEnd, CableEnd];
  /** Of a /30. */
  readonly network: Ipv4;
}

export interface CableEnd {
  readonly router: Ipv4;
  readonly address: Ipv4;
  readonly cost: number;
  readonly isTold: boolean;
}

/** A broadcast network; router and network may each say nothing of the other. */
export interface Lan {
  readonly id: Ipv4;
  /** Of a /24. */
  readonly network: Ipv4;
  readonly members: readonly LanMember[];
}

export interface LanMember {
  readonly router: Ipv4;
  readonly address: Ipv4;
  readonly cost: number;
  readonly isToldByRouter: boolean;
  readonly isToldByNetwork: boolean;
}

export interface Stub {
  readonly router: Ipv4;
  readonly network: Ipv4;
  readonly length: number;
  readonly cost: number;
}

/** An area as a plan, from which its LSAs are made. The first router is the one that calculates. */
export interface AreaPlan {
  readonly routers: readonly Ipv4[];
  readonly cables: readonly Cable[];
  readonly lans: readonly Lan[];
  readonly stubs: readonly Stub[];
  readonly asBoundary: ReadonlySet<Ipv4>;
  readonly border: ReadonlySet<Ipv4>;
}

/** Costs are small, so that many paths are equal, and now and then the largest. */
export function randomArea(random: Random, mostRouters: number): AreaPlan {
  const chance = (share: number): boolean => random.float() < share;
  const cost = (): number => (chance(0.05) ? 0xffff : 1 + random.below(3));
  const routers = randomIds(random, 2 + random.below(mostRouters - 1));
  const pick = (): Ipv4 => routers[random.below(routers.length)]!;
  const cables = Array.from({ length: random.below(2 * routers.length) }, (_, i): Cable => {
    const network = 0x0a00_0000 + 4 * i;
    const a = pick();
    const b = pick();
    const end = (router: Ipv4, host: number): CableEnd => {
      return { router, address: network + host, cost: cost(), isTold: chance(0.9) };
    };
    return { network, ends: [end(a, 1), end(b, 2)] };
  }).filter(({ ends: [a, b] }) => a.router !== b.router);
  const lans = Array.from({ length: random.below(4) }, (_, i): Lan => {
    const network = 0xc0a8_0000 + 256 * i;
    const members = routers
      .filter(() => chance(0.4))
      .map((router, k): LanMember => {
        const told = { isToldByRouter: chance(0.9), isToldByNetwork: chance(0.9) };
        return { router, address: network + 1 + k, cost: cost(), ...told };
      });
    return { network, id: network + 1, members };
  }).filter(({ members }) => members.length > 0);
  const stubs = Array.from({ length: random.below(2 * routers.length) }, (): Stub => {
    return {
      router: pick(),
      network: 0xac10_0000 + 256 * random.below(5),
      length: 24,
      cost: random.below(3),
    };
  });
  const some = (share: number): Set<Ipv4> => new Set(routers.filter(() => chance(share)));
  return { routers, cables, lans, stubs, asBoundary: some(0.4), border: some(0.3) };
}

/** Of both halves of the numbers, so that signs show. */
function randomIds(random: Random, count: number): Ipv4[] {
  const ids = new Set<Ipv4>();
  while (ids.size < count) ids.add((random.below(2) * 0x8000_0000 + 1 + random.below(0xffff)) >>> 0);
  return [...ids];
}

/** Router-LSAs, then network-LSAs. */
export function lsasOf(plan: AreaPlan, sequence = 1): Lsa[] {
  const routers = plan.routers.map((router) => {
    const isBorder = plan.border.has(router);
    const isAsBoundary = plan.asBoundary.has(router);
    return routerLsa(router, linksOf(plan, router), { sequence, isBorder, isAsBoundary });
  });
  const networks = plan.lans.map(({ id, members }) => {
    const attached = members.filter((each) => each.isToldByNetwork).map(({ router }) => router);
    return networkLsa(id, members[0]!.router, 24, attached, { sequence });
  });
  return [...routers, ...networks];
}

function linksOf({ cables, lans, stubs }: AreaPlan, router: Ipv4): RouterLink[] {
  const links: RouterLink[] = [];
  for (const { ends, network } of cables) {
    for (const [i, end] of ends.entries()) {
      if (end.router !== router || !end.isTold) continue;
      links.push(toRouter(ends[1 - i]!.router, end.address, end.cost), toStub(network, 30, end.cost));
    }
  }
  for (const { id, members } of lans)
    for (const each of members)
      if (each.router === router && each.isToldByRouter) links.push(toNetwork(id, each.address, each.cost));
  for (const stub of stubs)
    if (stub.router === router) links.push(toStub(stub.network, stub.length, stub.cost));
  return links;
}

/** The interfaces of the first router: one for each cable and network, named by its address. */
export function attachmentsOf({ routers: [root], cables, lans }: AreaPlan): AttachedLink[] {
  const onCables = cables.flatMap(({ ends }) =>
    ends.flatMap(({ router, address }, i) => {
      if (router !== root) return [];
      const neighbor = ends[1 - i]!;
      const neighbors = new Map([[neighbor.router, neighbor.address]]);
      return [{ interface: interfaceName(address), address, mask: 0xffff_fffc, neighbors }];
    }),
  );
  const onLans = lans.flatMap(({ members }) =>
    members
      .filter(({ router }) => router === root)
      .map(({ address }) => {
        return {
          interface: interfaceName(address),
          address,
          mask: 0xffff_ff00,
          neighbors: new Map<Ipv4, Ipv4>(),
        };
      }),
  );
  return [...onCables, ...onLans];
}

export function interfaceName(address: Ipv4): string {
  return `if${address.toString(16)}`;
}
