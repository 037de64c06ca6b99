import { styleText } from "node:util";
import { OperatorError } from "#base/operator-error.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import { hexText } from "#packet/primitive.ts";
import { packetTree } from "#packet/show.ts";
import { standardRegistry } from "#wire/registry.ts";
import { COUNT, readArguments } from "#packet-tools/arguments.ts";
import { readCapture } from "#packet-tools/capture-source.ts";
import { Output } from "#packet-tools/output.ts";
import { firstOf } from "#packet-tools/queries.ts";
import { reportProblem } from "#packet-tools/report-problem.ts";

const USAGE = `Usage: parley packets show FILE NUMBER [--field NAME]

One packet whole: its layers and fields, each with its bytes, and all bytes below, coloured by layer.

      --field NAME   mark the bytes of a field or a protocol, such as ip.ttl
`;

const OPTIONS = { field: { type: "string" }, help: { type: "boolean", short: "h" } } as const;

/** `parley packets show`. */
export async function runShow(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("show", args, OPTIONS, { least: 0, most: 2 });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [file, number] = positionals;
  if (file === undefined || number === undefined)
    throw new OperatorError("a file and a packet's number are needed", "parley packets show FILE 12", {
      exitStatus: 2,
    });
  if (!COUNT.test(number))
    throw new OperatorError(`"${number}" is no packet's number`, "they count from 1, as read shows them", {
      exitStatus: 2,
    });
  const wanted = Number(number);
  const registry = standardRegistry();
  let lines: string[] | undefined;
  const problem = await readCapture(file, ({ reader, frame }) => {
    if (reader.number < wanted) return true;
    const { bytes, start, stop } = reader;
    const packet = new Packet(registry, firstOf(registry, reader.linkType), bytes.slice(start, stop), {
      originalLength: frame.length,
    });
    lines = packetLines(packet, values.field, process.stdout.hasColors?.() ?? false);
    return false;
  });
  if (!lines) {
    reportProblem(problem);
    throw new OperatorError(`${file} has no packet ${number}`, "parley packets read lists them");
  }
  const output = new Output(process.stdout);
  for (const line of lines) output.line(line);
  await output.drained();
  return 0;
}

/** The tree and the bytes of a packet; colours, or brackets around the marked bytes. */
export function packetLines(packet: Packet, field: string | undefined, colours: boolean): string[] {
  const marked = field === undefined ? [] : factsOf(packet).filter(({ query }) => query === field);
  if (field !== undefined && marked.length === 0)
    throw new OperatorError(
      `this packet has no field ${field}`,
      "without --field all of its fields are shown",
    );
  const { layers } = packet;
  const layerAt = (at: number): number =>
    layers.findLastIndex((layer) => at >= layer.start && at < layer.headerEnd);
  const tree = packetTree(packet).map(({ depth, text, query, start, end }) => {
    const place = end > start ? ` [${start}${end - start > 1 ? `-${end - 1}` : ""}]` : "";
    const name = query === undefined ? "" : ` (${query})`;
    const line = `${"  ".repeat(depth)}${text}`;
    return colours
      ? styleText(colourOf(layerAt(start)), line) + styleText("dim", name + place)
      : line + name + place;
  });
  const isMarked = (at: number): boolean => marked.some(({ start, end }) => at >= start && at < end);
  return [...tree, "", ...hexLines(packet, layerAt, isMarked, colours)];
}

const COLOURS = ["cyan", "yellow", "green", "magenta", "blue"] as const;

function colourOf(layer: number): "white" | (typeof COLOURS)[number] {
  return layer < 0 ? "white" : COLOURS[layer % COLOURS.length]!;
}

function hexLines(
  { bytes }: Packet,
  layerAt: (at: number) => number,
  isMarked: (at: number) => boolean,
  colours: boolean,
): string[] {
  const lines: string[] = [];
  for (let row = 0; row < bytes.length; row += 16) {
    let hex = "";
    let text = "";
    for (let at = row; at < row + 16; at++) {
      const isThere = at < bytes.length;
      const marked = isThere && isMarked(at);
      const digits = isThere ? hexText(bytes, at, at + 1) : "  ";
      const letter = !isThere
        ? ""
        : bytes[at]! >= 0x20 && bytes[at]! < 0x7f
          ? String.fromCharCode(bytes[at]!)
          : ".";
      const before = marked && !isMarked(at - 1) ? "[" : !marked && at > row && isMarked(at - 1) ? "]" : " ";
      const paint = (each: string): string =>
        marked ? styleText("inverse", each) : styleText(colourOf(layerAt(at)), each);
      hex += colours && isThere ? ` ${paint(digits)}` : `${colours ? " " : before}${digits}`;
      text += colours && isThere ? paint(letter) : letter;
      if (at % 16 === 7) hex += " ";
    }
    const closing = !colours && isMarked(Math.min(row + 15, bytes.length - 1)) ? "]" : " ";
    lines.push(`${row.toString(16).padStart(4, "0")} ${hex}${closing} ${text}`.trimEnd());
  }
  return lines;
}
