import { OperatorError } from "#base/operator-error.ts";
import type { Link } from "#host/links.ts";
import { countOf, readArguments } from "#packet-tools/arguments.ts";
import {
  interfaceNamed,
  NOTHING,
  packetSockets,
  upOrError,
  whenAskedToEnd,
} from "#packet-tools/interface.ts";
import { ReplayPackets } from "#packet-tools/replay-packets.ts";
import { ReplayRun } from "#packet-tools/replay-run.ts";
import { reportProblem } from "#packet-tools/report-problem.ts";

const USAGE = `Usage: parley packets replay FILE IF [--top | --pps N | --speed X] [--loop N]

Sends a file's packets on an interface, in the file's own time. Needs CAP_NET_RAW.

      --top        as fast as they go: straight to the driver where it can be, past queueing disciplines and captures
                   on the interface itself
      --pps N      N packets a second
      --speed X    X times as fast as they were captured; 1 by default
      --loop N     the whole file N times
`;

const OPTIONS = {
  top: { type: "boolean" },
  pps: { type: "string" },
  speed: { type: "string" },
  loop: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** `parley packets replay`. */
export async function runReplay(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("replay", args, OPTIONS, { least: 0, most: 2 });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [path, name] = positionals;
  if (path === undefined || name === undefined)
    throw new OperatorError("a file and an interface are needed", "parley packets replay FILE IF", {
      exitStatus: 2,
    });
  if ([values.top, values.pps, values.speed].filter((each) => each !== undefined).length > 1)
    throw new OperatorError("--top, --pps and --speed exclude each other", "choose one", { exitStatus: 2 });
  const loops = values.loop === undefined ? 1 : countOf("loop", values.loop);
  const link = await interfaceNamed(name);
  upOrError(link);
  const { packets, problem } = await ReplayPackets.load(path);
  const due = dueTimes(packets, values);
  const signals = whenAskedToEnd();
  let interrupted = false;
  signals.asked.then(() => (interrupted = true)).catch(() => {});
  let failure: Error | undefined;
  const socket = await packetSockets().open(
    { interface: name, mode: "latency", filter: NOTHING, ...(values.top && direct(link)) },
    { received: () => {}, failed: (error) => (failure = error) },
  );
  const isOver = (): boolean => interrupted || failure !== undefined;
  const replay = new ReplayRun(socket, packets, due, isOver);
  let progress: NodeJS.Timeout | undefined;
  try {
    checkLinkType(path, packets, name, socket.linkType);
    process.stderr.write(`replaying ${packets.count * loops} packets on ${name}, end it with Ctrl-C\n`);
    if (process.stderr.isTTY)
      progress = setInterval(() => process.stderr.write(`\r${replay.sent} packets sent `), 1_000);
    for (let loop = 0; loop < loops && !isOver(); loop++) await replay.run();
  } finally {
    clearInterval(progress);
    signals.stop();
    socket.close();
  }
  const { lost = 0 } = socket.statistics();
  process.stdout.write(`${replay.summary()}\n`);
  if (failure) throw failure;
  if (packets.cut > 0)
    process.stderr.write(`${packets.cut} packets were cut when they were captured, and so they were sent\n`);
  const { refused } = replay;
  if (refused) process.stderr.write(`parley: ${refused.count} packets were not sent: ${refused.why}\n`);
  if (lost > 0)
    process.stderr.write(`parley: ${lost} packets were lost: ${name} had no carrier, or was down\n`);
  const status = reportProblem(problem);
  return refused || lost > 0 ? 1 : status;
}

/** Packets that the link carries need no queue before the driver. */
function direct({ mtu }: Link): { readonly directBytes?: number } {
  return mtu === undefined ? {} : { directBytes: mtu + ETHERNET_BYTES };
}

const ETHERNET_BYTES = 14;

/** Throws OperatorError when the packets begin with another header than those of the interface. */
function checkLinkType(path: string, { linkTypes }: ReplayPackets, name: string, link: number): void {
  const kind = (linkType: number): number => (RAW_LINK_TYPES.has(linkType) ? LINKTYPE_RAW : linkType);
  const other = [...linkTypes].find(([linkType]) => kind(linkType) !== link);
  if (other)
    throw new OperatorError(
      `packet ${other[1]} of ${path} has link type ${other[0]}, those on ${name} have ${link}`,
      "1 is Ethernet, 101 IP without a link header: choose another interface",
    );
}

const LINKTYPE_RAW = 101;
/** All of them IP without a header before it. */
const RAW_LINK_TYPES: ReadonlySet<number> = new Set([12, 14, LINKTYPE_RAW, 228, 229]);

/** When each packet is due, ms after the first; undefined for as soon as possible. */
function dueTimes(
  { times, count }: ReplayPackets,
  { top, pps, speed }: { readonly top?: boolean; readonly pps?: string; readonly speed?: string },
): Float64Array | undefined {
  if (top) return undefined;
  if (pps !== undefined) {
    const rate = countOf("pps", pps);
    return Float64Array.from({ length: count }, (_, i) => (i * 1_000) / rate);
  }
  const factor = speed === undefined ? 1 : Number(speed);
  if (!(factor > 0 && factor < 1e6))
    throw new OperatorError(`--speed needs a number, not "${speed}"`, "such as 2 or 0.5", { exitStatus: 2 });
  return times.slice(0, count).map((time) => time / factor);
}
