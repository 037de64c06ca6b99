import assert from "node:assert/strict";
import { liveTest } from "./live.ts";
import { row, told } from "./live-row.ts";
import { ip } from "./namespace.ts";

liveTest("traceroute finds the way through three routers, by UDP and ICMP", ["ping"], async (lab) => {
  const [, first, second] = await row(lab, 5);
  ip("-n", second!.name, "route", "add", "unreachable", "10.80.9.0/24");
  ip("-n", first!.name, "route", "add", "10.80.9.0/24", "via", "10.80.1.2");
  // What the kernel knows, so that what is tested is ours.
  assert.equal((await lab.run(lab.home, "ping", "-c1", "-W5", "10.80.3.2")).status, 0);
  const trace = (address: string, target: string, ...options: readonly string[]) => {
    const all = [`address=${address}`, "gateway=10.80.0.2", `target=${target}`, ...options];
    return told(lab.respond("right", "traceroute", ...all));
  };
  const [udp, icmp, near, unreachable] = await Promise.all([
    trace("10.80.0.7", "10.80.3.2"),
    trace("10.80.0.8", "10.80.3.2", "method=icmp"),
    trace("10.80.0.9", "10.80.3.2", "hops=2"),
    trace("10.80.0.10", "10.80.9.9"),
  ]);
  const hop = (number: number, address: string): string => `${number} ${address} {"ms":…}`;
  const routers = [hop(1, "10.80.0.2"), hop(2, "10.80.1.2"), hop(3, "10.80.2.2")];
  const whole = [
    "resolving -> probing",
    ...routers,
    hop(4, "10.80.3.2"),
    "probing -> arrived",
    'arrived {"hops":4}',
    "done: arrived",
  ];
  assert.deepEqual(udp, whole);
  assert.deepEqual(icmp, whole);
  assert.deepEqual(near.slice(-4), [routers[1], "probing -> too far", 'too far {"hops":2}', "done: too far"]);
  assert.deepEqual(unreachable.slice(1, 4), [routers[0], routers[1], "probing -> unreachable"]);
});

const HELLO = `ether(dst="01:00:5e:00:00:05")/ip(dst="224.0.0.5", ttl=1)
  /ospf(type=1, routerId="10.0.0.2", areaId="0.0.0.1", body={helloInterval: 1, routerDeadInterval: 2, routerPriority: 5})`;

liveTest("ospf-hello tells a neighbor whose Hellos come, and that it fell silent", [], async (lab) => {
  const other = lab.space();
  await lab.cable([lab.home, "p0"], [other, "p0", "10.77.0.2/24"]);
  const listener = await lab.respond("p0", "ospf-hello", "area=0.0.0.1");
  const sent = await lab.run(other, "bin/parley", "packets", "send", "p0", HELLO);
  assert.deepEqual([sent.status, sent.stdout], [0, ""], sent.stderr);
  await listener.saw(/^neighbor 10\.77\.0\.2, router 10\.0\.0\.2 .*"deadSeconds":2,"priority":5/m);
  await listener.saw(/^neighbor 10\.77\.0\.2 is silent {"routerId":"10\.0\.0\.2","deadSeconds":2}$/m);
  const { status, stdout, stderr } = await listener.interrupt();
  assert.equal(status, 0);
  assert.match(stdout, /^alone -> watching$/m);
  assert.match(stderr, /1 packets seen, 1 matched, 0 sent/);
});
