import { explainBpf } from "#packet/bpf/compile.ts";
import { Query } from "#packet/query/query.ts";
import { standardRegistry } from "#wire/registry.ts";

/** Queries that a program could ask together, by their number. */
const SHAPES: Readonly<Record<string, (i: number) => string>> = {
  "udp.port": (i) => `udp.port == ${1_000 + i}`,
  "ip.addr": (i) => `ip.addr == 10.${i}.3.${i}`,
  "ipv6.addr": (i) => `ipv6.addr == 2001:db8:${i}::${i}`,
  "ip.src and udp.port": (i) => `ip.src == 10.0.${i}.1 and udp.port == ${1_000 + i}`,
  "address and port, each way": (i) =>
    `(ip.src == 10.0.0.${i} and tcp.srcport == ${i + 1}) or (ip.dst == 10.0.0.${i} and tcp.dstport == ${i + 1})`,
  mixed: (i) =>
    [
      `udp.port == ${1_000 + i}`,
      `ip.addr == 10.${i}.3.${i}`,
      `tcp.dstport == ${i} and ip.src == 10.0.0.${i}`,
      `eth.src == 02:00:00:00:00:${10 + (i % 90)}`,
      `icmp.type == ${i}`,
    ][i % 5]!,
  "not any port": (i) => `not udp.port == ${1_000 + i}`,
};

const ORDINARY = ["udp.port == 53", "ip.addr == 10.0.0.0/8 && tcp.flags.syn == 1", "not tcp.port == 22"];

/** Processor time that it takes to compile kernel filters, the first time and later, and how long they become. */
export async function run(): Promise<void> {
  const registry = standardRegistry();
  const ethernet = registry.find("linktype", 1)!;
  const line = (what: string, texts: readonly string[], all = false): void => {
    const queries = texts.map((text) => new Query(registry, text));
    const query = all ? new Query(registry, texts.map((text) => `(${text})`).join(" and ")) : queries;
    const times: number[] = [];
    let size = "";
    for (let i = 0; i < RUNS; i++) {
      const start = process.threadCpuUsage();
      const { program, leftOut } = explainBpf(registry, query, ethernet);
      const { user, system } = process.threadCpuUsage(start);
      times.push((user + system) / 1_000);
      size = `${program.length} instructions${leftOut.length > 0 ? `, ${leftOut.length} tests left out` : ""}`;
    }
    const [first, least] = [times[0]!, Math.min(...times)].map((time) => time.toFixed(1).padStart(7));
    console.log(`${what.padEnd(48)} first ${first} ms, least ${least} ms, ${size}`);
  };
  for (const text of ORDINARY) line(text, [text]);
  for (const [what, make] of Object.entries(SHAPES))
    for (const count of [1, 10, 100])
      line(
        `${String(count).padStart(3)} × ${what}`,
        Array.from({ length: count }, (_, i) => make(i)),
        what.startsWith("not"),
      );
}

const RUNS = 5;
