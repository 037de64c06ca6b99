import { existsSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { median } from "./median.ts";
import { findProgram, nodeCommand, runProcess, temporaryFolder } from "./packets/processes.ts";
import { writeRichCapture } from "./packets/rich-capture.ts";
import { SAMPLE_QUERIES } from "./packets/sample-queries.ts";
import { writeSimpleCapture } from "./packets/simple-capture.ts";
import type { Measured } from "./packets/worker.ts";

/**
 * The packet toolkit on capture files, beside tcpdump, tshark and Scapy where they are installed. What is compared runs
 * in turns on the same file; ratios are medians of pairs.
 */
export async function run(): Promise<void> {
  const folder = temporaryFolder();
  const small = { path: join(folder, "1m.pcap"), count: 1_000_000 };
  const large = { path: join(folder, "10m.pcap"), count: 10_000_000 };
  const rich = { path: join(folder, "rich.pcap"), count: 200_000 };
  const richer = { path: join(folder, "richer.pcap"), count: 10_000_000 };
  for (const { path, count } of [small, large]) writeSimpleCapture(path, count);
  for (const { path, count } of [rich, richer]) writeRichCapture(path, count);
  print(`Node ${process.version}, ${availableParallelism()} cores; captures of 60 to 155 bytes a packet`);
  await filterAgainstTcpdump([small, large]);
  await valuesAgainstTshark(rich, richer);
  await valuesAgainstScapy(richer);
  await queriesAtOnce(small);
  await alone(small, rich);
  await memory([small, large]);
}

interface Capture {
  readonly path: string;
  readonly count: number;
}

const ROUNDS = 5;
const QUERY = "udp.port == 53";
const SCAPY_PACKETS = 10_000;
const TSHARK_PACKETS = 200_000;
const PYTHON = "/usr/bin/python3";

/** Whole processes, started anew each time. */
async function filterAgainstTcpdump(captures: readonly Capture[]): Promise<void> {
  const tcpdump = findProgram("tcpdump");
  print(
    `\nparley packets filter FILE '${QUERY}', whole processes, ${ROUNDS} rounds in turns (bar 0.8, goal 1.0):`,
  );
  if (tcpdump === undefined) print("  tcpdump is not installed: skipped beside it");
  for (const { path, count } of captures) {
    const parley = ["bin/parley", "packets", "filter", path, QUERY];
    const other = tcpdump && [tcpdump, "-n", "-r", path, "-w", "/dev/null", "udp port 53"];
    const { stdout } = await runProcess(parley);
    let theirs = "";
    if (tcpdump) {
      const counted = await runProcess([tcpdump, "-n", "-r", path, "--count", "udp port 53"]);
      theirs = /(\d+) packets/.exec(counted.stdout + counted.stderr)?.[1] ?? "";
      if (theirs !== stdout.trim()) throw new Error(`parley counts ${stdout.trim()}, tcpdump ${theirs}`);
    }
    const [ours, others, ratios]: [number[], number[], number[]] = [[], [], []];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(count / (await runProcess(parley)).seconds);
      if (!other) continue;
      others.push(count / (await runProcess(other)).seconds);
      ratios.push(ours.at(-1)! / others.at(-1)!);
    }
    const beside = other ? `, tcpdump ${rate(median(others))}, ratio ${list(ratios)}` : "";
    print(`  ${millions(count)} packets, ${stdout.trim()} match: parley ${rate(median(ours))}${beside}`);
  }
}

/** Every value of every layer. */
async function valuesAgainstTshark(rich: Capture, richer: Capture): Promise<void> {
  const tshark = findProgram("tshark");
  print(
    "\nall values of all layers, whole processes in turns (bar 50 times tshark -V), and by processor time:",
  );
  if (tshark === undefined) print("  tshark is not installed: skipped beside it");
  const command = [
    tshark ?? "",
    "-r",
    rich.path,
    "-c",
    String(TSHARK_PACKETS),
    "-V",
    "-Y",
    "frame.number==0",
  ];
  const ours: readonly Contestant[] = [
    contestant("one thread", rich, worker("values", "file", rich.path)),
    contestant("one thread", richer, worker("values", "file", richer.path)),
    contestant("two threads", richer, worker("values", "threads", richer.path)),
    contestant("one thread, each visited", richer, worker("visited", "file", richer.path)),
    contestant("two threads, each visited", richer, worker("visited", "threads", richer.path)),
  ];
  const peer = contestant("tshark", { path: rich.path, count: TSHARK_PACKETS }, command);
  await inTurns(ours, tshark === undefined ? undefined : peer);
}

/** A command, and how many packets a second it took in each round: of the clock, and of processors. */
interface Contestant {
  readonly name: string;
  readonly count: number;
  readonly command: readonly string[];
  readonly rates: number[];
  readonly processorRates: number[];
}

function contestant(name: string, { count }: Capture, command: readonly string[]): Contestant {
  return { name, count, command, rates: [], processorRates: [] };
}

/** Runs all in turns and prints how they compare with the peer, where there is one: by the clock, and by the processors' work. */
async function inTurns(ours: readonly Contestant[], peer: Contestant | undefined): Promise<void> {
  for (let round = 0; round < (peer ? ROUNDS : 1); round++)
    for (const { command, count, rates, processorRates } of peer ? [...ours, peer] : ours) {
      const { seconds, processorSeconds } = await runProcess(command, { timesProcessors: true });
      rates.push(count / seconds);
      processorRates.push(count / processorSeconds);
    }
  const times = (own: readonly number[], theirs: readonly number[]): string =>
    list(own.map((each, i) => each / theirs[i]!));
  for (const { name, count, rates, processorRates } of ours) {
    const beside = peer
      ? `, ${times(rates, peer.rates)} times ${peer.name}, a processor ${times(processorRates, peer.processorRates)}`
      : "";
    print(`  parley, ${millions(count)} packets, ${name}: ${rate(median(rates))}${beside}`);
  }
  if (peer) print(`  ${peer.name}, ${millions(peer.count)} packets: ${rate(median(peer.rates))}`);
}

/** The same with every value visited: reading a field is what makes Scapy work it out. */
async function valuesAgainstScapy(richer: Capture): Promise<void> {
  print("\nall values of all layers, each visited, whole processes (bar 300 times Scapy):");
  const hasScapy = existsSync(PYTHON) && (await succeeds([PYTHON, "-c", "import scapy"]));
  if (!hasScapy) print("  Scapy is not installed: skipped beside it");
  const { path } = richer;
  const command = [PYTHON, "bench/packets/values.py", path, String(SCAPY_PACKETS)];
  const ours: readonly Contestant[] = [
    contestant("made", richer, worker("values", "file", path)),
    contestant("one thread", richer, worker("visited", "file", path)),
    contestant("two threads", richer, worker("visited", "threads", path)),
  ];
  await inTurns(ours, hasScapy ? contestant("Scapy", { path, count: SCAPY_PACKETS }, command) : undefined);
}

async function succeeds(command: readonly string[]): Promise<boolean> {
  return runProcess(command).then(
    () => true,
    () => false,
  );
}

/** Sets of one, ten and a hundred queries. */
async function queriesAtOnce({ path, count }: Capture): Promise<void> {
  print(`\nqueries at once, ${millions(count)} packets in memory, best of 3 passes, with the record walk:`);
  const ten = SAMPLE_QUERIES.slice(0, 10);
  const singles: Measured[] = [];
  const matchers: Measured[] = [];
  for (const text of ten) {
    singles.push(await measure("set", path, text));
    matchers.push(await measure("match", path, text));
  }
  const [one, matcher] = [meanOf(singles), meanOf(matchers)];
  print(`  1: ${one.toFixed(0)} ns a packet, mean of ten kinds (${singles.map(nanosecondsOf).join(" ")})`);
  print(`  1 without a set: ${matcher.toFixed(0)} ns a packet (${matchers.map(nanosecondsOf).join(" ")})`);
  for (const texts of [ten, SAMPLE_QUERIES]) {
    const { nanoseconds, count: hits } = await measure("set", path, ...texts);
    const separately = singles.reduce((sum, each) => sum + each.count, 0);
    if (texts === ten && hits !== separately)
      throw new Error(`${hits} matches at once, ${separately} one by one`);
    const times = (each: number): string => ((texts.length * each) / nanoseconds).toFixed(1);
    const quicker = `${times(one)} times quicker than one after the other, ${times(matcher)} without sets`;
    print(`  ${texts.length}: ${nanoseconds.toFixed(0)} ns a packet, ${quicker}`);
  }
}

function meanOf(all: readonly Measured[]): number {
  return all.reduce((sum, { nanoseconds }) => sum + nanoseconds, 0) / all.length;
}

/** Steps one by one. */
async function alone(small: Capture, rich: Capture): Promise<void> {
  print("\nns a packet in memory, best of 3 passes, all with the record walk:");
  const lines: readonly (readonly [string, string, Capture, ...string[]])[] = [
    ["record walk alone", "walk", small],
    [`match '${QUERY}'`, "match", small, QUERY],
    ["lazy layers: packet.layer(Udp)", "udp", small],
    ["layers with DNS names: packet.get(Dns)", "dns", small],
    ["all values, simple packets", "values", small],
    ["all values, rich packets", "values", rich],
    ["all values visited, rich packets", "visited", rich],
  ];
  for (const [title, mode, { path }, ...texts] of lines)
    print(`  ${title.padEnd(40)} ${nanosecondsOf(await measure(mode, path, ...texts)).padStart(6)}`);
}

/** What the tools hold at most. */
async function memory(captures: readonly Capture[]): Promise<void> {
  print("\npeak of resident memory (flat):");
  const tools = { filter: [QUERY], read: ["--fields", "ip.src"] };
  for (const [tool, args] of Object.entries(tools)) {
    const peaks: string[] = [];
    for (const { path, count } of captures) {
      const command = ["bin/parley", "packets", tool, path, ...args];
      const { peakBytes, seconds } = await runProcess(command, { isSilent: true, watchesMemory: true });
      const peak = peakBytes === 0 ? "unknown" : `${(peakBytes / 2 ** 20).toFixed(0)} MiB`;
      peaks.push(`${millions(count)} packets ${peak} (${seconds.toFixed(1)} s)`);
    }
    print(`  parley packets ${tool} ${args.join(" ")}: ${peaks.join(", ")}`);
  }
}

function worker(...args: readonly string[]): readonly string[] {
  return nodeCommand("bench/packets/worker.ts", ...args);
}

async function measure(mode: string, path: string, ...texts: readonly string[]): Promise<Measured> {
  return JSON.parse((await runProcess(worker(mode, "memory", path, ...texts))).stdout) as Measured;
}

function nanosecondsOf({ nanoseconds }: Measured): string {
  return nanoseconds.toFixed(0);
}

function millions(count: number): string {
  return count >= 1e6 ? `${count / 1e6} M` : `${count / 1e3} k`;
}

function rate(perSecond: number): string {
  return perSecond >= 1e6 ? `${(perSecond / 1e6).toFixed(2)} M/s` : `${(perSecond / 1e3).toFixed(1)} k/s`;
}

/** The median and all values. */
function list(values: readonly number[]): string {
  const digits = median(values) < 10 ? 2 : 0;
  return `${median(values).toFixed(digits)} (${values.map((each) => each.toFixed(digits)).join(" ")})`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
