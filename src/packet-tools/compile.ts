import { OperatorError } from "#base/operator-error.ts";
import { explainBpf, type ExplainedBpf } from "#packet/bpf/compile.ts";
import { sureSource } from "#packet/bpf/sure.ts";
import { formatInstruction } from "#packet/bpf/format.ts";
import { testText } from "#packet/bpf/words.ts";
import type { Checked } from "#packet/query/checked.ts";
import type { Query } from "#packet/query/query.ts";
import { readArguments } from "#packet-tools/arguments.ts";
import { Output } from "#packet-tools/output.ts";
import { firstOf, queryOf } from "#packet-tools/queries.ts";
import { standardRegistry } from "#wire/registry.ts";

const USAGE = `Usage: parley packets compile QUERY [--bpf | --js] [--link-type N]

Shows what becomes of a query: the filter that runs in the kernel and takes every packet that the
query may select, with what each instruction is for, and the JavaScript that then decides: of
packets that are written to a file, first a short check that knows of most that they are selected.

      --bpf           only the filter
      --js            only the JavaScript
      --link-type N   of packets that start so: 1 is Ethernet (when not said), 101 is IP alone
      --snap N        for a capture that keeps N bytes of a packet
`;

const OPTIONS = {
  bpf: { type: "boolean" },
  js: { type: "boolean" },
  "link-type": { type: "string" },
  snap: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** `parley packets compile`. */
export async function runCompile(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("compile", args, OPTIONS, { least: 0, most: 1_000 });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const registry = standardRegistry();
  const query = queryOf(registry, positionals);
  if (!query)
    throw new OperatorError("a query is needed", "parley packets compile 'udp.port == 53'", {
      exitStatus: 2,
    });
  const linkType = numberOf("link-type", values["link-type"]) ?? ETHERNET;
  const snapLength = numberOf("snap", values.snap);
  const first = firstOf(registry, linkType);
  if (first === registry.fallback)
    throw new OperatorError(`link type ${linkType} is not known`, "1 is Ethernet, 101 is IP alone", {
      exitStatus: 2,
    });
  const output = new Output(process.stdout);
  const both = values.bpf === values.js;
  if (both || values.bpf) {
    const explained = explainBpf(registry, query, first, snapLength === undefined ? {} : { snapLength });
    for (const line of bpfLines(explained, query)) output.line(line);
  }
  if (both) output.line("");
  if (both || values.js) {
    const sure = sureSource(registry, query, first);
    if (sure !== undefined) {
      output.line(
        "// Before the query, of many packets (i up to n): the number of the first that it may not select.",
      );
      for (const line of sure.split("\n")) output.line(line);
      output.line("");
    }
    output.line(
      "// b: bytes, start, stop: where the packet lies in them. 1: yes, 0: no, -1: ask the thorough way.",
    );
    for (const line of query.source(first).split("\n")) output.line(line);
  }
  await output.drained();
  return 0;
}

const ETHERNET = 1;

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^\d{1,5}$/.test(text))
    throw new OperatorError(`--${option} needs a number, not "${text}"`, "such as 1", { exitStatus: 2 });
  return Number(text);
}

/** The filter as tcpdump -d shows it, with comments, and in words where it takes more than the query. */
export function bpfLines({ program, notes, doubts, leftOut }: ExplainedBpf, query: Query): string[] {
  const lines = program.map((each, at) => {
    const text = formatInstruction(each, at).replace("\t", " ");
    return notes[at] ? `${text.padEnd(NOTES_AT)} ; ${notes[at]}` : text;
  });
  const count = `${program.length} instruction${program.length === 1 ? "" : "s"}`;
  lines.push("", program.length === 1 ? `${count}: nothing that a filter could tell apart` : count);
  if (leftOut.length > 0) lines.push(`left out, for the filter would be too long: ${leftOut.join("; ")}`);
  const all = testsOf(query.checked);
  const dubious = new Map<string, string[]>();
  for (const [why, tests] of doubts) {
    const which = tests.length === all.size && all.size > 1 ? "every test" : tests.join("; ");
    dubious.set(which, [...(dubious.get(which) ?? []), why]);
  }
  for (const [tests, reasons] of dubious) {
    lines.push("", `only maybe, and taken: ${tests}`);
    for (const why of groupedReasons(reasons)) lines.push(`  ${why}`);
  }
  if (dubious.size > 0) lines.push("", "The query itself decides about these packets.");
  return lines;
}

const NOTES_AT = 44;

/** "IPv4 behind GRE" and "IPv4 behind ICMP" as one. */
function groupedReasons(reasons: readonly string[]): string[] {
  const groups = new Map<string, string[]>();
  for (const reason of reasons) {
    const [inside, below] = reason.split(" behind ");
    groups.set(inside!, [...(groups.get(inside!) ?? []), ...(below === undefined ? [] : [below])]);
  }
  return [...groups].map(([inside, below]) =>
    below.length > 0 ? `${inside} behind ${below.join(", ")}` : inside,
  );
}

function testsOf(checked: Checked, found = new Set<string>()): Set<string> {
  switch (checked.type) {
    case "and":
    case "or":
    case "xor":
      testsOf(checked.left, found);
      return testsOf(checked.right, found);
    case "not":
      return testsOf(checked.of, found);
    default:
      return found.add(testText(checked));
  }
}
