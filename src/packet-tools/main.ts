import { OperatorError } from "#base/operator-error.ts";
import { quickImports } from "#packet-tools/quick-imports.ts";

const USAGE = `Usage: parley packets TOOL …

  read FILE [QUERY]          one line for each packet; --tree, --json, --fields A,B
  filter FILE QUERY          count packets, or write them to another file with -w OUT
  show FILE NUMBER           one packet with all fields and bytes
  protocols [NAME]           the protocols, or the fields of one
  compile QUERY              the filter in the kernel and the JavaScript that a query becomes
  convert IN OUT             pcap, pcapng, and recordings of a node to pcapng
  capture IF [QUERY]         packets as they come, shown or written with -w FILE
  replay FILE IF             send a file's packets, in its own time or as fast as they go
  send IF EXPR               build a packet and send it; --wait shows the answers
  respond IF FILE.ts         run a responder or a machine of your own

FILE is pcap or pcapng, also compressed by gzip; "-" is standard input. QUERY has the syntax
of Wireshark's display filters: 'udp.port == 53 and ip.src == 192.0.2.0/24'.
parley packets TOOL --help says more.
`;

/** `parley packets …`: tools that need no daemon. Resolves with the exit status. */
export async function runPackets(args: readonly string[]): Promise<number> {
  const [tool, ...rest] = args;
  quickImports();
  switch (tool) {
    case undefined:
    case "-h":
    case "--help":
      process.stdout.write(USAGE);
      return tool === undefined ? 2 : 0;
    case "read":
      return (await import("#packet-tools/read.ts")).runRead(rest);
    case "filter":
      return (await import("#packet-tools/filter.ts")).runFilter(rest);
    case "show":
      return (await import("#packet-tools/show.ts")).runShow(rest);
    case "protocols":
      return (await import("#packet-tools/protocols.ts")).runProtocols(rest);
    case "compile":
      return (await import("#packet-tools/compile.ts")).runCompile(rest);
    case "convert":
      return (await import("#packet-tools/convert.ts")).runConvert(rest);
    case "capture":
      return (await import("#packet-tools/capture.ts")).runCapture(rest);
    case "replay":
      return (await import("#packet-tools/replay.ts")).runReplay(rest);
    case "send":
      return (await import("#packet-tools/send.ts")).runSend(rest);
    case "respond":
      return (await import("#packet-tools/respond.ts")).runRespond(rest);
    default:
      throw new OperatorError(`there is no tool "${tool}"`, "parley packets --help lists them", {
        exitStatus: 2,
      });
  }
}
