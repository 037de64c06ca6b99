import { readFileSync } from "node:fs";
import { explain } from "#base/operator-error.ts";
import { failed, ok, warning, type Finding } from "#doctor/finding.ts";

/** What of the machine a node stands on: the runtime, what the process may do, what the kernel offers. */
export async function checkMachine(): Promise<readonly Finding[]> {
  const status = readText("/proc/self/status");
  return [
    checkNode(process.versions.node),
    ...checkCapabilities(status),
    await checkInterfaces(),
    checkBuffers(Number(readText("/proc/sys/net/core/rmem_max")), has(status, NET_ADMIN)),
  ];
}

export function checkNode(version: string): Finding {
  const text = `Node ${version} (${process.execPath})`;
  if (Number(version.split(".")[0]) >= OLDEST_NODE) return ok("node", text);
  return failed("node", text, `Parley needs Node ${OLDEST_NODE}; run npm ci, which brings its own`);
}

/** `status` is /proc/self/status; empty where there is none. */
export function checkCapabilities(status: string): Finding[] {
  if (effectiveOf(status) === undefined)
    return [warning("capabilities", "not known: this is no Linux", "routing and live packets need Linux")];
  return CAPABILITIES.map(({ name, bit, purpose }) => {
    if (has(status, bit)) return ok("capabilities", `${name}, for ${purpose}`);
    return warning(
      "capabilities",
      `${name} is missing: no ${purpose}`,
      `AmbientCapabilities=${name} in the systemd unit, or run parleyd as root`,
    );
  });
}

function has(status: string, bit: number): boolean {
  return (((effectiveOf(status) ?? 0n) >> BigInt(bit)) & 1n) === 1n;
}

function effectiveOf(status: string): bigint | undefined {
  const text = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1];
  return text === undefined ? undefined : BigInt(`0x${text}`);
}

async function checkInterfaces(): Promise<Finding> {
  if (process.platform !== "linux")
    return warning(
      "interfaces",
      "are looked at every second here",
      "on Linux the kernel announces their changes",
    );
  try {
    (await import("#system/linux/probe.ts")).probeNetlink();
    return ok("interfaces", "the kernel announces their changes (rtnetlink through node:ffi)");
  } catch (error) {
    return failed(
      "interfaces",
      `rtnetlink does not work: ${explain(error)}`,
      "use the Node that npm ci installs",
    );
  }
}

/** Raw sockets get bursts; only with CAP_NET_ADMIN may their buffers be larger than the limit. */
export function checkBuffers(limit: number, mayExceed: boolean): Finding {
  if (!(limit > 0))
    return warning("buffers", "the limit of receive buffers is not known", "nothing to do elsewhere");
  const text = `the limit of receive buffers is ${limit} bytes`;
  if (limit >= WANTED_BUFFER) return ok("buffers", text);
  if (mayExceed) return ok("buffers", `${text}; CAP_NET_ADMIN goes beyond it`);
  return warning(
    "buffers",
    `${text}: bursts of packets are lost`,
    `sysctl net.core.rmem_max=${WANTED_BUFFER}`,
  );
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

const OLDEST_NODE = 26;
const WANTED_BUFFER = 8 * 1024 * 1024;
/** Bits of include/uapi/linux/capability.h. */
const NET_ADMIN = 12;
const CAPABILITIES = [
  { name: "CAP_NET_BIND_SERVICE", bit: 10, purpose: "ports below 1024" },
  { name: "CAP_NET_ADMIN", bit: NET_ADMIN, purpose: "routes and large buffers" },
  { name: "CAP_NET_RAW", bit: 13, purpose: "OSPF and live packets" },
] as const;
