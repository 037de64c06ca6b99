import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { formatEndpoint, parseEndpoint, parseNamedEndpoint, type Endpoint } from "#base/endpoint.ts";
import { explain, OperatorError } from "#base/operator-error.ts";
import { safeText } from "#base/safe-text.ts";
import { advertisedAddress } from "#services/advertised-address.ts";
import { drive, type Driver } from "#services/drive.ts";
import { systemHost } from "#system/host.ts";
import type { WhisperCommand, WhisperEvent } from "#whisper/io.ts";
import { DEFAULT_LIMITS } from "#whisper/limits.ts";
import { Whisper } from "#whisper/whisper.ts";

interface ChatOptions {
  readonly nick: string;
  readonly peers: readonly string[];
  readonly listen: Endpoint;
  /** Listen on any port when the usual one is taken. */
  readonly anyPort: boolean;
}

/**
 * `parley chat`: the whispering gopher of seed 002 in one process without a daemon. Prints where it listens, shows what
 * others say, says what is typed. Resolves with its exit status when the input ends or a signal comes.
 */
export async function runChat(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (options === undefined) {
    process.stdout.write(USAGE);
    return 0;
  }
  const cleanups: (() => Promise<void> | void)[] = [];
  try {
    return await chat(options, cleanups);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function chat(options: ChatOptions, cleanups: (() => Promise<void> | void)[]): Promise<number> {
  const end = Promise.withResolvers<number>();
  const screen = new Screen(() => end.resolve(0));
  const driver = await open(options, cleanups, screen, (error) => end.reject(error));
  const { nick } = options;
  screen.line(`listening on ${driver.address}${nick === "" ? "" : ` as ${nick}`}`);
  if (options.peers.length === 0)
    screen.line(`another peer joins with: parley chat --nick NAME --peer ${driver.address}`);
  const input = createInterface({ input: process.stdin, terminal: false, crlfDelay: Infinity });
  cleanups.push(() => input.close());
  input.on("line", (line) => act(line, driver, screen));
  // Typed input that ends, ends the program; without a terminal it may be /dev/null and the program a listener.
  input.on("close", () => process.stdin.isTTY && end.resolve(0));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const stop = (): void => end.resolve(0);
    process.once(signal, stop);
    cleanups.push(() => void process.off(signal, stop));
  }
  return end.promise;
}

function act(line: string, driver: OpenChat, screen: Screen): void {
  if (line === "") return;
  const [command, address = ""] = line.split(/\s+/);
  if (command === "/connect" && parseNamedEndpoint(address)) driver.push({ type: "connect", address });
  else if (line.startsWith("/") && command !== "/me")
    screen.line("commands are /me TEXT and /connect IP:PORT");
  else driver.push({ type: "say", body: line, time: Date.now() });
}

interface OpenChat extends Driver<WhisperCommand> {
  readonly address: string;
}

async function open(
  options: ChatOptions,
  cleanups: (() => Promise<void> | void)[],
  screen: Screen,
  fail: (error: unknown) => void,
): Promise<OpenChat> {
  const system = systemHost();
  const host = { ...system, atStop: (run: () => Promise<void> | void) => void cleanups.push(run), fail };
  const event = (happened: WhisperEvent): void => screen.show(happened);
  let address = "";
  const start = (streams: Endpoint) =>
    drive<WhisperCommand, WhisperEvent>(host, { streams, event }, (places) => {
      address = formatEndpoint(advertisedAddress(places.streams!, system.links.addresses()));
      const { nick, peers } = options;
      return { core: new Whisper({ address, nick, peers, limits: DEFAULT_LIMITS }, system.random.fork()) };
    });
  try {
    const driver = await start(options.listen);
    return { ...driver, address };
  } catch (error) {
    if (!options.anyPort) throw error;
    const driver = await start({ ...options.listen, port: 0 });
    return { ...driver, address };
  }
}

/** Standard output, one write for all lines of one turn: a flood of messages must not cost a system call each. */
class Screen {
  #lines: string[] = [];

  constructor(gone: () => void) {
    process.stdout.on("error", gone);
  }

  show(event: WhisperEvent): void {
    switch (event.type) {
      case "message": {
        if (event.own) return;
        const { nick, address, body } = event.message;
        const who = nick || address || "?";
        return this.line(body.startsWith("/me ") ? `${who} ${body.slice(4)}` : `${who}: ${body}`);
      }
      case "linked":
        return this.line(`-- linked with ${event.address}${event.nick === "" ? "" : ` (${event.nick})`}`);
      case "lost":
        return this.line(`-- lost ${event.address}: ${event.reason}`);
      case "unreachable":
        return this.line(`-- cannot reach ${event.address}: ${event.reason}; trying again`);
      case "refused":
        return this.line(`-- closed the connection from ${event.from}: ${event.reason}`);
    }
  }

  line(text: string): void {
    this.#lines.push(`${safeText(text)}\n`);
    if (this.#lines.length > 1) return;
    queueMicrotask(() => {
      process.stdout.write(this.#lines.join(""));
      this.#lines = [];
    });
  }
}

function readOptions(args: readonly string[]): ChatOptions | undefined {
  const values = parse(args);
  if (values.help) return undefined;
  for (const peer of values.peer ?? []) {
    if (!parseNamedEndpoint(peer))
      throw usage(`--peer "${peer}" is no address`, "write IP:port or host:port");
  }
  const listen = parseEndpoint(values.listen ?? DEFAULT_LISTEN);
  if (!listen)
    throw usage(`--listen "${values.listen}" is no address`, "write IP:port, such as 127.0.0.1:55555");
  const nick = (values.nick ?? "").slice(0, DEFAULT_LIMITS.nickLength);
  return { nick, peers: values.peer ?? [], listen, anyPort: values.listen === undefined };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        nick: { type: "string" },
        peer: { type: "string", multiple: true },
        listen: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw usage(explain(error).split(". ")[0]!, "see parley chat --help");
  }
}

function usage(message: string, remedy: string): OperatorError {
  return new OperatorError(message, remedy, { exitStatus: 2 });
}

/** The original's port, on every address of this machine. */
const DEFAULT_LISTEN = "0.0.0.0:55555";

const USAGE = `usage: parley chat [--nick NAME] [--peer IP:PORT]... [--listen IP:PORT]

Chats with no server: shows what peers say, says what is typed. The first peer needs no --peer; the next ones name any
peer that runs. Without --listen it listens on ${DEFAULT_LISTEN}, or on any free port when that one is taken.
/me TEXT is an action; /connect IP:PORT dials a further peer; Ctrl-D ends.
`;
