import { OperatorError } from "#base/operator-error.ts";
import { safeText } from "#base/safe-text.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import { nearestNames } from "#packet/query/nearest.ts";
import { frameValues, type Frame } from "#packet/query/frame.ts";
import type { QueryField } from "#packet/query-field.ts";
import { protocolsOf } from "#packet/query/evaluate.ts";
import { packetTree } from "#packet/show.ts";
import type { Registry } from "#packet/registry.ts";
import { standardRegistry } from "#wire/registry.ts";
import { countOf, readArguments } from "#packet-tools/arguments.ts";
import { readCapture } from "#packet-tools/capture-source.ts";
import { factText, packetJson } from "#packet-tools/json.ts";
import { Output } from "#packet-tools/output.ts";
import { firstOf, queryOf } from "#packet-tools/queries.ts";
import { reportProblem } from "#packet-tools/report-problem.ts";
import { rowOf, rowPrinter, secondsText } from "#packet-tools/row.ts";

const USAGE = `Usage: parley packets read FILE [QUERY] [--tree | --json | --fields NAME,…] [--count N]

One line for each packet that the query selects: number, seconds since the first, source,
destination, protocol, and what it is about.

      --tree         every field of every layer, with its value
      --json         a line of JSON for each packet
      --fields A,B   the values of these fields, separated by tabs
      --count N      stop after N packets
`;

const OPTIONS = {
  tree: { type: "boolean" },
  json: { type: "boolean" },
  fields: { type: "string" },
  count: { type: "string" },
  help: { type: "boolean", short: "h" },
} as const;

/** `parley packets read`. */
export async function runRead(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("read", args, OPTIONS, {
    least: args.length === 0 ? 1 : 0,
    most: 1_000,
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [file, ...words] = positionals;
  if (file === undefined)
    throw new OperatorError("a file is missing", "parley packets read FILE", { exitStatus: 2 });
  const registry = standardRegistry();
  const query = queryOf(registry, words);
  const print = printer(registry, values);
  const most = countOf("count", values.count);
  const output = new Output(process.stdout);
  let count = 0;
  const problem = await readCapture(
    file,
    ({ reader, frame }) => {
      const first = firstOf(registry, reader.linkType);
      const { bytes, start, stop } = reader;
      if (query && !query.matcher(first)(bytes, start, stop, frame)) return true;
      const packet = new Packet(registry, first, bytes, { start, stop, originalLength: frame.length });
      output.line(print(packet, frame));
      return ++count < most;
    },
    undefined,
    () => output.drained(),
  );
  await output.drained();
  return reportProblem(problem);
}

function printer(
  registry: Registry,
  values: { readonly tree?: boolean; readonly json?: boolean; readonly fields?: string },
): (packet: Packet, frame: Frame) => string {
  if ([values.tree, values.json, values.fields].filter((each) => each !== undefined).length > 1)
    throw new OperatorError("--tree, --json and --fields exclude each other", "choose one", {
      exitStatus: 2,
    });
  if (values.json) return packetJson;
  if (values.tree) return treeText;
  if (values.fields === undefined) {
    const print = rowPrinter();
    return (packet, frame) => print(rowOf(packet, frame));
  }
  const names = values.fields
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0)
    throw new OperatorError("--fields names no field", "such as --fields ip.src,udp.port", { exitStatus: 2 });
  const fields = names.map((name) => {
    const field = registry.queryFields.get(name);
    if (field) return field;
    const near = nearestNames(name, registry.queryFields.keys());
    const remedy =
      near.length > 0 ? `did you mean ${near.join(", ")}?` : "parley packets protocols lists the names";
    throw new OperatorError(`there is no field ${safeText(name)}`, remedy, { exitStatus: 2 });
  });
  return (packet, frame) => fieldsText(packet, frame, fields);
}

function fieldsText(packet: Packet, frame: Frame, fields: readonly QueryField[]): string {
  const facts = factsOf(packet, fields);
  return fields
    .map(({ name }) => {
      if (name === "frame") return "1";
      if (name === "frame.protocols") return protocolsOf(packet.layers);
      if (name.startsWith("frame.time") || name === "frame.offset_shift")
        return frameValues(frame, name)
          .map((value) => secondsText(value as bigint))
          .join(",");
      if (name.startsWith("frame."))
        return frameValues(frame, name)
          .map((value) => safeText(String(value)))
          .join(",");
      return facts
        .filter(({ query }) => query === name)
        .map(factText)
        .join(",");
    })
    .join("\t");
}

function treeText(packet: Packet, frame: Frame): string {
  const head = `Packet ${frame.number}: ${frame.length} bytes${
    frame.capturedLength < frame.length ? `, ${frame.capturedLength} captured` : ""
  }`;
  const lines = packetTree(packet).map(({ depth, text }) => `${"  ".repeat(depth + 1)}${text}`);
  return `${[head, ...lines].join("\n")}\n`;
}
