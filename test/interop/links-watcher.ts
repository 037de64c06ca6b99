// Runs inside a network namespace: changes interfaces with ip, and measures what the interface monitor sees of it.
import { execFileSync, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { formatAddress } from "#base/address.ts";
import type { Link } from "#host/links.ts";
import { NetlinkMonitor } from "#system/linux/links.ts";

const results = { latencies: await latencies(), thousand: await thousand(), overflow: await overflow() };
process.stdout.write(`${JSON.stringify(results)}\n`);

/** ms from the start of an ip command to the change it makes, by kind of change. */
async function latencies(): Promise<Record<string, number[]>> {
  const times: Record<string, number[]> = {};
  const seen = new Map<string, Link | undefined>();
  const monitor = await NetlinkMonitor.open((changes) => {
    for (const { type, link } of changes) seen.set(link.name, type === "removed" ? undefined : link);
  });
  const timed = async (kind: string, command: string, done: () => boolean): Promise<void> => {
    const began = performance.now();
    spawn("ip", command.split(" "), { stdio: "inherit" });
    while (!done()) {
      if (performance.now() - began > 5_000) throw new Error(`never seen: ip ${command}`);
      await sleep(1);
    }
    (times[kind] ??= []).push(performance.now() - began);
  };
  for (let i = 0; i < 15; i++) {
    await timed("link added", "link add va type veth peer name vb", () => seen.has("va") && seen.has("vb"));
    await timed("link up", "link set va up", () => seen.get("va")!.up);
    await timed("carrier", "link set vb up", () => seen.get("va")!.running);
    await timed("address added", "addr add 10.1.2.3/24 dev va", () => hasAddress(seen.get("va"), "10.1.2.3"));
    await timed(
      "address removed",
      "addr del 10.1.2.3/24 dev va",
      () => !hasAddress(seen.get("va"), "10.1.2.3"),
    );
    await timed(
      "link removed",
      "link del va",
      () => seen.get("va") === undefined && seen.get("vb") === undefined,
    );
    seen.clear();
  }
  monitor.close();
  return times;
}

function hasAddress(link: Link | undefined, text: string): boolean {
  return link?.addresses.some(({ address }) => formatAddress(address) === text) ?? false;
}

/** A thousand interfaces come and go at once: differences to ip afterwards, and how many were told of. */
async function thousand() {
  let [told, removed] = [0, 0];
  const monitor = await NetlinkMonitor.open((changes) => {
    for (const { type } of changes)
      if (type === "removed") removed++;
      else told++;
  });
  // Each pair is two interfaces.
  const pairs = Array.from({ length: 500 }, (_, i) => i);
  const add = (i: number): string => `link add d${i} type veth peer name e${i}`;
  const address = (i: number): string => `addr add 10.${i >> 8}.${i & 255}.1/24 dev d${i}`;
  await batch(pairs.map((i) => `${add(i)}\n${address(i)}`));
  const created = await settledDifferences(monitor, 1_001);
  await batch(pairs.map((i) => `link del d${i}`));
  const deleted = await settledDifferences(monitor, 1);
  monitor.close();
  return { told, removed, created, deleted };
}

/** The buffer is tiny and nobody reads while much happens. */
async function overflow() {
  const monitor = await NetlinkMonitor.open(() => {}, 4_096);
  const pairs = Array.from({ length: 100 }, (_, i) => i);
  const text = pairs.map((i) => `link add o${i} type veth peer name p${i}\nlink set o${i} up`).join("\n");
  execFileSync("ip", ["-batch", "-"], { input: text });
  const differences = await settledDifferences(monitor, 201);
  await batch(pairs.map((i) => `link del o${i}`));
  const after = await settledDifferences(monitor, 1);
  monitor.close();
  return { resyncs: monitor.resyncs, differences, after };
}

function batch(lines: readonly string[]): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn("ip", ["-batch", "-"], { stdio: ["pipe", "inherit", "inherit"] });
    child.on("exit", () => resolve());
    child.stdin.end(lines.join("\n"));
  });
}

/** What the monitor and `ip -j addr` say differently, once the monitor has seen so many interfaces, or after a while. */
async function settledDifferences(monitor: NetlinkMonitor, count: number): Promise<string[]> {
  for (let i = 0; i < 500 && monitor.links().length !== count; i++) await sleep(10);
  let differences: string[] = [];
  for (let i = 0; i < 50; i++) {
    differences = differ(monitor.links().map(textOf), listed());
    if (differences.length === 0) break;
    await sleep(20);
  }
  return differences.slice(0, 10);
}

function differ(ours: readonly string[], theirs: readonly string[]): string[] {
  const [own, other] = [new Set(ours), new Set(theirs)];
  return [
    ...ours.filter((line) => !other.has(line)).map((line) => `ours: ${line}`),
    ...theirs.filter((line) => !own.has(line)).map((line) => `ip: ${line}`),
  ];
}

function textOf({ index, name, mtu, flags, addresses }: Link): string {
  const texts = addresses.map(({ address, prefixLength }) => `${formatAddress(address)}/${prefixLength}`);
  return `${index} ${name} ${mtu} ${[...flags].sort().join(",")} ${texts.sort().join(" ")}`;
}

interface Listed {
  readonly ifindex: number;
  readonly ifname: string;
  readonly mtu: number;
  readonly flags: readonly string[];
  readonly addr_info: readonly { readonly local: string; readonly prefixlen: number }[];
}

function listed(): string[] {
  const text = execFileSync("ip", ["-j", "addr"], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
  return (JSON.parse(text) as Listed[]).map(({ ifindex, ifname, mtu, flags, addr_info }) => {
    const addresses = addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`);
    // M-DOWN is no flag of this interface but ip's remark on the other end.
    const own = flags.filter((flag) => flag !== "M-DOWN");
    return `${ifindex} ${ifname} ${mtu} ${own.sort().join(",")} ${addresses.sort().join(" ")}`;
  });
}
