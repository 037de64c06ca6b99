import { readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

/** A process, and not whichever got its number after it. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Ticks from the machine's start to its own, /proc/PID/stat; 0 where there is no /proc. */
  readonly startTime: number;
}

/** Undefined when it has ended, also when nobody has waited for it yet. */
export function identify(pid: number): ProcessIdentity | undefined {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    return process.platform !== "linux" && isThere(pid) ? { pid, startTime: 0 } : undefined;
  }
  // The name in parentheses may hold anything; what follows the last one are fields from the third on.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return fields[0] === "Z" || fields[0] === "X" ? undefined : { pid, startTime: Number(fields[19]) };
}

export function isRunning({ pid, startTime }: ProcessIdentity): boolean {
  return identify(pid)?.startTime === startTime;
}

/** Sends a signal, unless it has ended meanwhile. */
export function signalProcess(which: ProcessIdentity, signal: NodeJS.Signals): void {
  if (!isRunning(which)) return;
  try {
    process.kill(which.pid, signal);
  } catch {
    // It ended just now.
  }
}

/** Ends processes, in order where `signal` is SIGTERM, and by force those that still run after `limitMs`. */
export async function endProcesses(
  all: readonly ProcessIdentity[],
  signal: "SIGTERM" | "SIGKILL",
  limitMs: number,
): Promise<void> {
  const names = all.map(({ pid }) => nameOf(pid));
  for (const each of all) signalProcess(each, signal);
  if (!(await untilEnded(all, limitMs))) {
    for (const each of all) signalProcess(each, "SIGKILL");
    await untilEnded(all, FORCE_MS);
  }
  for (const [i, { pid }] of all.entries()) removeTraces(names[i]!, pid);
}

/** Other processes whose network is that of the namespaces: they are the lab's, whoever started them. */
export function processesIn(namespaces: readonly string[]): ProcessIdentity[] {
  const wanted = new Set(namespaces.map(networkOf).filter((network) => network !== undefined));
  if (wanted.size === 0) return [];
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || name === `${process.pid}`) return [];
    // Before looking where it is: should the number pass to another in between, the other has another start.
    const identity = identify(Number(name));
    const network = identity && linkOf(`/proc/${name}/ns/net`);
    return network !== undefined && wanted.has(network) ? [identity!] : [];
  });
}

async function untilEnded(all: readonly ProcessIdentity[], limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (all.some(isRunning)) {
    if (performance.now() > end) return false;
    await pause(POLL_MS);
  }
  return true;
}

/** "net:[4026531840]". */
function networkOf(namespace: string): string | undefined {
  try {
    // What is mounted there has no link to read; its number is that of the link.
    const { ino } = statSync(join(NAMESPACES, namespace));
    return `net:[${ino}]`;
  } catch {
    return undefined;
  }
}

function linkOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

function nameOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

/** FRR's programs leave a folder with what they logged last, when they are ended by force. */
function removeTraces(name: string, pid: number): void {
  if (FRR_NAMES.has(name)) rmSync(`/var/tmp/frr/${name}.${pid}`, { recursive: true, force: true });
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Where `ip netns` has them. */
export const NAMESPACES = "/run/netns";
const FRR_NAMES: ReadonlySet<string> = new Set(["zebra", "staticd", "ospfd"]);
const FORCE_MS = 2_000;
const POLL_MS = 20;
