import type { ListNeighborsResponse, OspfMismatch, OspfNeighbor } from "#api/gen/parley/v1/ospf_pb.ts";
import type { CallOptions } from "@connectrpc/connect";
import { linesAnswer, type Answer } from "#prompt/answer.ts";
import { formatOptions, formatTimer, hex, msSince } from "#prompt/commands/ospf-text.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";
import { isoTime } from "#prompt/times.ts";

const NEIGHBOR = [
  "Show running system information",
  "IP information",
  "OSPF information",
  "Neighbor list",
] as const;

export const showIpOspfNeighbor = command<ParleyContext>()("show ip ospf neighbor", {
  help: NEIGHBOR,
  async run(context, _args, call) {
    const answer = await list(context, "", call);
    const now = context.now();
    return {
      value: { neighbors: byRouterId(answer, (each) => rowJson(each, now)), ...mismatchesJson(answer) },
      blocks: [
        { type: "lines", lines: ["", HEADER], isHeading: true },
        { type: "lines", lines: answer.neighbors.map((each) => rowLine(each, now)) },
        { type: "lines", lines: mismatchLines(answer.mismatches, now), isHeading: true },
      ],
    };
  },
});

export const showIpOspfNeighborDetail = command<ParleyContext>()("show ip ospf neighbor detail", {
  help: [...NEIGHBOR, "All that is known of each"],
  run: (context, _args, call) => detailAnswer(context, "", call),
});

export const showIpOspfNeighborOne = command<ParleyContext>()("show ip ospf neighbor <id:neighbor>", {
  help: [...NEIGHBOR, "Router id of one neighbor, in detail"],
  run: (context, { id }, call) => detailAnswer(context, id, call),
});

export const showIpOspfNeighborOneDetail = command<ParleyContext>()(
  "show ip ospf neighbor <id:neighbor> detail",
  {
    help: [...NEIGHBOR, "Router id of one neighbor, in detail", "All that is known of it"],
    run: (context, { id }, call) => detailAnswer(context, id, call),
  },
);

async function list({ client }: ParleyContext, routerId: string, call: CallOptions) {
  return (await client()).ospf.listNeighbors({ routerId }, call);
}

async function detailAnswer(context: ParleyContext, id: string, call: CallOptions): Promise<Answer> {
  const answer = await list(context, id, call);
  const now = context.now();
  const value = { neighbors: byRouterId(answer, (each) => detailJson(each, now)), ...mismatchesJson(answer) };
  const lines = answer.neighbors.flatMap((each) => [...detailLines(each, now), ""]);
  if (id !== "" && answer.neighbors.length === 0) lines.push(`No neighbor is ${id}.`);
  return linesAnswer(value, [...lines, ...mismatchLines(answer.mismatches, now)]);
}

/** RFC 2328 10.1: "Full/Backup", "2-Way/DROther", "Full/-". */
function stateText({ state, role }: OspfNeighbor): string {
  return `${state}/${role}`;
}

function rowLine(neighbor: OspfNeighbor, now: number): string {
  const { routerId, priority, address, retransmissions, requests, summaries } = neighbor;
  const counts = [retransmissions, requests, summaries].map(String);
  const times = [upText(neighbor, now), deadText(neighbor)];
  return rowOf([
    routerId,
    String(priority),
    stateText(neighbor),
    ...times,
    address,
    placeText(neighbor),
    ...counts,
  ]);
}

function rowOf(cells: readonly string[]): string {
  const padded = WIDTHS.map((width, i) =>
    width > 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(-width),
  );
  return padded.join(" ").trimEnd();
}

function upText({ since }: OspfNeighbor, now: number): string {
  const ms = msSince(since, now);
  return ms === undefined ? "-" : formatTimer(ms);
}

function deadText({ deadInMs }: OspfNeighbor): string {
  return deadInMs === undefined ? "inactive" : formatTimer(deadInMs);
}

/** "eth0:10.0.0.1", with our address. */
function placeText({ interface: name, interfaceAddress }: OspfNeighbor | OspfMismatch): string {
  return `${name}:${interfaceAddress}`;
}

function detailLines(neighbor: OspfNeighbor, now: number): string[] {
  const { routerId, address, area, interface: name, priority, changes, lastReason, options } = neighbor;
  const onOff = (value: boolean): string => (value ? "on" : "off");
  const role = neighbor.master ? "Master" : "Slave";
  return [
    ` Neighbor ${routerId}, interface address ${address}`,
    `    In the area ${area} via interface ${name}`,
    `    Neighbor priority is ${priority}, State is ${stateText(neighbor)}, ${changes} state changes`,
    `    Most recent state change statistics:`,
    `      ${upText(neighbor, now)} ago${lastReason === "" ? "" : `: ${lastReason}`}`,
    `    DR is ${neighbor.designatedRouter}, BDR is ${neighbor.backupDesignatedRouter}`,
    `    Options ${options} ${formatOptions(options)}`,
    neighbor.deadInMs === undefined
      ? `    Dead timer is inactive`
      : `    Dead timer due in ${deadText(neighbor)}`,
    `    Database Summary List ${neighbor.summaries}`,
    `    Link State Request List ${neighbor.requests}`,
    `    Link State Retransmission List ${neighbor.retransmissions}`,
    `    This router is ${role}, DD sequence number ${hex(neighbor.ddSequence, 8)}`,
    `    Thread Inactivity Timer ${onOff(neighbor.deadInMs !== undefined)}`,
    `    Thread Database Description Retransmision ${onOff(neighbor.describing)}`,
    `    Thread Link State Request Retransmission ${onOff(neighbor.requesting)}`,
    `    Thread Link State Update Retransmission ${onOff(neighbor.retransmitting)}`,
  ];
}

/** Who would be a neighbor, or adjacent, if it were not for a difference. */
function mismatchLines(mismatches: readonly OspfMismatch[], now: number): string[] {
  if (mismatches.length === 0) return [];
  const lines = mismatches.map((each) => {
    const { routerId, address, text, count } = each;
    const ago = formatTimer(msSince(each.lastHeard, now) ?? 0);
    const packets = `${count} ${count === 1 ? "packet" : "packets"}, the last ${ago} ago`;
    return `${routerId.padEnd(15)} ${address.padEnd(15)} ${placeText(each).padEnd(24)} ${text} (${packets})`;
  });
  const columns = `${"Router ID".padEnd(15)} ${"Address".padEnd(15)} ${"Interface".padEnd(24)} Difference`;
  return ["", "Heard, but something differs:", columns, ...lines];
}

/** In the keys of FRR's `show ip ospf neighbor json`. */
function byRouterId(
  { neighbors }: ListNeighborsResponse,
  toJson: (neighbor: OspfNeighbor) => unknown,
): Record<string, unknown[]> {
  const found: Record<string, unknown[]> = {};
  for (const neighbor of neighbors) (found[neighbor.routerId] ??= []).push(toJson(neighbor));
  return found;
}

function rowJson(neighbor: OspfNeighbor, now: number): unknown {
  const { priority, state, role, deadInMs, address } = neighbor;
  return {
    nbrPriority: priority,
    nbrState: stateText(neighbor),
    converged: state,
    role: role === "-" ? "DROther" : role, // as FRR has it
    upTimeInMsec: msSince(neighbor.since, now),
    routerDeadIntervalTimerDueMsec: deadInMs,
    upTime: upText(neighbor, now),
    deadTime: deadText(neighbor),
    ifaceAddress: address,
    ifaceName: placeText(neighbor),
    ...listsJson(neighbor),
  };
}

function listsJson({ retransmissions, requests, summaries }: OspfNeighbor) {
  return {
    linkStateRetransmissionListCounter: retransmissions,
    linkStateRequestListCounter: requests,
    databaseSummaryListCounter: summaries,
  };
}

function detailJson(neighbor: OspfNeighbor, now: number): unknown {
  const { address, area, interface: name, priority, options, describing, requesting } = neighbor;
  return {
    ifaceAddress: address,
    areaId: area,
    ifaceName: name,
    localIfaceAddress: neighbor.interfaceAddress,
    nbrPriority: priority,
    nbrState: stateText(neighbor),
    stateChangeCounter: neighbor.changes,
    lastPrgrsvChangeMsec: msSince(neighbor.since, now),
    lastChangeReason: neighbor.lastReason,
    since: isoTime(neighbor.since),
    routerDesignatedId: neighbor.designatedRouter,
    routerDesignatedBackupId: neighbor.backupDesignatedRouter,
    optionsCounter: options,
    optionsList: formatOptions(options),
    routerDeadIntervalTimerDueMsec: neighbor.deadInMs,
    ...listsJson(neighbor),
    master: neighbor.master,
    ddSequence: neighbor.ddSequence,
    ...(neighbor.deadInMs !== undefined && { threadInactivityTimer: "on" }),
    ...(describing && { threadDatabaseDescriptionRetransmission: "on" }),
    ...(requesting && { threadLinkStateRequestRetransmission: "on" }),
    ...(neighbor.retransmitting && { threadLinkStateUpdateRetransmission: "on" }),
  };
}

function mismatchesJson({ mismatches }: ListNeighborsResponse) {
  if (mismatches.length === 0) return {};
  return {
    mismatches: mismatches.map(({ routerId, address, interface: ifaceName, text, count, lastHeard }) => {
      return { routerId, address, ifaceName, text, count, lastHeard: isoTime(lastHeard) };
    }),
  };
}

/** Columns; a negative one is filled from the left. */
const WIDTHS = [15, -3, 15, 15, -9, 15, 32, -5, -5, -5];

const HEADER = rowOf([
  "Neighbor ID",
  "Pri",
  "State",
  "Up Time",
  "Dead Time",
  "Address",
  "Interface",
  "RXmtL",
  "RqstL",
  "DBsmL",
]);
