import type { Lsa } from "#api/gen/parley/v1/ospf_pb.ts";
import { formatIpv4Prefix, maskOf, parseIpv4 } from "#base/ipv4.ts";
import type { LsaTypeNames } from "#prompt/commands/ospf-lsa-types.ts";
import { formatOptions, hex } from "#prompt/commands/ospf-text.ts";

/** The header of a list of LSAs of one type. */
export function listHeader(type: number): string {
  const first = type >= 9 ? "Opaque-Type/Id " : "Link ID        ";
  return `${first} ADV Router      Age  Seq#       CkSum${LAST_COLUMNS.get(type) ?? ""}`;
}

/** One line of such a list. */
export function listLine(lsa: Lsa): string {
  const { linkStateId, advertisingRouter, age, sequence, checksum } = lsa;
  const columns = [linkStateId, advertisingRouter]
    .map((text) => text.padEnd(15).padEnd(text.length + 1))
    .join("");
  const last = lastColumn(lsa);
  const head = `${columns} ${String(age).padStart(4)} ${hex(sequence, 8)} ${hex(checksum, 4)}`;
  return last === "" ? head : `${head} ${last}`;
}

/** All of one LSA. */
export function detailLines(lsa: Lsa, { name, idMeaning }: LsaTypeNames): string[] {
  const { age, options, linkStateId, advertisingRouter, sequence, checksum, length, body } = lsa;
  return [
    `  LS age: ${age}`,
    `  Options: ${hex(options).padEnd(4)} : ${formatOptions(options)}`,
    `  LS Flags: ${hex(flagsOf(lsa))}`,
    ...(body.case === "router" ? [`  Flags: ${routerFlags(body.value)}`] : []),
    `  LS Type: ${name}`,
    `  Link State ID: ${linkStateId} ${idMeaning}`.trimEnd(),
    ...(lsa.interface === "" ? [] : [`  Link: ${lsa.interface}`]),
    `  Advertising Router: ${advertisingRouter}`,
    `  LS Seq Number: ${hex(sequence, 8).slice(2)}`,
    `  Checksum: ${hex(checksum, 4)}`,
    `  Length: ${length}`,
    "",
    ...bodyLines(lsa),
    "",
  ];
}

/** As FRR has them: 1 own, 2 its checksum is right, 4 received, 8 approved. */
export function flagsOf({ selfOriginated, received, type }: Lsa): number {
  if (received) return 0x06;
  if (!selfOriginated) return 0x02;
  return type === 3 || type === 4 || type === 5 ? 0x0b : 0x03;
}

/** "10.1.0.0/24"; empty for LSAs that name no network. */
export function networkText({ linkStateId, body }: Lsa): string {
  if (body.case !== "network" && body.case !== "summary" && body.case !== "external") return "";
  const { prefixLength } = body.value;
  const id = parseIpv4(linkStateId) ?? 0;
  return formatIpv4Prefix((id & maskOf(prefixLength)) >>> 0, prefixLength);
}

function lastColumn(lsa: Lsa): string {
  const { body, type } = lsa;
  if (body.case === "router") return String(body.value.links.length);
  if (type === 3 && body.case === "summary") return networkText(lsa);
  if (body.case !== "external") return "";
  return `E${body.value.metricType} ${networkText(lsa)} [${hex(body.value.tag)}]`;
}

type RouterBody = Extract<Lsa["body"], { case: "router" }>["value"];

function routerFlags({ border, asBoundary, virtualEndpoint }: RouterBody): string {
  const bits = (border ? 1 : 0) | (asBoundary ? 2 : 0) | (virtualEndpoint ? 4 : 0);
  const names = [border && "ABR", asBoundary && "ASBR", virtualEndpoint && "VL-endpoint"];
  const shown = names.filter((each) => each !== false);
  return shown.length === 0 ? hex(bits) : `${hex(bits)} : ${shown.join(" ")}`;
}

function bodyLines({ type, body }: Lsa): string[] {
  switch (body.case) {
    case "router":
      return [`   Number of Links: ${body.value.links.length}`, "", ...body.value.links.flatMap(linkLines)];
    case "network":
      return [
        `  Network Mask: /${body.value.prefixLength}`,
        ...body.value.attachedRouters.flatMap((router) => [`        Attached Router: ${router}`, ""]),
      ].slice(0, -1);
    case "summary":
      return [
        ...(type === 4 ? [] : [`  Network Mask: /${body.value.prefixLength}`]),
        `        TOS: 0  Metric: ${body.value.metric}`,
      ];
    case "external":
      return [
        `  Network Mask: /${body.value.prefixLength}`,
        `        Metric Type: ${body.value.metricType}${body.value.metricType === 2 ? " (Larger than any link state path)" : ""}`,
        `        TOS: 0`,
        `        Metric: ${body.value.metric}`,
        `        Forward Address: ${body.value.forwardingAddress}`,
        `        External Route Tag: ${body.value.tag}`,
      ];
    case "opaque": {
      const { opaqueType, opaqueId, data } = body.value;
      return [
        `  Opaque-Type ${opaqueType}${OPAQUE_TYPES.get(opaqueType) ?? ""}`,
        `  Opaque-ID   ${hex(opaqueId)}`,
        `  Opaque-Info: ${data.length} octets of data`,
        ...hexLines(data),
      ];
    }
    default:
      return ["  It is malformed: nothing is computed of it"];
  }
}

function linkLines({ type, id, data, metric }: RouterBody["links"][number]): string[] {
  const { kind, idName, dataName } = LINKS.get(type) ?? UNKNOWN_LINK;
  return [
    `    Link connected to: ${kind}`,
    `     (Link ID) ${idName}: ${id}`,
    `     (Link Data) ${dataName}: ${data}`,
    `      Number of TOS metrics: 0`,
    `       TOS 0 Metric: ${metric}`,
    "",
  ];
}

function hexLines(data: Uint8Array): string[] {
  const lines: string[] = [];
  for (let at = 0; at < data.length; at += OCTETS_A_LINE) {
    const octets = [...data.subarray(at, at + OCTETS_A_LINE)];
    lines.push(`    ${octets.map((octet) => octet.toString(16).padStart(2, "0")).join(" ")}`);
  }
  return lines;
}

/** In the keys of FRR's `show ip ospf database json`. */
export function listJson(lsa: Lsa): Record<string, unknown> {
  const { linkStateId, advertisingRouter, age, sequence, checksum, body, type } = lsa;
  return {
    lsId: linkStateId,
    advertisedRouter: advertisingRouter,
    lsaAge: age,
    sequenceNumber: hex(sequence, 8).slice(2),
    checksum: hex(checksum, 4).slice(2),
    ...(body.case === "router" && { numOfRouterLinks: body.value.links.length }),
    ...(body.case === "summary" && type === 3 && { summaryAddress: networkText(lsa) }),
    ...(body.case === "external" && {
      metricType: `E${body.value.metricType}`,
      route: networkText(lsa),
      tag: body.value.tag,
    }),
  };
}

/** In the keys of FRR's `show ip ospf database TYPE json`. */
export function detailJson(lsa: Lsa, { name }: LsaTypeNames): Record<string, unknown> {
  const { age, options, linkStateId, advertisingRouter, sequence, checksum, length } = lsa;
  return {
    lsaAge: age,
    options: formatOptions(options),
    lsaFlags: flagsOf(lsa),
    lsaType: name,
    linkStateId,
    ...(lsa.interface !== "" && { link: lsa.interface }),
    advertisingRouter,
    lsaSeqNumber: hex(sequence, 8).slice(2),
    checksum: hex(checksum, 4).slice(2),
    length,
    ...bodyJson(lsa),
  };
}

function bodyJson({ body }: Lsa): Record<string, unknown> {
  switch (body.case) {
    case "router": {
      const { border, asBoundary, virtualEndpoint, links } = body.value;
      const flags = (border ? 1 : 0) | (asBoundary ? 2 : 0) | (virtualEndpoint ? 4 : 0);
      return {
        flags,
        ...(border && { abr: true }),
        ...(asBoundary && { asbr: true }),
        numOfLinks: links.length,
        routerLinks: Object.fromEntries(links.map((link, i) => [`link${i}`, linkJson(link)])),
      };
    }
    case "network": {
      const { prefixLength, attachedRouters } = body.value;
      const routers = attachedRouters.map((router) => [router, { attachedRouterId: router }]);
      return { networkMask: prefixLength, attchedRouters: Object.fromEntries(routers) }; // FRR's spelling
    }
    case "summary":
      return { networkMask: body.value.prefixLength, tos0Metric: body.value.metric };
    case "external": {
      const { prefixLength, metricType, metric, forwardingAddress, tag } = body.value;
      return {
        networkMask: prefixLength,
        metricType: `E${metricType}`,
        tos: 0,
        metric,
        forwardAddress: forwardingAddress,
        externalRouteTag: tag,
      };
    }
    case "opaque": {
      const { opaqueType, opaqueId, data } = body.value;
      return {
        opaqueType,
        opaqueId,
        opaqueDataLength: data.length,
        opaqueData: hexLines(data).join("").trim(),
      };
    }
    default:
      return { malformed: true };
  }
}

function linkJson({ type, id, data, metric }: RouterBody["links"][number]): unknown {
  const { kind, idKey, dataKey } = LINKS.get(type) ?? UNKNOWN_LINK;
  return { linkType: kind, [idKey]: id, [dataKey]: data, numOfTosMetrics: 0, tos0Metric: metric };
}

interface LinkNames {
  readonly kind: string;
  readonly idName: string;
  readonly dataName: string;
  readonly idKey: string;
  readonly dataKey: string;
}

const OWN = { dataName: "Router Interface address", dataKey: "routerInterfaceAddress" } as const;
const NEIGHBOR = { idName: "Neighboring Router ID", idKey: "neighborRouterId", ...OWN } as const;
const UNKNOWN_LINK: LinkNames = { kind: "something unknown", ...NEIGHBOR };

/** By the type of a router-LSA's link. RFC 2328 A.4.2. */
const LINKS: ReadonlyMap<number, LinkNames> = new Map([
  [1, { kind: "another Router (point-to-point)", ...NEIGHBOR }],
  [
    2,
    {
      kind: "a Transit Network",
      idName: "Designated Router address",
      idKey: "designatedRouterAddress",
      ...OWN,
    },
  ],
  [
    3,
    {
      kind: "Stub Network",
      idName: "Net",
      idKey: "networkAddress",
      dataName: "Network Mask",
      dataKey: "networkMask",
    },
  ],
  [4, { kind: "a Virtual Link", ...NEIGHBOR }],
]);

const LAST_COLUMNS: ReadonlyMap<number, string> = new Map([
  [1, "  Link count"],
  [3, "  Route"],
  [5, "  Route"],
]);

/** RFC 3630, 7770, 7684, 5250. */
const OPAQUE_TYPES: ReadonlyMap<number, string> = new Map([
  [1, " (Traffic Engineering LSA)"],
  [3, " (Grace-LSA)"],
  [4, " (Router Information LSA)"],
  [7, " (Extended Prefix Opaque LSA)"],
  [8, " (Extended Link Opaque LSA)"],
]);

const OCTETS_A_LINE = 16;
