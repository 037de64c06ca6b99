import { median, quantile } from "../median.ts";
import { INTERFACE, type LiveLab } from "./live-lab.ts";
import { print } from "./live-rows.ts";

const ROUNDS = 5;
const WARM_UP = 500;
const OURS = "10.78.0.77";
const KERNELS = "10.78.0.2";

/** How long a ping takes that our responder answers, and one that the kernel answers. */
export async function measureResponder(lab: LiveLab, scale: number): Promise<void> {
  const count = Math.max(200, Math.round(2_000 * scale));
  print(
    `\nping -i 0.002, ${count} of each in turns, µs there and back: examples/packets/icmp-echo.ts, and the kernel`,
  );
  const file = "examples/packets/icmp-echo.ts";
  const command = ["bin/parley", "packets", "respond", INTERFACE, file, `address=${OURS}`];
  const live = await lab.start(
    "b",
    ["sh", "-c", 'echo starting >&2; exec "$@"', "sh", ...command],
    /starting/,
  );
  await ping(lab, OURS, WARM_UP);
  const times: Record<"parley" | "kernel", { p50: number[]; p99: number[]; lost: number }> = {
    parley: { p50: [], p99: [], lost: 0 },
    kernel: { p50: [], p99: [], lost: 0 },
  };
  for (let round = 0; round < (scale < 1 ? 1 : ROUNDS); round++)
    for (const [name, address] of [
      ["parley", OURS],
      ["kernel", KERNELS],
    ] as const) {
      const found = await ping(lab, address, count);
      times[name].p50.push(quantile(found, 0.5));
      times[name].p99.push(quantile(found, 0.99));
      times[name].lost += count - found.length;
    }
  await live.end();
  for (const name of ["parley", "kernel"] as const) {
    const { p50, p99, lost } = times[name];
    print(`    ${name.padEnd(9)} p50 ${list(p50)}, p99 ${list(p99)}; lost ${lost}`);
  }
  const ratio = (part: "p50" | "p99"): string =>
    median(times.parley[part].map((each, i) => each / times.kernel[part][i]!)).toFixed(1);
  print(`    ratio p50 ${ratio("p50")}, p99 ${ratio("p99")}`);
}

/** µs of each that was answered. */
async function ping(lab: LiveLab, address: string, count: number): Promise<number[]> {
  const text = await lab.run("a", ["ping", "-n", "-i", "0.002", "-c", String(count), "-W", "1", address]);
  return [...text.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms) * 1_000);
}

function list(values: readonly number[]): string {
  return `${median(values).toFixed(0)} (${values.map((each) => each.toFixed(0)).join(" ")})`;
}
