import { connectTo } from "#api/client.ts";
import { OperatorError } from "#base/operator-error.ts";
import { commandsFolder } from "#cli/own-commands.ts";
import { historyFile, openHistory } from "#cli/history.ts";
import { labCommands } from "#cli/lab-commands.ts";
import { runTerminal } from "#cli/terminal.ts";
import { Lab } from "#lab/lab.ts";

/** `parley lab …`; resolves with the exit status once everything that it started has ended. */
export async function runLab(args: readonly string[]): Promise<number> {
  const [verb, path, ...rest] = args;
  if (verb === undefined || verb === "--help" || verb === "-h") {
    process.stdout.write(USAGE);
    return 0;
  }
  if (verb !== "up" || path === undefined || rest.length > 0) {
    throw new OperatorError(`parley lab ${args.join(" ")}: not understood`, "see parley lab --help", {
      exitStatus: 2,
    });
  }
  const ended = Promise.withResolvers<number>();
  const stop = (): void => ended.resolve(0);
  for (const signal of SIGNALS) process.on(signal, stop);
  const lab = await Lab.prepare(path);
  try {
    // A signal during the start ends the lab, too.
    return await Promise.race([ended.promise, up(lab, ended.promise)]);
  } finally {
    await lab.close();
    for (const signal of SIGNALS) process.off(signal, stop);
  }
}

async function up(lab: Lab, ended: Promise<number>): Promise<number> {
  const begin = performance.now();
  await lab.startAll();
  const links = await lab.whenLinked(LINK_LIMIT_MS);
  if (lab.closed) return 0; // asked to stop while the peers were finding each other
  const seconds = ((performance.now() - begin) / 1_000).toFixed(1);
  const names = lab.nodes.map(({ name }) => name).join(", ");
  const count = lab.nodes.length;
  print(
    links === undefined
      ? `${count} peers run, but not all are linked after ${seconds} s; \`show peers\` says why: ${names}`
      : `${count} peers are linked (${links} links, ${seconds} s): ${names}`,
  );
  const { prompt } = lab.topology;
  if (process.stdin.isTTY && process.stdout.isTTY) {
    print(`this is the prompt of ${prompt}; try ?, show peers, say hello, lab stop alice, exit`);
    const { socket } = lab.node(prompt);
    // Ctrl-C is a key there; a SIGINT from elsewhere must end the terminal too, which knows SIGTERM.
    const leave = (): void => void process.kill(process.pid, "SIGTERM");
    process.on("SIGINT", leave);
    return runTerminal({
      connect: () => connectTo({ socket }),
      extraCommands: labCommands(lab),
      commandsFolder: commandsFolder(process.env),
      history: openHistory(historyFile(process.env)),
      banner: "",
    }).finally(() => process.off("SIGINT", leave));
  }
  print("the prompt of each, from another terminal:");
  for (const { name, socket } of lab.nodes) print(`  ${name.padEnd(8)} bin/parley --socket ${socket}`);
  print("commands: show peers, show messages, say TEXT, show why ADDR; ? for all. SIGTERM ends the lab.");
  // Nodes can be shut down from elsewhere, and then nothing else keeps this process.
  const alive = setInterval(() => {}, 2 ** 30);
  return ended.finally(() => clearInterval(alive));
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const USAGE = `usage: parley lab up FOLDER

Starts the nodes of FOLDER/lab.yaml on this machine, each a parleyd of its own, and a prompt on one of them, where
lab stop NODE, lab start NODE and lab status work. Leaving the prompt stops them all and leaves nothing behind.
Where the standard input is no terminal it stays up until SIGTERM or SIGINT.
`;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const LINK_LIMIT_MS = 30_000;
