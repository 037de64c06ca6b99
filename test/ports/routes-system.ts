// Runs inside a network namespace: every case of routing tables on the real machine, and its overflow. Prints what failed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LinuxKernelTable } from "#system/linux/routes.ts";
import { loadNative } from "#system/linux/native.ts";
import { systemHost } from "#system/host.ts";
import { ROUTES_CASES } from "./routes-cases.ts";
import { OPTIONS, type RoutesPlace } from "./routes-place.ts";

const ip = (command: string): void => void execFileSync("ip", command.split(" "));

const place: RoutesPlace = {
  host: systemHost(),
  until: async (done, what) => {
    for (const limit = performance.now() + 5_000; !(await done()); await sleep(2))
      assert.ok(performance.now() < limit, `never came: ${what}`);
  },
  index: (name) => {
    if (!readdirSync("/sys/class/net").includes(name)) return -1;
    return Number(readFileSync(`/sys/class/net/${name}/ifindex`, "utf8"));
  },
  down: (name) => ip(`link set ${name} down`),
  up: (name) => ip(`link set ${name} up`),
  addAddress: (name, prefix) => ip(`addr add ${prefix} dev ${name}`),
  removeAddress: (name, prefix) => ip(`addr del ${prefix} dev ${name}`),
  removeLink: (name) => ip(`link del ${name}`),
  addRoute: (prefix, metric, gateway) => {
    const to = gateway === undefined ? `blackhole ${prefix}` : `${prefix} via ${gateway}`;
    ip(`route add ${to} metric ${metric} proto 188`);
  },
  removeRoute: (prefix, metric) => ip(`route del ${prefix} metric ${metric}`),
};

const failures: string[] = [];
let count = 0;
for (const [name, run] of [...Object.entries(ROUTES_CASES), ["overflow", overflow] as const]) {
  for (const [one, other, net] of [
    ["va", "vb", 1],
    ["vc", "vd", 2],
  ] as const) {
    ip(`link add ${one} type veth peer name ${other}`);
    ip(`link set ${one} up`);
    ip(`link set ${other} up`);
    ip(`addr add 10.${net}.0.1/24 dev ${one}`);
  }
  try {
    await run(place);
    count++;
  } catch (error) {
    failures.push(`${name}: ${error instanceof Error ? error.stack : String(error)}`);
  }
  for (const each of ["va", "vc"]) if (place.index(each) > 0) ip(`link del ${each}`);
  execFileSync("sh", ["-c", "ip route flush table 254; ip route flush table 1000 2>/dev/null || true"]);
}
process.stdout.write(JSON.stringify({ count, failures }));
// A socket that a failed case left open would keep the process.
process.exit(0);

/** Nobody reads while others do more than the buffer holds. */
async function overflow(): Promise<void> {
  let [lost, told] = [0, 0];
  const handlers = {
    changed: (changes: readonly unknown[]) => void (told += changes.length),
    lost: () => void lost++,
  };
  const table = new LinuxKernelTable(loadNative(), OPTIONS, handlers, 4_096);
  const lines = Array.from(
    { length: 300 },
    (_, i) => `route add blackhole 10.77.${i >> 4}.${(i & 15) * 16}/28`,
  );
  execFileSync("ip", ["-batch", "-"], { input: lines.join("\n") });
  await place.until(() => lost > 0, "the overflow is told");
  assert.ok(told < 300, `${told} of 300 fitted`);
  assert.equal((await table.list(3)).length, 300);
  // It goes on.
  place.addRoute("10.9.0.0/24", 0);
  const before = told;
  await place.until(() => told > before, "the next change is told");
  table.close();
}
