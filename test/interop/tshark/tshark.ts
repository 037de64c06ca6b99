import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";

/** Preferences under which tshark takes every packet for itself, as Parley's queries do. */
const ALONE = [
  "ip.defragment:FALSE",
  "ipv6.defragment:FALSE",
  "tcp.desegment_tcp_streams:FALSE",
  "tcp.analyze_sequence_numbers:FALSE",
  "tcp.relative_sequence_numbers:FALSE",
].flatMap((preference) => ["-o", preference]);

function tshark(file: string, args: readonly string[]): string {
  const ran = spawnSync("tshark", ["-n", "-r", file, ...ALONE, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    timeout: 60_000,
  });
  if (ran.status !== 0) throw new Error(`tshark ${args.join(" ")}: ${ran.stderr}`);
  return ran.stdout;
}

/** One frame as tshark sees it: every field's values, in their order. */
export type FrameFields = ReadonlyMap<string, readonly string[]>;

/** All fields of all frames, from -T json --no-duplicate-keys. */
export function tsharkFields(file: string): FrameFields[] {
  const frames = JSON.parse(tshark(file, ["-T", "json", "--no-duplicate-keys"])) as {
    _source: { layers: Record<string, unknown> };
  }[];
  return frames.map(({ _source }) => {
    const fields = new Map<string, string[]>();
    collect(_source.layers, fields);
    return fields;
  });
}

function collect(value: unknown, into: Map<string, string[]>, key = ""): void {
  if (Array.isArray(value)) for (const each of value) collect(each, into, key);
  else if (typeof value === "object" && value !== null)
    for (const [name, each] of Object.entries(value)) collect(each, into, name);
  else {
    const values = into.get(key) ?? [];
    values.push(String(value));
    into.set(key, values);
  }
}

/** The numbers of the frames that a display filter selects. */
export async function tsharkNumbers(file: string, filter: string): Promise<number[]> {
  const args = ["-n", "-r", file, ...ALONE, "-Y", filter, "-T", "fields", "-e", "frame.number"];
  const { stdout } = await promisify(execFile)("tshark", args, { maxBuffer: 1 << 28, timeout: 60_000 });
  return stdout.trim() === "" ? [] : stdout.trim().split("\n").map(Number);
}

/** Whether tsharkSelections can ask for a query: its list is one of commas, and its packets have other times. */
export function isForAll(filter: string): boolean {
  return !/,|frame\.time/.test(filter);
}

/**
 * The numbers of the frames that each of many display filters selects, by one run: statistics of every second of a file
 * whose packets are a second apart, the first at 0 s. Frames whose link header is cut are in no statistics.
 */
export function tsharkSelections(file: string, filters: readonly string[]): ReadonlyMap<string, number[]> {
  const output = tshark(file, ["-q", "-z", `io,stat,1,${filters.join(",")}`]);
  const selections = filters.map((): number[] => []);
  for (const line of output.split("\n")) {
    const row = /^\| *(\d+) <> *\w+ \|(.*)\|$/.exec(line);
    if (!row) continue;
    // Frames and bytes, for each filter.
    const counts = row[2]!.split("|").map(Number);
    if (counts.length !== 2 * filters.length) throw new Error(`${counts.length} columns: ${line}`);
    for (const [i, numbers] of selections.entries()) if (counts[2 * i]! > 0) numbers.push(Number(row[1]) + 1);
  }
  return new Map(filters.map((filter, i) => [filter, selections[i]!]));
}
