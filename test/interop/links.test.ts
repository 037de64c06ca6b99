import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namespaceTest } from "./namespace.ts";

namespaceTest(
  "interfaces are seen as the kernel has them: soon, a thousand at once, and after an overflow",
  [],
  (space) => {
    const text = space.run(
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      "test/interop/links-watcher.ts",
    );
    const results = JSON.parse(text) as {
      readonly latencies: Readonly<Record<string, readonly number[]>>;
      readonly thousand: Readonly<{ told: number; removed: number; created: string[]; deleted: string[] }>;
      readonly overflow: Readonly<{ resyncs: number; differences: string[]; after: string[] }>;
    };
    for (const [kind, times] of Object.entries(results.latencies)) {
      const median = [...times].sort((a, b) => a - b)[times.length >> 1]!;
      assert.ok(median < 100, `${kind}: ${median} ms`);
    }
    const { thousand, overflow } = results;
    assert.deepEqual([thousand.created, thousand.deleted], [[], []]);
    assert.ok(thousand.told >= 1_000 && thousand.removed === 1_000, JSON.stringify(thousand));
    assert.deepEqual([overflow.differences, overflow.after], [[], []]);
    assert.ok(overflow.resyncs > 0, "the buffer was to overflow");
  },
);

namespaceTest("show interfaces | json agrees with ip -j addr", [], async (space) => {
  const folder = mkdtempSync(join(tmpdir(), "parley-interop-"));
  const socket = join(folder, "parleyd.sock");
  space.run(
    "sh",
    "-c",
    "ip link add va type veth peer name vb && ip link set va up && ip addr add 10.1.2.3/24 brd + dev va",
  );
  space.run("sh", "-c", "ip addr add 10.9.0.1 peer 10.9.0.2/32 dev vb");
  const args = ["netns", "exec", space.name, "bin/parleyd", "--until-stdin-ends"];
  const settings = ["-s", `node.data=${folder}/data`, "-s", `api.socket=${socket}`];
  const daemon = spawn("ip", [...args, ...settings], { stdio: ["pipe", "pipe", "inherit"] });
  try {
    for await (const line of daemon.stdout) if (String(line).includes("service: links")) break;
    const ours = JSON.parse(
      space.run("bin/parley", "--socket", socket, "-c", "show interfaces | json"),
    ) as Entry[];
    const theirs = JSON.parse(space.run("ip", "-j", "addr")) as Entry[];
    assert.deepEqual(ours.map(comparable), theirs.map(comparable));
    assert.equal(ours.length, 3);
  } finally {
    daemon.stdin.end();
    if (daemon.exitCode === null) await once(daemon, "exit");
    rmSync(folder, { recursive: true, force: true });
  }
});

type Entry = Readonly<Record<string, unknown>> & {
  readonly addr_info: readonly Readonly<Record<string, unknown>>[];
};

/** All that both tell; ip adds queueing, groups and lifetimes. */
function comparable(entry: Entry) {
  const { ifindex, ifname, flags, mtu, operstate, link_type, address, broadcast, addr_info } = entry;
  const addresses = addr_info.map(({ family, local, address, prefixlen, broadcast, scope }) => ({
    family,
    local,
    address,
    prefixlen,
    broadcast,
    scope,
  }));
  // M-DOWN is no flag of this interface but ip's remark on the other end.
  const own = (flags as readonly string[]).filter((flag) => flag !== "M-DOWN");
  return { ifindex, ifname, flags: own, mtu, operstate, link_type, address, broadcast, addresses };
}
