import { parseArgs } from "node:util";
import { OperatorError } from "#base/operator-error.ts";

export interface DaemonOptions {
  readonly config: string | undefined;
  readonly profile: string | undefined;
  readonly settings: readonly string[];
  /** Run; or only check or print the configuration; or say the version or how to use it. */
  readonly action: "run" | "check" | "print-config" | "version" | "help";
  /** Stop in order when the standard input ends: for those who start a daemon and may be killed. */
  readonly untilStdinEnds: boolean;
}

/** Reads parleyd's arguments; throws OperatorError (exit status 2) for wrong ones. */
export function readDaemonOptions(args: readonly string[]): DaemonOptions {
  let values;
  try {
    ({ values } = parseArgs({ args: [...args], options: OPTIONS }));
  } catch (error) {
    const message = error instanceof Error ? error.message.split(". ")[0]! : String(error);
    throw new OperatorError(message, "see parleyd --help", { exitStatus: 2 });
  }
  return {
    config: values.config,
    profile: values.profile,
    settings: values.set ?? [],
    action: values.help
      ? "help"
      : values.version
        ? "version"
        : values.check
          ? "check"
          : values["print-config"]
            ? "print-config"
            : "run",
    untilStdinEnds: values["until-stdin-ends"] ?? false,
  };
}

export const DAEMON_USAGE = `usage: parleyd [-c FILE|FOLDER] [-p PROFILE] [-s KEY=VALUE]...

  -c, --config FILE|FOLDER  a configuration file, or a folder with default.yaml and a file for each profile
  -p, --profile PROFILE     the layer above default.*
  -s, --set KEY=VALUE       the layer above all files; may be repeated
      --check               read the configuration, say what is wrong with it, and end
      --print-config        print the configuration in force, with where each value comes from, and end
      --until-stdin-ends    stop when the standard input ends
      --version             print the version and end
      --help                print this and end

Exit status: 0 stopped in order, 1 failed, 2 bad usage.
`;

const OPTIONS = {
  config: { type: "string", short: "c" },
  profile: { type: "string", short: "p" },
  set: { type: "string", short: "s", multiple: true },
  check: { type: "boolean" },
  "print-config": { type: "boolean" },
  "until-stdin-ends": { type: "boolean" },
  version: { type: "boolean", short: "v" },
  help: { type: "boolean", short: "h" },
} as const;
