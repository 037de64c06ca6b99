import assert from "node:assert/strict";
import type { Lab, Program } from "./live.ts";
import { ip, type Namespace } from "./namespace.ts";

/** Hosts in a row from home, whose middle ones forward: 10.80.I.1 and 10.80.I.2 are the ends of cable I. */
export async function row(lab: Lab, count: number): Promise<Namespace[]> {
  const hosts = [lab.home, ...Array.from({ length: count - 1 }, () => lab.space())];
  const pairs = hosts.slice(1).map((host, i) => [hosts[i]!, host] as const);
  await Promise.all(
    pairs.map(([left, right], i) =>
      lab.cable([left, "right", `10.80.${i}.1/24`], [right, "left", `10.80.${i}.2/24`]),
    ),
  );
  for (const [i, host] of hosts.entries()) {
    const isEnd = i === 0 || i === count - 1;
    if (!isEnd) host.run("sysctl", "-qw", "net.ipv4.ip_forward=1");
    for (let net = 0; net < count - 1; net++) {
      const [via, link] = net >= i ? [`10.80.${i}.2`, "right"] : [`10.80.${i - 1}.1`, "left"];
      if (net !== i && net !== i - 1)
        ip("-n", host.name, "route", "add", `10.80.${net}.0/24`, "via", via, "dev", link);
    }
  }
  return hosts;
}

/** What a machine tells, without times. */
export async function told(program: Promise<Program>): Promise<string[]> {
  const { status, stdout } = await (await program).ended();
  assert.equal(status, 0, stdout);
  return stdout
    .trim()
    .split("\n")
    .map((line) => line.replace(/"ms":\d+(\.\d{1,3})?}/, '"ms":…}'));
}
