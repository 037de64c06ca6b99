import { OperatorError } from "#base/operator-error.ts";

/** What the command line of `parley` asks for. */
export type Options =
  | { readonly type: "help" | "version" }
  | {
      readonly type: "prompt";
      readonly target: Target;
      /** Of each -c, in their order. */
      readonly commands: readonly string[];
      readonly file?: string;
    };

/** The daemon to talk to: its Unix socket, the usual one when none is named, or its TCP port. */
export type Target = { readonly socket?: string } | { readonly server: string; readonly token?: string };

/** Reads the arguments of `parley`. Throws OperatorError with exit status 2 for what they cannot mean. */
export function readOptions(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Options {
  const found = collect(args);
  if (found.has("help")) return { type: "help" };
  if (found.has("version")) return { type: "version" };
  const [file, ...others] = found.get(FILE) ?? [];
  if (others.length > 0) {
    throw new OperatorError(
      "only one script can be run at a time",
      'a command goes behind -c: parley -c "show version"',
      {
        exitStatus: 2,
      },
    );
  }
  const commands = found.get("command") ?? [];
  if (file !== undefined && commands.length > 0) throw usageError("-c and a script cannot be combined");
  return {
    type: "prompt",
    target: readTarget(found, environment),
    commands,
    ...(file !== undefined && { file }),
  };
}

type Found = ReadonlyMap<string, readonly string[]>;

function readTarget(found: Found, environment: Readonly<Record<string, string | undefined>>): Target {
  const socket = single(found, "socket");
  const server = single(found, "server");
  const token = single(found, "token");
  if (socket !== undefined && server !== undefined) {
    throw usageError("--socket and --server name two daemons");
  }
  if (server === undefined) {
    if (token !== undefined) throw usageError("--token goes with --server");
    return socket === undefined ? {} : { socket };
  }
  if (!isHttpUrl(server))
    throw usageError(`--server needs a URL such as http://127.0.0.1:7480, not "${server}"`);
  const secret = token ?? environment["PARLEY_TOKEN"];
  return secret === undefined || secret === "" ? { server } : { server, token: secret };
}

/** Options with their values, and under FILE what is no option. */
function collect(args: readonly string[]): Found {
  const found = new Map<string, string[]>();
  const add = (name: string, value: string) => found.set(name, [...(found.get(name) ?? []), value]);
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (arg === "--") {
      for (const file of args.slice(i + 1)) add(FILE, file);
      break;
    }
    if (!arg.startsWith("-") || arg === "-") {
      add(FILE, arg);
      continue;
    }
    const equals = arg.startsWith("--") ? arg.indexOf("=") : -1;
    const given = equals < 0 ? arg : arg.slice(0, equals);
    const name = NAMES.get(given);
    if (name === undefined) throw usageError(`unknown option "${given}"`);
    if (FLAGS.has(name)) {
      if (equals >= 0) throw usageError(`${given} takes no value`);
      add(name, "");
      continue;
    }
    const value = equals < 0 ? args[++i] : arg.slice(equals + 1);
    if (value === undefined) throw usageError(`${given} needs a value`);
    add(name, value);
  }
  return found;
}

function single(found: Found, name: string): string | undefined {
  const values = found.get(name);
  if (values === undefined) return undefined;
  if (values.length > 1) throw usageError(`--${name} is given ${values.length} times`);
  if (values[0] === "") throw usageError(`--${name} needs a value`);
  return values[0];
}

function isHttpUrl(text: string): boolean {
  const url = URL.parse(/^[a-z]+:\/\//i.test(text) ? text : `http://${text}`);
  return url !== null && (url.protocol === "http:" || url.protocol === "https:");
}

function usageError(message: string): OperatorError {
  return new OperatorError(message, "parley --help lists the options", { exitStatus: 2 });
}

const FILE = "file";
const FLAGS: ReadonlySet<string> = new Set(["help", "version"]);
const NAMES: ReadonlyMap<string, string> = new Map([
  ["-h", "help"],
  ["--help", "help"],
  ["-V", "version"],
  ["--version", "version"],
  ["-c", "command"],
  ["--command", "command"],
  ["--socket", "socket"],
  ["--server", "server"],
  ["--token", "token"],
]);
