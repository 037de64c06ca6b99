import type { GetOspfResponse, OspfArea, OspfLsaCount } from "#api/gen/parley/v1/ospf_pb.ts";
import { linesAnswer } from "#prompt/answer.ts";
import { msSince } from "#prompt/commands/ospf-text.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

export const showIpOspf = command<ParleyContext>()("show ip ospf", {
  help: ["Show running system information", "IP information", "OSPF information"],
  async run({ client, now }, _args, call) {
    const router = await (await client()).ospf.getOspf({}, call);
    return linesAnswer(routerJson(router, now()), routerLines(router, now()));
  },
});

function routerLines(router: GetOspfResponse, now: number): string[] {
  const { spf, areas, lsas, maximumLsas, routes, areaBorderRouter, asBoundaryRouter, maxMetric } = router;
  const onOff = (value: boolean): string => (value ? "enabled" : "disabled");
  const ranMs = msSince(spf?.lastRun, now);
  const lines = [
    ` OSPF Routing Process, Router ID: ${router.routerId}`,
    ` Supports only single TOS (TOS0) routes`,
    ` This implementation conforms to RFC2328`,
    ` RFC1583Compatibility flag is ${onOff(router.rfc1583Compatible)}`,
    ` OpaqueCapability flag is ${onOff(router.opaque)}`,
    ` Initial SPF scheduling delay ${spf?.initialDelayMs} millisec(s)`,
    ` Delay between consecutive SPFs ${spf?.shortDelayMs} millisec(s), ${spf?.longDelayMs} when changes go on for ${spf?.timeToLearnMs}`,
    ` Hold down after the last change ${spf?.holdDownMs} millisec(s), state ${spf?.state}`,
    ` SPF algorithm ${ranMs === undefined ? "has not been run" : `last executed ${(ranMs / 1_000).toFixed(3)}s ago`}`,
    ...(spf?.lastDurationMs === undefined
      ? []
      : [` Last SPF duration ${spf.lastDurationMs.toFixed(3)} millisec(s)`]),
    ` SPF algorithm executed ${spf?.fullRuns} times, only summaries or externals ${spf?.partialRuns} times`,
    ` SPF timer is ${spf?.dueInMs === undefined ? "inactive" : `due in ${(spf.dueInMs / 1_000).toFixed(3)}s`}`,
    ` LSA minimum interval ${router.lsaHoldMs} msecs, up to ${router.lsaLongestHoldMs} when changes storm`,
    ` LSA minimum arrival ${router.lsaArrivalMs} msecs`,
    ` Maximum multiple paths(ECMP) supported ${router.maximumPaths}`,
    ` Number of LSA ${lsas}, of at most ${maximumLsas}. Number of routes ${routes}`,
  ];
  if (maxMetric) lines.push(" Originating router-LSAs with maximum metric (stub router)");
  if (areaBorderRouter) lines.push(" This router is an ABR, ABR type is: Alternative Cisco");
  if (asBoundaryRouter) lines.push(" This router is an ASBR (injecting external routing information)");
  lines.push(
    ` Number of external LSA ${countLine(router.asCounts, EXTERNAL)}`,
    ` Number of opaque AS LSA ${countLine(router.asCounts, OPAQUE_AS)}`,
    ` Number of areas attached to this router: ${areas.length}`,
    ` All adjacency changes are logged`,
  );
  for (const [i, area] of areas.entries())
    lines.push(...areaLines(area, router), ...(i < areas.length - 1 ? [""] : []));
  return lines;
}

function areaLines(area: OspfArea, { spf }: GetOspfResponse): string[] {
  const { counts, interfaces, activeInterfaces, fullNeighbors } = area;
  return [
    ` Area ID: ${area.area}${area.area === "0.0.0.0" ? " (Backbone)" : ""}`,
    `   Number of interfaces in this area: Total: ${interfaces}, Active: ${activeInterfaces}`,
    `   Number of fully adjacent neighbors in this area: ${fullNeighbors}`,
    `   SPF algorithm executed ${spf?.fullRuns} times`,
    `   Number of LSA ${counts.reduce((sum, { count }) => sum + count, 0)}`,
    ...AREA_COUNTS.map(({ type, text }) => `   Number of ${text} LSA ${countLine(counts, type)}`),
  ];
}

function countLine(counts: readonly OspfLsaCount[], type: number): string {
  const { count, checksum } = countOf(counts, type);
  return `${count}. Checksum Sum 0x${checksum.toString(16).padStart(8, "0")}`;
}

function countOf(counts: readonly OspfLsaCount[], type: number): { count: number; checksum: number } {
  const found = counts.find((each) => each.type === type);
  return { count: found?.count ?? 0, checksum: Number(found?.checksumSum ?? 0n) };
}

/** In the keys of FRR's `show ip ospf json`, and some of our own. */
function routerJson(router: GetOspfResponse, now: number): unknown {
  const { spf, asCounts, areas } = router;
  const external = countOf(asCounts, EXTERNAL);
  const opaque = countOf(asCounts, OPAQUE_AS);
  const ranMs = msSince(spf?.lastRun, now);
  return {
    routerId: router.routerId,
    tosRoutesOnly: true,
    rfc2328Conform: true,
    ...(router.rfc1583Compatible && { rfc1583Compatibility: true }),
    ...(router.opaque && { opaqueCability: true }), // FRR's spelling
    spfState: spf?.state,
    spfScheduleDelayMsecs: spf?.initialDelayMs,
    holdtimeMinMsecs: spf?.shortDelayMs,
    holdtimeMaxMsecs: spf?.longDelayMs,
    spfTimeToLearnMsecs: spf?.timeToLearnMs,
    spfHoldDownMsecs: spf?.holdDownMs,
    ...(ranMs !== undefined && { spfLastExecutedMsecs: ranMs }),
    ...(spf?.lastDurationMs !== undefined && { spfLastDurationMsecs: spf.lastDurationMs }),
    ...(spf?.dueInMs !== undefined && { spfTimerDueInMsecs: spf.dueInMs }),
    spfFullRuns: Number(spf?.fullRuns ?? 0),
    spfPartialRuns: Number(spf?.partialRuns ?? 0),
    lsaMinIntervalMsecs: router.lsaHoldMs,
    lsaMaxIntervalMsecs: router.lsaLongestHoldMs,
    lsaMinArrivalMsecs: router.lsaArrivalMs,
    maximumPaths: router.maximumPaths,
    maximumLsas: router.maximumLsas,
    lsaNumber: router.lsas,
    routeNumber: router.routes,
    ...(router.maxMetric && { maxMetric: true }),
    ...(router.areaBorderRouter && { abrType: "Alternative Cisco" }),
    ...(router.asBoundaryRouter && { asbrRouter: "injectingExternalRoutingInformation" }),
    lsaExternalCounter: external.count,
    lsaExternalChecksum: external.checksum,
    lsaAsopaqueCounter: opaque.count,
    lsaAsOpaqueChecksum: opaque.checksum,
    attachedAreaCounter: areas.length,
    adjacencyChangesLoggedAll: true,
    areas: Object.fromEntries(areas.map((area) => [area.area, areaJson(area, router)])),
  };
}

function areaJson(area: OspfArea, { spf }: GetOspfResponse): unknown {
  return {
    ...(area.area === "0.0.0.0" && { backbone: true }),
    areaIfTotalCounter: area.interfaces,
    areaIfActiveCounter: area.activeInterfaces,
    nbrFullAdjacentCounter: area.fullNeighbors,
    spfExecutedCounter: Number(spf?.fullRuns ?? 0),
    lsaNumber: area.counts.reduce((sum, { count }) => sum + count, 0),
    ...Object.fromEntries(
      AREA_COUNTS.flatMap(({ type, key }) => {
        const { count, checksum } = countOf(area.counts, type);
        return [
          [`lsa${key}Number`, count],
          [`lsa${key}Checksum`, checksum],
        ];
      }),
    ),
  };
}

/** LS types. */
const EXTERNAL = 5;
const OPAQUE_AS = 11;
const AREA_COUNTS = [
  { type: 1, text: "router", key: "Router" },
  { type: 2, text: "network", key: "Network" },
  { type: 3, text: "summary", key: "Summary" },
  { type: 4, text: "ASBR summary", key: "Asbr" },
  { type: 9, text: "opaque link", key: "OpaqueLink" },
  { type: 10, text: "opaque area", key: "OpaqueArea" },
];
