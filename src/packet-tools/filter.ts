import { OperatorError } from "#base/operator-error.ts";
import type { Matcher } from "#packet/query/query.ts";
import { readArguments } from "#packet-tools/arguments.ts";
import type { CaptureCopy } from "#packet-tools/capture-copy.ts";
import { readCapture } from "#packet-tools/capture-source.ts";
import { Output } from "#packet-tools/output.ts";
import { firstOf, loadQuery } from "#packet-tools/queries.ts";
import { reportProblem } from "#packet-tools/report-problem.ts";

const USAGE = `Usage: parley packets filter FILE QUERY [-w OUT] [--numbers]

Counts the packets that the query selects.

  -w, --write OUT    write them to a file: .pcap or .pcapng by its name, also .gz behind it
      --numbers      print their numbers, one a line, instead of the count
`;

const OPTIONS = {
  write: { type: "string", short: "w" },
  numbers: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** `parley packets filter`. */
export async function runFilter(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments("filter", args, OPTIONS, { least: 0, most: 1_000 });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const [file, ...words] = positionals;
  const { registry, query } = await loadQuery(words);
  if (file === undefined || !query)
    throw new OperatorError("a file and a query are needed", "parley packets filter FILE QUERY", {
      exitStatus: 2,
    });
  const output = new Output(process.stdout);
  const copy = values.write === undefined ? undefined : await openCopy(values.write);
  let count = 0;
  let linkType = -1;
  let match: Matcher = () => false;
  const read = (): Promise<string | undefined> =>
    readCapture(
      file,
      ({ reader, frame }) => {
        if (reader.linkType !== linkType) {
          linkType = reader.linkType;
          match = query.matcher(firstOf(registry, linkType));
        }
        if (!match(reader.bytes, reader.start, reader.stop, frame)) return;
        count++;
        if (values.numbers) output.line(String(reader.number));
        copy?.packet(reader);
      },
      copy && ((block) => copy.block(block)),
    );
  let problem: string | undefined;
  try {
    problem = await read();
    copy?.close();
  } catch (error) {
    copy?.abandon();
    throw error;
  }
  if (!values.numbers) output.line(String(count));
  await output.drained();
  return reportProblem(problem);
}

async function openCopy(path: string): Promise<CaptureCopy> {
  return (await import("#packet-tools/capture-copy.ts")).CaptureCopy.open(path);
}
