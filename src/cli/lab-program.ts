import { OperatorError } from "#base/operator-error.ts";
import { safeText } from "#base/safe-text.ts";
import { labCommands } from "#cli/lab-commands.ts";
import { LabPrompts } from "#cli/lab-prompts.ts";
import { runRemote, type LabRequest } from "#cli/lab-remote.ts";
import { loadWidth } from "#cli/load-width.ts";
import { ConfigurationError } from "#config/problem.ts";
import { ControlServer, type ControlAnswer } from "#lab/control.ts";
import { prepareLab } from "#lab/lab.ts";
import type { RunningLab } from "#lab/running-lab.ts";
import { execute } from "#prompt/session.ts";
import { commandTree } from "#prompt/tree.ts";

/** `parley lab …`; resolves with the exit status once everything that it started has ended. */
export async function runLab(args: readonly string[]): Promise<number> {
  const [first] = args;
  if (first === undefined || first === "--help" || first === "-h") {
    process.stdout.write(USAGE);
    return 0;
  }
  const request = readRequest(args);
  if (request.verb !== "up") return runRemote(request);
  try {
    return await new LabKeeper().run(request.args[0]!);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    // Each line is a problem with its place and remedy.
    for (const line of error.message.split("\n")) process.stderr.write(`parley: ${safeText(line)}\n`);
    return error.exitStatus;
  }
}

/** Reads the arguments of `parley lab`. Throws OperatorError with exit status 2 for what they cannot mean. */
export function readRequest(args: readonly string[]): LabRequest {
  const wrong = (): never => {
    throw new OperatorError(`parley lab ${args.join(" ")}: not understood`, "see parley lab --help", {
      exitStatus: 2,
    });
  };
  let lab: string | undefined;
  let json = false;
  let at = 0;
  const takeOptions = (): void => {
    for (; args[at]?.startsWith("--"); at++) {
      if (args[at] === "--json") json = true;
      else if (args[at] === "--lab" && args[at + 1]) lab = args[++at];
      else wrong();
    }
  };
  takeOptions();
  const verb = args[at++] ?? wrong();
  const count = COUNTS.get(verb) ?? wrong();
  takeOptions();
  let rest = args.slice(at);
  // What follows the node of these is for another program.
  if (count.most < Infinity && rest.at(-1) === "--json") [json, rest] = [true, rest.slice(0, -1)];
  const isWord = (word: string): boolean =>
    count.most === Infinity || verb === "up" || /^[\w.-]+$/.test(word);
  if (rest.length < count.least || rest.length > count.most || !rest.every(isWord)) wrong();
  if (verb === "cut" && rest.length === 3 && rest[2] !== "silent") wrong();
  if (verb === "up" && (json || lab !== undefined)) wrong();
  return { verb, args: rest, lab, json };
}

/** The process that keeps a lab up: its prompt, and what other terminals ask for. */
class LabKeeper {
  readonly #ended = Promise.withResolvers<number>();
  #prompts: LabPrompts | undefined;
  #isEnding = false;

  async run(path: string): Promise<number> {
    const end = (signal: NodeJS.Signals): void => {
      if (signal !== "SIGINT" || !this.#prompts?.isLent) this.#end();
    };
    for (const signal of SIGNALS) process.on(signal, end);
    let lab: RunningLab | undefined;
    let control: ControlServer | undefined;
    let session: Promise<number> | undefined;
    try {
      lab = await prepareLab(path);
      control = await ControlServer.listen(
        lab.folder,
        carryOut(lab, () => this.#takeDown(lab!)),
      );
      session = this.#up(lab);
      // A signal during the start ends the lab, too.
      return await Promise.race([this.#ended.promise, session]);
    } catch (error) {
      // Ctrl-C is for the whole group: a tool that was being started may have got it before it had a group of its own.
      if (this.#isEnding) return 0;
      throw error;
    } finally {
      await lab?.close();
      await session?.catch(() => {});
      control?.close();
      for (const signal of SIGNALS) process.off(signal, end);
    }
  }

  #end(): void {
    this.#isEnding = true;
    this.#ended.resolve(0);
    this.#prompts?.end();
  }

  async #takeDown(lab: RunningLab): Promise<void> {
    this.#end();
    await lab.close();
  }

  async #up(lab: RunningLab): Promise<number> {
    const begin = performance.now();
    await lab.startAll();
    const { isReady, links } = await lab.whenReady(lab.patienceMs);
    if (lab.closed) return 0; // asked to stop meanwhile
    const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
    print(
      lab.wiring ? reachLine(lab, isReady, seconds) : linkLine(lab, isReady ? links : undefined, seconds),
    );
    const { prompt } = lab.topology;
    if (process.stdin.isTTY && process.stdout.isTTY && prompt !== undefined) {
      const tries = lab.wiring
        ? "show ip route, lab status, lab cut A B"
        : "show peers, say hello, lab stop alice";
      print(`this is the prompt of ${prompt}; try ?, ${tries}, exit`);
      this.#prompts = new LabPrompts(lab, () => lab.close());
      return this.#prompts.run(prompt);
    }
    tellHow(lab);
    // Nodes can be shut down from elsewhere, and then nothing else keeps this process.
    const alive = setInterval(() => {}, 2 ** 30);
    return this.#ended.promise.finally(() => clearInterval(alive));
  }
}

/** Carries out what another terminal asks for. */
function carryOut(lab: RunningLab, down: () => Promise<void>) {
  const tree = commandTree(labCommands(lab, { down }));
  return async (line: string): Promise<ControlAnswer> => {
    const { status, output, error = "" } = await execute(tree, line, { loadWidth });
    return { status, output, error };
  };
}

function linkLine({ nodes }: RunningLab, links: number | undefined, seconds: string): string {
  const names = nodes.map(({ name }) => name).join(", ");
  return links === undefined
    ? `${nodes.length} peers run, but not all are linked after ${seconds} s; \`show peers\` says why: ${names}`
    : `${nodes.length} peers are linked (${links} links, ${seconds} s): ${names}`;
}

function reachLine({ nodes }: RunningLab, isReady: boolean, seconds: string): string {
  const names = nodes.map(({ name, record }) => `${name} (${record.kind})`).join(", ");
  return isReady
    ? `${nodes.length} nodes run, and each reaches every loopback (${seconds} s): ${names}`
    : `${nodes.length} nodes run, but not every loopback is reached after ${seconds} s; \`lab status\` says where: ${names}`;
}

function tellHow({ nodes, wiring, name }: RunningLab): void {
  if (!wiring) {
    print("the prompt of each, from another terminal:");
    for (const { name, record } of nodes) print(`  ${name.padEnd(8)} bin/parley --socket ${record.socket}`);
    print("commands: show peers, show messages, say TEXT, show why ADDR; ? for all. SIGTERM ends the lab.");
    return;
  }
  print(`from another terminal, with --lab ${name} where several run:`);
  for (const line of ["status", "attach NODE", "cut A B", "heal A B", "exec NODE COMMAND", "down"])
    print(`  bin/parley lab ${line}`);
  print("SIGTERM or Ctrl-C ends the lab.");
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** How many words follow each verb. */
const COUNTS: ReadonlyMap<string, { readonly least: number; readonly most: number }> = new Map([
  ["up", { least: 1, most: 1 }],
  ["status", { least: 0, most: 0 }],
  ["down", { least: 0, most: 0 }],
  ["start", { least: 1, most: 1 }],
  ["stop", { least: 1, most: 1 }],
  ["cut", { least: 2, most: 3 }],
  ["heal", { least: 2, most: 2 }],
  ["attach", { least: 1, most: Infinity }],
  ["exec", { least: 2, most: Infinity }],
]);

const USAGE = `usage: parley lab up FOLDER
       parley lab [--lab NAME] status [--json] | down
       parley lab [--lab NAME] stop NODE | start NODE
       parley lab [--lab NAME] cut A B [silent] | heal A B
       parley lab [--lab NAME] exec NODE COMMAND…
       parley lab [--lab NAME] attach NODE

up starts the nodes of FOLDER/lab.yaml on this machine, and a prompt on one of them, where the other lines work, too, each
beginning with lab. Nodes are parleyds on loopback or, in a file with links, Parley, FRR or BIRD in network namespaces.
Leaving the prompt ends them all and leaves nothing behind; where the standard input is no terminal, the lab stays up until
SIGTERM, SIGINT or down. What a killed lab left is removed by the next parley lab.

The other lines are for another terminal, and for the lab that runs; --lab says which one when several do.

  cut A B         the link between two nodes loses its carrier, as a cable that is pulled; silent: only its packets.
                  B may be the name of a link that several nodes share: then A leaves it.
  exec NODE …     runs a command in the node's namespace
  attach NODE     the prompt of a Parley, vtysh of FRR, birdc of BIRD; what follows is handed on: -c "show ip route"
`;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
