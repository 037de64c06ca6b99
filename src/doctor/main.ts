import { parseArgs } from "node:util";
import { explain, OperatorError } from "#base/operator-error.ts";
import { safeJson, safeText } from "#base/safe-text.ts";
import { readConfiguration } from "#doctor/configuration.ts";
import type { Finding } from "#doctor/finding.ts";
import { checkMachine } from "#doctor/machine-checks.ts";
import { checkNode } from "#doctor/node-checks.ts";
import { systemHost } from "#system/host.ts";

/** `parley doctor`: what this machine lacks for a node. Resolves with its exit status: 1 when anything has failed. */
export async function runDoctor(args: readonly string[]): Promise<number> {
  const { config, profile, set = [], json = false, help } = readOptions(args);
  if (help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const passedOn = [
    ...(config === undefined ? [] : ["-c", config]),
    ...(profile === undefined ? [] : ["-p", profile]),
    ...set.flatMap((setting) => ["-s", setting]),
  ];
  const all = await examine(passedOn);
  process.stdout.write(json ? `${safeJson(all)}\n` : all.map(line).join("") + summary(all));
  return all.some(({ state }) => state === "failed") ? 1 : 0;
}

/** All checks; `args` choose the configuration as they do for parleyd. */
export async function examine(args: readonly string[]): Promise<readonly Finding[]> {
  const { findings, configuration } = await readConfiguration(args);
  return [...(await checkMachine()), ...findings, ...(await checkNode(configuration, systemHost()))];
}

function line({ check, state, detail, remedy }: Finding): string {
  const mark = { ok: "ok  ", warning: "warn", failed: "FAIL" }[state];
  const first = `${mark} ${check.padEnd(13)} ${safeText(detail)}\n`;
  return remedy === "" ? first : `${first}${" ".repeat(19)}remedy: ${safeText(remedy)}\n`;
}

function summary(findings: readonly Finding[]): string {
  const count = (state: Finding["state"]): number => findings.filter((each) => each.state === state).length;
  return `${count("failed")} failed, ${count("warning")} warnings, ${count("ok")} ok\n`;
}

function readOptions(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        config: { type: "string", short: "c" },
        profile: { type: "string", short: "p" },
        set: { type: "string", short: "s", multiple: true },
        json: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }).values;
  } catch (error) {
    throw new OperatorError(explain(error).split(". ")[0]!, "see parley doctor --help", { exitStatus: 2 });
  }
}

const USAGE = `usage: parley doctor [-c FILE|FOLDER] [-p PROFILE] [-s KEY=VALUE]... [--json]

Says what this machine lacks for a node, with a remedy for each: Node, capabilities, kernel features, and for the given
configuration its socket, data folder, ports and peers.

Exit status: 0 nothing has failed (warnings may remain), 1 something has, 2 bad usage.
`;
