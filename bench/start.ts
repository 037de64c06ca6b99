import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "./median.ts";

const RUNS = 15;

/** From fork to ready for parleyd, and whole processes of `parley -c "show version"`; medians, beside bare Node. */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
  try {
    const ready: number[] = [];
    const shown: number[] = [];
    const bare: number[] = [];
    for (let i = 0; i < RUNS + 2; i++) {
      const times = await oneRun(folder);
      if (i < 2) continue; // fills the compile cache
      ready.push(times.ready);
      shown.push(times.shown);
      bare.push(await whole(process.execPath, ["-e", "0"]));
    }
    print(`parleyd ready (whisper and api on): median ${median(ready).toFixed(0)} ms of ${RUNS} (bar 250)`);
    print(
      `parley -c "show version", whole process: median ${median(shown).toFixed(0)} ms of ${RUNS} (bar 250)`,
    );
    print(`node -e 0, whole process: median ${median(bare).toFixed(0)} ms`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function oneRun(folder: string): Promise<{ ready: number; shown: number }> {
  const socket = join(folder, "parleyd.sock");
  const settings = [
    `node.data=${join(folder, "data")}`,
    `api.socket=${socket}`,
    "whisper.listen=127.0.0.1:0",
  ];
  const begin = performance.now();
  const daemon = spawn(
    "bin/parleyd",
    settings.flatMap((each) => ["-s", each]),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let text = "";
  while (!text.includes("listening on")) text += String((await once(daemon.stdout, "data"))[0]);
  const ready = performance.now() - begin;
  // The first connection loads what the next ones find ready.
  await whole("bin/parley", ["--socket", socket, "-c", "show version"]);
  const shown = await whole("bin/parley", ["--socket", socket, "-c", "show version"]);
  daemon.kill("SIGTERM");
  await once(daemon, "exit");
  return { ready, shown };
}

async function whole(command: string, args: readonly string[]): Promise<number> {
  const begin = performance.now();
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
  return performance.now() - begin;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
