import { OperatorError } from "#base/operator-error.ts";
import { readArguments } from "#packet-tools/arguments.ts";
import { CaptureCopy } from "#packet-tools/capture-copy.ts";
import { readCapture } from "#packet-tools/capture-source.ts";
import { reportProblem } from "#packet-tools/report-problem.ts";
import { convertRecording, isRecording } from "#packet-tools/recording.ts";

const USAGE = `Usage: parley packets convert IN OUT

Writes a capture file in the format that OUT's name says: .pcap or .pcapng, with .gz behind it compressed.
IN may also be a node's recording; its datagrams and connections become packets.
`;

/** `parley packets convert`. */
export async function runConvert(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(
    "convert",
    args,
    { help: { type: "boolean", short: "h" } },
    { least: 0, most: 2 },
  );
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [from, to] = positionals;
  if (from === undefined || to === undefined)
    throw new OperatorError("two files are needed", "parley packets convert IN OUT", { exitStatus: 2 });
  if (from !== "-" && (await isRecording(from))) return convertRecording(from, to);
  const copy = CaptureCopy.open(to);
  try {
    const problem = await readCapture(
      from,
      ({ reader }) => copy.packet(reader),
      (block) => copy.block(block),
    );
    copy.close();
    return reportProblem(problem);
  } catch (error) {
    copy.abandon();
    throw error;
  }
}
