import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { namespaceTest, type Namespace } from "./namespace.ts";

const SECTION = {
  static: [
    { prefix: "10.9.0.0/24", via: "10.1.0.2" },
    { prefix: "10.9.1.0/24", via: "10.1.0.2" },
    { prefix: "10.9.1.0/24", via: "10.2.0.2" },
    { prefix: "10.9.2.0/24", interface: "vc" },
    { prefix: "10.9.3.0/24", blackhole: true },
    { prefix: "10.9.4.0/24", via: "192.0.2.9", interface: "vc" },
    { prefix: "10.9.5.0/24", via: "203.0.113.1" },
  ],
};

/** As `ip` has them, with protocol and metric. */
const INSTALLED = [
  "10.9.0.0/24 10.1.0.2@va",
  "10.9.1.0/24 10.1.0.2@va 10.2.0.2@vc",
  "10.9.2.0/24 @vc",
  "10.9.3.0/24 blackhole",
  "10.9.4.0/24 192.0.2.9@vc!",
];

const FOREIGN = ["10.7.0.0/24 blackhole", "10.8.0.0/24 10.1.0.7@va"];

namespaceTest(
  "static routes are what the kernel has, through failures, a crash and a restart",
  ["sysctl"],
  async (space) => {
    wire(space);
    // By an administrator and by another daemon, with our metric.
    space.run("ip", "route", "add", "blackhole", "10.7.0.0/24", "metric", "20");
    space.run("ip", "route", "add", "10.8.0.0/24", "via", "10.1.0.7", "proto", "188", "metric", "20");
    const folder = mkdtempSync(join(tmpdir(), "parley-routes-"));
    let daemon = await start(space, folder);
    try {
      assert.deepEqual(await kernel(space), INSTALLED);
      space.run("ip", "link", "set", "vc", "down");
      await until(async () => (await kernel(space)).length === 3, "the routes go with their link");
      assert.deepEqual(await kernel(space), [INSTALLED[0], "10.9.1.0/24 10.1.0.2@va", INSTALLED[3]]);
      const began = performance.now();
      space.run("ip", "link", "set", "vc", "up");
      await until(async () => (await kernel(space)).length === INSTALLED.length, "they come back with it");
      assert.ok(performance.now() - began < 2_000, "soon");
      await until(async () => sameTexts(await kernel(space), INSTALLED), "as they were");
      // A failure that nobody could see as it happened, after the one before has been looked at to its end.
      await new Promise((resolve) => setTimeout(resolve, 600));
      daemon.kill("SIGSTOP");
      space.run("ip", "link", "set", "vc", "down");
      space.run("ip", "link", "set", "vc", "up");
      await until(() => space.run("ip", "link", "show", "vc").includes("state UP"), "the link is as it was");
      assert.equal((await kernel(space)).length, 3);
      daemon.kill("SIGCONT");
      await until(async () => sameTexts(await kernel(space), INSTALLED), "they come back");
      space.run("ip", "addr", "del", "10.1.0.1/24", "dev", "va");
      await until(async () => !(await kernel(space)).includes(INSTALLED[0]!), "routes go with the address");
      space.run("ip", "addr", "add", "10.1.0.1/24", "dev", "va");
      await until(async () => sameTexts(await kernel(space), INSTALLED), "and come back with it");
      // The last address of an interface takes routes of others along, too.
      space.run("ip", "route", "add", "10.8.0.0/24", "via", "10.1.0.7", "proto", "188", "metric", "20");
      space.run("ip", "route", "del", "10.9.2.0/24");
      await until(
        async () => sameTexts(await kernel(space), INSTALLED),
        "what somebody takes away comes back",
      );
      checkShown(space, folder);

      daemon.kill("SIGKILL");
      await once(daemon, "exit");
      assert.deepEqual(await kernel(space), INSTALLED);
      space.run("ip", "route", "add", "10.9.9.0/24", "via", "10.1.0.2", "proto", "222", "metric", "20");
      space.run("ip", "route", "add", "10.9.9.0/24", "via", "10.1.0.2", "proto", "222", "metric", "77");
      space.run("ip", "route", "del", "10.9.3.0/24");
      daemon = await start(space, folder);
      assert.deepEqual(await kernel(space), INSTALLED);
      daemon.stdin!.end();
      await once(daemon, "exit");
      assert.deepEqual(await kernel(space), []);
      assert.deepEqual([...(await kernel(space, "boot")), ...(await kernel(space, "188"))], FOREIGN);
    } finally {
      daemon.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

namespaceTest(
  "50,000 routes go in and out, and nothing waits long meanwhile",
  ["sysctl"],
  (space, context) => {
    wire(space);
    const text = space.run(
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      "test/interop/routes-stress.ts",
    );
    const result = JSON.parse(text) as Readonly<Record<string, unknown>>;
    context.diagnostic(text);
    const { count, inKernel, whileDown, afterUp, left } = result;
    assert.deepEqual([inKernel, whileDown, afterUp, left], [count, 0, count, 0]);
    for (const phase of ["added", "restored", "deleted", "listed"]) {
      // Of the processor's time: what others take of it on a busy machine is not ours to mend.
      const { turnCpuMs } = result[phase] as { turnCpuMs: number };
      assert.ok(turnCpuMs < 100, `${phase}: nothing else for ${turnCpuMs} ms`);
    }
  },
);

/** va is 10.1.0.1/24, vc 10.2.0.1/24. */
function wire(space: Namespace): void {
  // Its addresses would tell of a failure that is over.
  space.run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1");
  for (const [one, other, net] of [
    ["va", "vb", 1],
    ["vc", "vd", 2],
  ] as const) {
    space.run("ip", "link", "add", one, "type", "veth", "peer", "name", other);
    for (const name of [one, other]) space.run("ip", "link", "set", name, "up");
    space.run("ip", "addr", "add", `10.${net}.0.1/24`, "dev", one);
  }
}

/** A daemon in the namespace that has done what it does at its start. */
async function start(space: Namespace, folder: string): Promise<ChildProcess> {
  const socket = join(folder, "parleyd.sock");
  const settings = [`node.data=${folder}/data`, `api.socket=${socket}`, `routes=${JSON.stringify(SECTION)}`];
  const args = ["netns", "exec", space.name, "bin/parleyd", "--until-stdin-ends"];
  const all = [...args, "-s", "node.log={default: debug}", ...settings.flatMap((each) => ["-s", each])];
  const daemon = spawn("ip", all, { stdio: ["pipe", "pipe", "inherit"] });
  let output = "";
  daemon.stdout.on("data", (data) => (output += String(data)));
  const isReady = (): boolean => output.includes("service routes is running") && existsSync(socket);
  await until(isReady, "the daemon starts").catch((error: unknown) => {
    daemon.kill("SIGKILL");
    throw new Error(`${String(error)}\n${output}`);
  });
  return daemon;
}

function checkShown(space: Namespace, folder: string): void {
  const socket = join(folder, "parleyd.sock");
  const parley = (line: string): string => space.run("bin/parley", "--socket", socket, "-c", line);
  const lines = parley("show ip route")
    .replaceAll(/, [\d:]+$/gm, "")
    .split("\n")
    .slice(3, -1);
  assert.deepEqual(lines, [
    "C>* 10.1.0.0/24 is directly connected, va",
    "C>* 10.2.0.0/24 is directly connected, vc",
    "K>* 10.7.0.0/24 [0/20] unreachable (blackhole)",
    "K>* 10.8.0.0/24 [0/20] via 10.1.0.7, va",
    "S>* 10.9.0.0/24 [1/0] via 10.1.0.2, va",
    "S>* 10.9.1.0/24 [1/0] via 10.1.0.2, va",
    "  *                   via 10.2.0.2, vc",
    "S>* 10.9.2.0/24 [1/0] is directly connected, vc",
    "S>* 10.9.3.0/24 [1/0] unreachable (blackhole)",
    "S>* 10.9.4.0/24 [1/0] via 192.0.2.9, vc",
    "S   10.9.5.0/24 [1/0] via 203.0.113.1 inactive",
  ]);
  assert.match(
    parley("show ip route 10.9.1.77"),
    /^Routing entry for 10\.9\.1\.0\/24\n {2}Known via "static"/,
  );
  const json = JSON.parse(parley("show ip route static | json")) as Record<string, { installed?: boolean }[]>;
  const installed = Object.keys(json).filter((prefix) => json[prefix]![0]!.installed);
  assert.deepEqual(
    installed,
    INSTALLED.map((text) => text.split(" ")[0]),
  );
}

interface Entry {
  readonly type?: string;
  readonly dst: string;
  readonly gateway?: string;
  readonly dev?: string;
  readonly flags?: readonly string[];
  readonly nexthops?: readonly Entry[];
}

/** The kernel's routes of a protocol as `ip` tells them. */
async function kernel(space: Namespace, protocol = "222"): Promise<string[]> {
  const entries = JSON.parse(space.run("ip", "-j", "route", "show", "proto", protocol)) as Entry[];
  const hop = ({ gateway = "", dev = "", flags = [] }: Entry): string =>
    `${gateway}@${dev}${flags.includes("onlink") ? "!" : ""}`;
  return entries.map((entry) => {
    const alive = entry.nexthops?.filter(({ flags = [] }) => !flags.includes("dead"));
    const hops = entry.type === "blackhole" ? ["blackhole"] : (alive ?? [entry]).map(hop);
    return [entry.dst, ...hops].join(" ");
  });
}

function sameTexts(a: readonly string[], b: readonly string[]): boolean {
  return a.join("\n") === b.join("\n");
}

async function until(done: () => boolean | Promise<boolean>, what: string): Promise<void> {
  for (const end = performance.now() + 20_000; !(await done());) {
    assert.ok(performance.now() < end, `never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
