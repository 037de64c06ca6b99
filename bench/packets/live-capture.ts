import { rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { median } from "../median.ts";
import { INTERFACE, type LiveLab, type Used } from "./live-lab.ts";
import { print, rate, verdict } from "./live-rows.ts";
import { ASKED_PORTS, writeUniformCapture } from "./uniform-capture.ts";

const ROUNDS = 3;

interface Case {
  readonly frameBytes: number;
  readonly asked: keyof typeof QUERIES;
  /** A second; undefined: as fast as it goes. */
  readonly pace: number | undefined;
  readonly packets: number;
}

/** Ours, and the other's. */
const QUERIES = {
  "no query": ["", ""],
  "one query": ["udp.port == 53", "udp port 53"],
  "100 queries": [
    ASKED_PORTS.map((port) => `udp.port == ${port}`).join(" or "),
    ASKED_PORTS.map((port) => `udp port ${port}`).join(" or "),
  ],
} as const;

const CASES: readonly Case[] = [
  { frameBytes: 64, asked: "no query", pace: 100_000, packets: 1_000_000 },
  { frameBytes: 64, asked: "no query", pace: 300_000, packets: 2_000_000 },
  { frameBytes: 64, asked: "no query", pace: undefined, packets: 20_000_000 },
  { frameBytes: 64, asked: "one query", pace: undefined, packets: 5_000_000 },
  { frameBytes: 64, asked: "100 queries", pace: undefined, packets: 5_000_000 },
  { frameBytes: 1_500, asked: "no query", pace: 50_000, packets: 500_000 },
  { frameBytes: 1_500, asked: "no query", pace: 150_000, packets: 1_000_000 },
  { frameBytes: 1_500, asked: "no query", pace: undefined, packets: 1_000_000 },
  { frameBytes: 1_500, asked: "one query", pace: undefined, packets: 1_000_000 },
  { frameBytes: 1_500, asked: "100 queries", pace: undefined, packets: 1_000_000 },
];

interface Captured {
  readonly sent: number;
  readonly captured: number;
  readonly dropped: number;
  readonly used: Used;
  readonly pace: number;
}

/** What a capture to a file costs, and what it loses. */
export async function measureCaptures(lab: LiveLab, folder: string, scale: number): Promise<void> {
  print(
    `\ncapture to a file: parley packets capture -w, tcpdump -w (its own buffer of 2 MiB, ours of 8 MiB);`,
  );
  print(
    "CPU is user and system of the process without its start, and in parentheses with it, ns for each packet captured",
  );
  for (const each of CASES) await measureCase(lab, folder, scale, each);
}

async function measureCase(lab: LiveLab, folder: string, scale: number, each: Case): Promise<void> {
  const source = join(folder, `frames-${each.frameBytes}.pcap`);
  const inFile = each.frameBytes === 64 ? 50_000 : 10_000;
  writeUniformCapture(source, each.frameBytes, inFile);
  const loops = Math.max(1, Math.round((each.packets * scale) / inFile));
  const rounds = scale < 1 ? 1 : ROUNDS;
  const [ours, theirs]: [Captured[], Captured[]] = [[], []];
  for (let round = 0; round < rounds; round++)
    for (const [program, list] of [
      ["parley", ours],
      ["tcpdump", theirs],
    ] as const)
      list.push(await captureOnce(lab, folder, program, each, source, loops));
  const pace = rate(median([...ours, ...theirs].map((one) => one.pace)));
  print(
    `  ${each.frameBytes} bytes, ${each.asked}, ${each.pace === undefined ? "as fast as it goes, " : ""}${pace}:`,
  );
  for (const [name, list] of [
    ["parley", ours],
    ["tcpdump", theirs],
  ] as const) {
    const costs = median(list.map(steadyCost)).toFixed(0);
    const whole = median(list.map(wholeCost)).toFixed(0);
    const drops = list.map((one) => one.dropped).join(" ");
    print(
      `    ${name.padEnd(8)} ${list[0]!.captured} of ${list[0]!.sent}, dropped ${drops}; CPU ${costs} ns (${whole} ns)`,
    );
  }
  const ratios = (cost: (one: Captured) => number) => ours.map((one, i) => cost(one) / cost(theirs[i]!));
  print(
    `    CPU ratio ${verdict(ratios(steadyCost), { most: 1 })}; with the start ${verdict(ratios(wholeCost), { most: 1 })}`,
  );
  const isWorse = ours.some((one, i) => one.dropped > 0 && theirs[i]!.dropped === 0);
  print(`    drops where tcpdump has none: ${isWorse ? "yes: NOT MET" : "none: met"}`);
}

async function captureOnce(
  lab: LiveLab,
  folder: string,
  program: "parley" | "tcpdump",
  { asked, pace }: Case,
  source: string,
  loops: number,
): Promise<Captured> {
  const path = join(folder, "captured.pcap");
  const [query, filter] = QUERIES[asked];
  const command =
    program === "parley"
      ? ["bin/parley", "packets", "capture", INTERFACE, "-w", path, ...(query === "" ? [] : [query])]
      : ["tcpdump", "-n", "-i", INTERFACE, "-w", path, ...(filter === "" ? [] : [filter])];
  const before = lab.received("b");
  const live = await lab.start("b", command, /capturing on|listening on/);
  const speed = pace === undefined ? ["-t"] : [`--pps=${pace}`];
  const report = await lab.run("a", [
    "tcpreplay",
    ...speed,
    "-K",
    `--loop=${loops}`,
    "-i",
    INTERFACE,
    source,
  ]);
  // tcpdump's last block is not ready before a second has passed.
  await sleep(1_200);
  const { text, used } = await live.end();
  rmSync(path);
  const sent = lab.received("b") - before;
  const captured = numberIn(text, /(\d+) packets captured/);
  const dropped = numberIn(text, /(\d+)(?: packets)? dropped/);
  return { sent, captured, dropped, used, pace: numberIn(report, /([\d.]+) pps/) };
}

/** ns for each packet. */
function wholeCost({ used, captured }: Captured): number {
  return (used.seconds * 1e9) / captured;
}

function steadyCost({ used, captured }: Captured): number {
  return ((used.seconds - used.startSeconds) * 1e9) / captured;
}

export function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`no ${pattern} in: ${text}`);
  return Number(found);
}
