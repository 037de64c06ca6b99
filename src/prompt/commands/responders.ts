import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { responderJson } from "#prompt/commands/show-packets.ts";
import { OperatorError } from "#base/operator-error.ts";
import { command } from "#prompt/grammar.ts";

const HELP = "Let the node answer packets";

export const responderStart = command<ParleyContext>()(
  "responder start <name:responder> <interface:interface> [options:text]",
  {
    help: [
      HELP,
      "Start a responder of the node's folder",
      "Name of the responder",
      "Where it listens and answers",
      "What it is told: KEY=VALUE KEY=VALUE",
    ],
    async run({ client }, { name, interface: interfaceName, options }, call) {
      const request = { name, interface: interfaceName, options: optionsOf(options ?? "") };
      const { responder } = await (await client()).packets.startResponder(request, call);
      return linesAnswer(responder && responderJson(responder), [`${name} answers on ${interfaceName}`]);
    },
  },
);

export const responderStop = command<ParleyContext>()(
  "responder stop <name:responder> [interface:interface]",
  {
    help: [HELP, "Stop a responder", "Name of the responder", "Only on this interface"],
    async run({ client }, { name, interface: interfaceName = "" }, call) {
      const request = { name, interface: interfaceName };
      const { stopped } = await (await client()).packets.stopResponder(request, call);
      return linesAnswer(
        stopped.map(responderJson),
        stopped.map((each) => `${each.name} on ${each.interface} is stopped`),
      );
    },
  },
);

/** "address=192.0.2.7 mac=02:00:00:00:00:01". Throws OperatorError for words that are none. */
function optionsOf(text: string): Record<string, string> {
  const words = text.split(/[ \t]+/).filter((word) => word !== "");
  return Object.fromEntries(
    words.map((word) => {
      const [, key, value] = /^([\w-]+)=(.*)$/.exec(word) ?? [];
      if (key === undefined) throw new OperatorError(`"${word}" is no option`, "write KEY=VALUE");
      return [key, value!];
    }),
  );
}
