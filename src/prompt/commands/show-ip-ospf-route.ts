import type { BorderRouter, OspfRoute } from "#api/gen/parley/v1/ospf_pb.ts";
import type { NextHop } from "#api/gen/parley/v1/routes_pb.ts";
import type { CallOptions } from "@connectrpc/connect";
import type { Answer, Block } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

const OSPF = ["Show running system information", "IP information", "OSPF information"] as const;

export const showIpOspfRoute = command<ParleyContext>()("show ip ospf route", {
  help: [...OSPF, "OSPF routing table"],
  async run(context, _args, call): Promise<Answer> {
    const [routes, routers] = [await allRoutes(context, call), await borderRouters(context, call)];
    const isExternal = ({ pathType }: OspfRoute): boolean => pathType.startsWith("external");
    const networks = routes.filter((route) => !isExternal(route));
    const externals = routes.filter(isExternal);
    return {
      value: {
        ...Object.fromEntries(networks.map((route) => [route.prefix, networkJson(route)])),
        ...Object.fromEntries(routers.map((router) => [router.routerId, routerJson(router)])),
        ...Object.fromEntries(externals.map((route) => [route.prefix, externalJson(route)])),
      },
      blocks: [
        ...tableBlocks(
          "============ OSPF network routing table ============",
          networks.flatMap(networkLines),
        ),
        ...tableBlocks(ROUTERS, routers.flatMap(routerLines)),
        ...tableBlocks(
          "============ OSPF external routing table ===========",
          externals.flatMap(externalLines),
        ),
      ],
    };
  },
});

export const showIpOspfBorderRouters = command<ParleyContext>()("show ip ospf border-routers", {
  help: [...OSPF, "Area border routers and AS boundary routers"],
  async run(context, _args, call): Promise<Answer> {
    const routers = await borderRouters(context, call);
    const value = Object.fromEntries(routers.map((router) => [router.routerId, routerJson(router)]));
    return { value, blocks: tableBlocks(ROUTERS, routers.flatMap(routerLines)) };
  },
});

async function allRoutes({ client }: ParleyContext, call: CallOptions): Promise<OspfRoute[]> {
  const routes: OspfRoute[] = [];
  for await (const portion of (await client()).ospf.listRoutes({}, call))
    for (const route of portion.routes) routes.push(route);
  return routes;
}

async function borderRouters({ client }: ParleyContext, call: CallOptions): Promise<BorderRouter[]> {
  return (await (await client()).ospf.listBorderRouters({}, call)).routers;
}

function tableBlocks(title: string, lines: readonly string[]): Block[] {
  return [
    { type: "lines", lines: [title], isHeading: true },
    { type: "lines", lines },
    { type: "lines", lines: [""], isHeading: true },
  ];
}

function networkLines({ prefix, pathType, cost, area, nextHops }: OspfRoute): string[] {
  const letters = pathType === "inter-area" ? "N IA" : "N   ";
  return [`${letters} ${prefix.padEnd(18)}    [${cost}] area: ${area}`, ...nextHops.map(hopLine)];
}

function externalLines({ prefix, pathType, cost, type2Cost, tag, nextHops }: OspfRoute): string[] {
  const isType2 = pathType === "external-2";
  const costs = isType2 ? `[${cost}/${type2Cost}]` : `[${cost}]`;
  const letters = isType2 ? "N E2" : "N E1";
  return [`${letters} ${prefix.padEnd(18)}    ${costs} tag: ${tag}`, ...nextHops.map(hopLine)];
}

function routerLines(router: BorderRouter): string[] {
  const { routerId, pathType, cost, area, nextHops } = router;
  const letters = pathType === "inter-area" ? "R IA" : "R   ";
  const kinds = [router.areaBorderRouter && "ABR", router.asBoundaryRouter && "ASBR"].filter(Boolean);
  const line = `${letters} ${routerId.padEnd(15)}       [${cost}] area: ${area}, ${kinds.join(", ")}`;
  return [line, ...nextHops.map(hopLine)];
}

function hopLine({ interface: name, gateway }: NextHop): string {
  return `${" ".repeat(27)}${gateway === "" ? `directly attached to ${name}` : `via ${gateway}, ${name}`}`;
}

/** In the keys of FRR's `show ip ospf route json`. */
function networkJson({ pathType, cost, area, nextHops }: OspfRoute): unknown {
  const routeType = pathType === "inter-area" ? "N IA" : "N";
  return { routeType, cost, area, nexthops: nextHops.map(hopJson) };
}

function externalJson({ pathType, cost, type2Cost, tag, nextHops }: OspfRoute): unknown {
  const isType2 = pathType === "external-2";
  const shared = { tag, nexthops: nextHops.map(hopJson) };
  return isType2
    ? { routeType: "N E2", cost, type2cost: type2Cost, ...shared }
    : { routeType: "N E1", cost, ...shared };
}

function routerJson(router: BorderRouter): unknown {
  const { pathType, cost, area, nextHops, areaBorderRouter, asBoundaryRouter } = router;
  const kinds = [areaBorderRouter && "abr", asBoundaryRouter && "asbr"].filter(Boolean);
  return {
    routeType: pathType === "inter-area" ? "R IA" : "R ",
    cost,
    area,
    routerType: kinds.join(" "),
    nexthops: nextHops.map(hopJson),
  };
}

function hopJson({ interface: name, gateway }: NextHop): unknown {
  return gateway === "" ? { ip: " ", directlyAttachedTo: name } : { ip: gateway, via: name };
}

const ROUTERS = "============ OSPF router routing table =============";
