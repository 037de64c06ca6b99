import { RouteSource, type NextHop, type Route } from "#api/gen/parley/v1/routes_pb.ts";
import type { CallOptions } from "@connectrpc/connect";
import { formatUptime } from "#base/uptime.ts";
import { linesAnswer, type Answer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";
import { formatClock, isoTime, toMs } from "#prompt/times.ts";

const IP = ["Show running system information", "IP information", "Routing table"] as const;
const DESTINATION = "The longest prefix with this address, or this prefix";

export const showIpRoute = command<ParleyContext>()("show ip route [destination:prefix]", {
  help: [...IP, DESTINATION],
  async run(context, { destination }, call) {
    if (destination === undefined) return tableAnswer(context, {}, call);
    const { routes } = await list(context, whichOf(destination), call);
    if (routes.length > 0) return detailAnswer(routes, context.now());
    return linesAnswer({}, [`No route leads to ${destination}.`]);
  },
});

export const showIpRouteLonger = command<ParleyContext>()(
  "show ip route <destination:prefix> longer-prefixes",
  {
    help: [...IP, DESTINATION, "Also everything inside"],
    run: (context, { destination }, call) =>
      tableAnswer(context, { which: { case: "within", value: wholePrefix(destination) } }, call),
  },
);

export const showIpRouteConnected = command<ParleyContext>()("show ip route connected", {
  help: [...IP, "Networks of interfaces"],
  run: (context, _args, call) => tableAnswer(context, { sources: [RouteSource.CONNECTED] }, call),
});

export const showIpRouteKernel = command<ParleyContext>()("show ip route kernel", {
  help: [...IP, "Routes that others put into the kernel"],
  run: (context, _args, call) => tableAnswer(context, { sources: [RouteSource.KERNEL] }, call),
});

export const showIpRouteStatic = command<ParleyContext>()("show ip route static", {
  help: [...IP, "Configured routes"],
  run: (context, _args, call) => tableAnswer(context, { sources: [RouteSource.STATIC] }, call),
});

export const showIpRouteOspf = command<ParleyContext>()("show ip route ospf", {
  help: [...IP, "Routes of OSPF"],
  run: (context, _args, call) => tableAnswer(context, { sources: [RouteSource.OSPF] }, call),
});

/** The commands of this file. */
export const IP_ROUTE_COMMANDS = [
  showIpRoute,
  showIpRouteLonger,
  showIpRouteConnected,
  showIpRouteKernel,
  showIpRouteStatic,
  showIpRouteOspf,
];

interface RouteRequest {
  readonly which?: { readonly case: "address" | "prefix" | "within"; readonly value: string };
  readonly sources?: RouteSource[];
}

function whichOf(destination: string): RouteRequest {
  return { which: { case: destination.includes("/") ? "prefix" : "address", value: destination } };
}

function wholePrefix(destination: string): string {
  return destination.includes("/") ? destination : `${destination}/32`;
}

/** All pages of an answer. */
async function list({ client }: ParleyContext, request: RouteRequest, call: CallOptions) {
  const { routes: service } = await client();
  const routes: Route[] = [];
  for (let after = ""; ;) {
    const page = await service.listRoutes({ ...request, after }, call);
    for (const route of page.routes) routes.push(route);
    if (page.nextAfter === "") return { routes };
    after = page.nextAfter;
  }
}

async function tableAnswer(
  context: ParleyContext,
  request: RouteRequest,
  call: CallOptions,
): Promise<Answer> {
  const { routes } = await list(context, request, call);
  const lines = routes.flatMap((route) => routeLines(route, context.now()));
  return {
    value: routesJson(routes, context.now()),
    blocks: [
      { type: "lines", lines: CODES, isHeading: true },
      { type: "lines", lines },
    ],
  };
}

/** "O>* 10.0.0.0/24 [110/20] via 10.1.0.2, eth0, 00:01:02", and a line for each further next hop. */
function routeLines(route: Route, now: number): string[] {
  const { prefix, distance, metric, selected, installed, queued, refusal, usable } = route;
  const mark = installed ? "*" : queued ? "q" : refusal !== "" ? "r" : " ";
  const isPlain = route.source === RouteSource.CONNECTED;
  const head = `${LETTERS.get(route.source) ?? "?"}${selected ? ">" : " "}${mark} ${prefix}`;
  const start = isPlain ? head : `${head} [${distance}/${metric}]`;
  const age = ageOf(route, now);
  const inactive = usable ? "" : " inactive";
  const [first = dropText(route), ...others] = route.nextHops.map(hopText);
  const rest = others.map((hop) => `  ${mark}${" ".repeat(start.length - 3)} ${hop}${inactive}, ${age}`);
  return [`${start} ${first}${inactive}, ${age}`, ...rest];
}

function hopText({ interface: name, gateway }: NextHop): string {
  if (gateway === "") return `is directly connected, ${name}`;
  return name === "" ? `via ${gateway}` : `via ${gateway}, ${name}`;
}

function dropText({ drops }: Route): string {
  return `unreachable (${drops === "" ? "no next hop" : drops})`;
}

function detailAnswer(routes: readonly Route[], now: number): Answer {
  const lines = [`Routing entry for ${routes[0]!.prefix}`];
  for (const route of routes) {
    const { source, distance, metric, tag, selected, installed, queued, refusal, usable, nextHops } = route;
    const known = [
      `Known via "${SOURCES.get(source) ?? source}"`,
      `distance ${distance}`,
      `metric ${metric}`,
    ];
    if (tag !== 0) known.push(`tag ${tag}`);
    if (route.protocol !== 0) known.push(`kernel protocol ${route.protocol}`);
    if (selected) known.push("best");
    lines.push(`  ${known.join(", ")}`, `  Last update ${ageOf(route, now)} ago`);
    if (queued) lines.push("  The kernel has not been asked yet");
    if (refusal !== "") lines.push(`  The kernel refused it: ${refusal}`);
    const mark = installed ? "*" : " ";
    const hops = nextHops.length === 0 ? [dropText(route)] : nextHops.map(detailHop);
    lines.push(...hops.map((hop) => `  ${mark} ${hop}${usable ? "" : " inactive"}`), "");
  }
  return linesAnswer(routesJson(routes, now), lines);
}

function detailHop({ interface: name, gateway }: NextHop): string {
  if (gateway === "") return `directly connected, ${name}`;
  return name === "" ? gateway : `${gateway}, via ${name}`;
}

function ageOf({ since }: Route, now: number): string {
  const sinceMs = toMs(since);
  return sinceMs === undefined ? formatClock(undefined, now) : formatUptime(now - sinceMs);
}

/** By prefix, in the keys of FRR's `show ip route json`, so that what reads the one reads the other. */
function routesJson(routes: readonly Route[], now: number): Record<string, unknown[]> {
  const byPrefix: Record<string, unknown[]> = {};
  for (const route of routes) (byPrefix[route.prefix] ??= []).push(routeJson(route, now));
  return byPrefix;
}

function routeJson(route: Route, now: number): unknown {
  const { prefix, source, distance, metric, tag, selected, installed, queued, refusal, usable } = route;
  const hops = route.nextHops.map(({ interface: name, gateway }) => ({
    ...(installed && { fib: true }),
    ...(gateway === "" ? { directlyConnected: true } : { ip: gateway, afi: "ipv4" }),
    ...(name !== "" && { interfaceName: name }),
    ...(usable && { active: true }),
  }));
  return {
    prefix,
    prefixLen: Number(prefix.split("/")[1]),
    protocol: SOURCES.get(source) ?? String(source),
    ...(selected && { selected: true, destSelected: true }),
    distance,
    metric,
    ...(tag !== 0 && { tag }),
    ...(installed && { installed: true }),
    ...(queued && { queued: true }),
    ...(refusal !== "" && { rejected: true, reason: refusal }),
    uptime: ageOf(route, now),
    since: isoTime(route.since),
    nexthops: route.nextHops.length === 0 ? [dropJson(route)] : hops,
  };
}

function dropJson({ drops, installed }: Route): unknown {
  const way = drops === "" ? {} : { [drops]: true };
  return { ...(installed && { fib: true }), unreachable: true, ...way, active: true };
}

const CODES = [
  "Codes: K - kernel route, C - connected, S - static, O - OSPF,",
  "       > - selected route, * - FIB route, q - queued, r - rejected",
  "",
];

const LETTERS: ReadonlyMap<RouteSource, string> = new Map([
  [RouteSource.CONNECTED, "C"],
  [RouteSource.KERNEL, "K"],
  [RouteSource.STATIC, "S"],
  [RouteSource.OSPF, "O"],
]);

const SOURCES: ReadonlyMap<RouteSource, string> = new Map([
  [RouteSource.CONNECTED, "connected"],
  [RouteSource.KERNEL, "kernel"],
  [RouteSource.STATIC, "static"],
  [RouteSource.OSPF, "ospf"],
]);
