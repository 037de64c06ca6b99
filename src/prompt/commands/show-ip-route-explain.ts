import { RouteSource, type Route } from "#api/gen/parley/v1/routes_pb.ts";
import type {
  ExplainRouteResponse,
  LsaReference,
  OspfRoute,
  RouteCandidate,
} from "#api/gen/parley/v1/ospf_pb.ts";
import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

export const showIpRouteExplain = command<ParleyContext>()("show ip route <destination:prefix> explain", {
  help: [
    "Show running system information",
    "IP information",
    "Routing table",
    "The longest prefix with this address, or this prefix",
    "Which LSAs and costs led to OSPF's route, and why others lost",
  ],
  async run({ client }, { destination }, call) {
    const address = destination.split("/")[0]!;
    const { ospf, routes: table } = await client();
    const explanation = await ospf.explainRoute({ address }, call);
    const which = { case: "address", value: address } as const;
    const { routes } = await table.listRoutes({ which, after: "" }, call);
    const value = { address, ...explanationJson(explanation), ...tableJson(routes) };
    return linesAnswer(value, [...explanation.lines, ...tableLines(routes, explanation.route)]);
  },
});

/** What the routing table makes of it: another source may have a longer prefix, or come first. */
function tableLines(routes: readonly Route[], ospf: OspfRoute | undefined): string[] {
  const best = routes.find(({ selected }) => selected);
  if (!best) return ["In the routing table no route leads there."];
  const { prefix, source, distance, installed, queued, refusal } = best;
  const name = SOURCES.get(source) ?? String(source);
  const state = installed
    ? "packets go by it"
    : queued
      ? "the kernel has not been asked yet"
      : `the kernel has not taken it${refusal === "" ? "" : ` (${refusal})`}`;
  const line = `In use: the ${name} route ${prefix}, ${state}.`;
  if (source === RouteSource.OSPF || !ospf) return [line];
  const other = routes.find((route) => route.source === RouteSource.OSPF);
  const why =
    prefix === ospf.prefix
      ? `its distance ${distance} is less than OSPF's ${other?.distance ?? ""}`.trimEnd()
      : `its prefix is longer than OSPF's ${ospf.prefix}`;
  return [line, `  ${why}`];
}

function tableJson(routes: readonly Route[]): object {
  const best = routes.find(({ selected }) => selected);
  if (!best) return {};
  const { prefix, source, distance, metric, installed } = best;
  return { inUse: { prefix, protocol: SOURCES.get(source), distance, metric, installed } };
}

function explanationJson({ route, candidates, unusable, lessSpecific }: ExplainRouteResponse): object {
  return {
    ...(route && { route: routeJson(route) }),
    candidates: candidates.map(candidateJson),
    unusable: unusable.map(({ prefix, candidates: all }) => {
      return { prefix, candidates: all.map(candidateJson) };
    }),
    lessSpecific: lessSpecific.map(({ prefix, pathType }) => ({ prefix, pathType })),
  };
}

function routeJson(route: OspfRoute): object {
  const { prefix, pathType, area, cost, type2Cost, tag, connected, nextHops } = route;
  return {
    prefix,
    pathType,
    ...(area !== "" && { area }),
    cost,
    ...(pathType === "external-2" && { type2Cost }),
    ...(pathType.startsWith("external") && { tag }),
    connected,
    nextHops: nextHops.map(({ interface: name, gateway }) => ({
      interface: name,
      ...(gateway !== "" && { gateway }),
    })),
  };
}

function candidateJson(candidate: RouteCandidate): object {
  const { lsa, pathType, area, cost, type2Cost, metric, forwardingAddress, verdict, why, paths } = candidate;
  return {
    lsa: lsaJson(lsa),
    pathType,
    ...(area !== "" && { area }),
    ...(cost !== undefined && { cost }),
    ...(type2Cost !== undefined && { type2Cost }),
    metric,
    ...(forwardingAddress !== "" && { forwardingAddress }),
    verdict,
    ...(why !== "" && { why }),
    paths: paths.map(({ steps }) =>
      steps.map(({ from, to, cost: own, total, lsa: of }) => {
        return { from, to, cost: own, total, lsa: lsaJson(of) };
      }),
    ),
  };
}

function lsaJson(lsa: LsaReference | undefined): object {
  const { type, linkStateId, advertisingRouter, sequence } = lsa ?? NO_LSA;
  return { type, linkStateId, advertisingRouter, sequence };
}

const NO_LSA = { type: "", linkStateId: "", advertisingRouter: "", sequence: "" };

const SOURCES: ReadonlyMap<RouteSource, string> = new Map([
  [RouteSource.CONNECTED, "connected"],
  [RouteSource.KERNEL, "kernel"],
  [RouteSource.STATIC, "static"],
  [RouteSource.OSPF, "ospf"],
]);
