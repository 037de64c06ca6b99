// Runs inside a network namespace: every case of packet sockets on the real machine, in both modes. Prints what failed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { systemHost } from "#system/host.ts";
import { PACKET_CASES } from "./packet-cases.ts";
import type { PacketPlace } from "./packet-place.ts";

const host = systemHost();
const ip = (command: string): void => void execFileSync("ip", command.split(" "));
execFileSync("sysctl", ["-qw", "net.ipv6.conf.default.disable_ipv6=1"]);

const place: PacketPlace = {
  a: { host, interface: "va" },
  b: { host, interface: "vb" },
  until: async (done, what) => {
    const limit = performance.now() + 5_000;
    while (!done()) {
      assert.ok(performance.now() < limit, `never came: ${what}`);
      await sleep(1);
    }
  },
  pass: async (durationMs) => void (await sleep(durationMs)),
  removeA: () => ip("link del va"),
};

const failures: string[] = [];
let count = 0;
for (const mode of ["latency", "bulk"] as const) {
  for (const [name, run] of Object.entries(PACKET_CASES)) {
    ip("link add va type veth peer name vb");
    for (const each of ["va", "vb"]) ip(`link set ${each} up arp off`);
    try {
      await run(place, mode);
      count++;
    } catch (error) {
      failures.push(`${name} (${mode}): ${error instanceof Error ? error.stack : String(error)}`);
    }
    if (!name.includes("goes away")) ip("link del va");
  }
}
process.stdout.write(JSON.stringify({ count, failures }));
// A socket that a failed case left open would keep the process.
process.exit(0);
