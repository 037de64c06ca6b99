import type { Candidate, ExplainedRoute, RouteExplanation } from "#ospf/explain.ts";
import type { LsaReference, Path } from "#ospf/explain-path.ts";

/** An explanation as people read it, a line each. */
export function explanationLines(explanation: RouteExplanation): string[] {
  const { address, route, candidates, unusable, lessSpecific } = explanation;
  const lines = route ? routeLines(address, route) : [`No OSPF route leads to ${address}.`];
  const used = candidates.filter(({ verdict }) => verdict === "used");
  const lost = candidates.filter(({ verdict }) => verdict !== "used");
  for (const candidate of used) lines.push(...usedLines(candidate));
  if (lost.length > 0) lines.push("Not used:", ...lost.map((each) => `  ${lossLine(each)}`));
  for (const { prefix, candidates: longer } of unusable)
    lines.push(
      `${prefix} ${route ? "matches better, but " : ""}cannot be used:`,
      ...longer.map((each) => `  ${lossLine(each)}`),
    );
  if (lessSpecific.length > 0) {
    const prefixes = lessSpecific.map(({ prefix, pathType }) => `${prefix} (${pathType})`);
    lines.push(`Less specific: ${prefixes.join(", ")}`);
  }
  return lines;
}

function routeLines(address: string, route: ExplainedRoute): string[] {
  const { prefix, pathType, area, cost, type2Cost, tag, isConnected, nextHops } = route;
  const where = area === undefined ? "" : ` of area ${area}`;
  const costs = type2Cost === undefined ? `cost ${cost}` : `type 2 metric ${type2Cost}, cost ${cost} inside`;
  const lines = [`${address} is in ${prefix}: ${pathType}${where}, ${costs}${tag ? `, tag ${tag}` : ""}`];
  for (const hop of nextHops)
    lines.push(
      hop.gateway ? `  via ${hop.gateway}, ${hop.interface}` : `  directly attached to ${hop.interface}`,
    );
  if (isConnected) lines.push("  a network of this router itself");
  return lines;
}

function usedLines(candidate: Candidate): string[] {
  const { lsa, paths, pathType, metric, forwardingAddress } = candidate;
  const lines = [`Told by ${lsaText(lsa)}`];
  for (const [i, path] of paths.entries()) {
    if (paths.length > 1) lines.push(`  path ${i + 1} of ${paths.length} equal ones:`);
    lines.push(...pathLines(path));
  }
  if (forwardingAddress) lines.push(`  to the forwarding address ${forwardingAddress}`);
  if (pathType === "external-1") lines.push(`  metric ${metric}, total ${candidate.cost}`);
  if (pathType === "external-2") lines.push(`  metric ${metric} of type 2, compared before costs inside`);
  return lines;
}

function pathLines(path: Path): string[] {
  return path.map(({ from, to, cost, total, lsa, isMaxMetric }) => {
    const remark = isMaxMetric ? ", no transit offered" : "";
    return `  ${from} -> ${to}: cost ${cost}, total ${total} (${lsaText(lsa)}${remark})`;
  });
}

function lossLine({ lsa, why, verdict }: Candidate): string {
  return `${lsaText(lsa)}: ${why || verdict}`;
}

function lsaText({ type, id, advertisingRouter, sequence }: LsaReference): string {
  const by = type === "router" ? "" : ` of ${advertisingRouter}`;
  return `${type}-LSA ${id}${by}, sequence ${sequence}`;
}
