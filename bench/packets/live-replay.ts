import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { median, quantile } from "../median.ts";
import { numberIn } from "./live-capture.ts";
import { INTERFACE, type LiveLab } from "./live-lab.ts";
import { print, rate, verdict } from "./live-rows.ts";
import { writeSimpleCapture } from "./simple-capture.ts";
import { writeUniformCapture } from "./uniform-capture.ts";

const ROUNDS = 5;
const PACE = 10_000;

/** The same file as fast as it goes. */
export async function measureReplay(lab: LiveLab, folder: string, scale: number): Promise<void> {
  const path = join(folder, "mixed.pcap");
  const count = Math.round(1_000_000 * scale);
  writeSimpleCapture(path, count);
  print(
    `\nreplay of ${count} packets of 60 to 155 bytes twice, as fast as it goes; lost: sent and not at the other end`,
  );
  const tools = {
    parley: ["bin/parley", "packets", "replay", path, INTERFACE, "--top", "--loop", "2"],
    tcpreplay: ["tcpreplay", "-t", "-K", "--loop=2", "-i", INTERFACE, path],
  };
  const rates: Record<keyof typeof tools, number[]> = { parley: [], tcpreplay: [] };
  const lost: Record<keyof typeof tools, number[]> = { parley: [], tcpreplay: [] };
  for (let round = 0; round < (scale < 1 ? 1 : ROUNDS); round++)
    for (const name of ["parley", "tcpreplay"] as const) {
      const before = lab.received("b");
      const report = await lab.run("a", tools[name]);
      rates[name].push(numberIn(report, name === "parley" ? /(\d+) packets\/s/ : /([\d.]+) pps/));
      lost[name].push(2 * count - (lab.received("b") - before));
    }
  for (const name of ["parley", "tcpreplay"] as const)
    print(`    ${name.padEnd(9)} ${rate(median(rates[name]))}, lost ${lost[name].join(" ")}`);
  print(
    `    ratio ${verdict(
      rates.parley.map((each, i) => each / rates.tcpreplay[i]!),
      { least: 1.2 },
    )}`,
  );
}

/** When packets leave, by the timestamps of the kernel at the other end. */
export async function measureTiming(lab: LiveLab, folder: string, scale: number): Promise<void> {
  const path = join(folder, "paced.pcap");
  const count = Math.max(5_000, Math.round(50_000 * scale));
  writeUniformCapture(path, 64, count);
  print(
    `\nreplay of ${count} packets at ${PACE} a second: distance from the schedule (whose start is the median's), µs`,
  );
  const tools = {
    parley: ["bin/parley", "packets", "replay", path, INTERFACE, "--pps", String(PACE)],
    tcpreplay: ["tcpreplay", `--pps=${PACE}`, "-K", "-i", INTERFACE, path],
  };
  for (let round = 0; round < (scale < 1 ? 1 : 3); round++)
    for (const name of ["parley", "tcpreplay"] as const) {
      const captured = join(folder, "paced-captured.pcap");
      const precise = ["--time-stamp-precision=nano", "-B", "65536", "-w", captured];
      const live = await lab.start("b", ["tcpdump", "-n", "-i", INTERFACE, ...precise], /listening on/);
      await lab.run("a", tools[name]);
      await sleep(1_200);
      const { text } = await live.end();
      const errors = errorsOf(readFileSync(captured));
      const at = (share: number): string => quantile(errors, share).toFixed(1).padStart(7);
      const lost = count - errors.length;
      print(
        `    ${name.padEnd(9)} p50 ${at(0.5)}, p99 ${at(0.99)}, largest ${at(1)}; lost ${lost}, ${numberIn(text, /(\d+) packets dropped/)} dropped by tcpdump`,
      );
    }
}

/** µs, without sign, of each packet of a capture with nanoseconds. */
function errorsOf(bytes: Buffer): number[] {
  const late: number[] = [];
  const first = bytes.length > 24 ? bytes.readUInt32LE(24) : 0;
  for (let at = 24; at + 16 <= bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) {
    const microseconds = (bytes.readUInt32LE(at) - first) * 1e6 + bytes.readUInt32LE(at + 4) / 1e3;
    late.push(microseconds - (late.length * 1e6) / PACE);
  }
  const middle = median(late);
  return late.map((each) => Math.abs(each - middle));
}
