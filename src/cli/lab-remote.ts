import { joinNames, suggestion } from "#base/edit-distance.ts";
import { OperatorError } from "#base/operator-error.ts";
import { inside, runInForeground } from "#cli/lab-exec.ts";
import { readOptions } from "#cli/options.ts";
import { runPrompt } from "#cli/program.ts";
import { askLab } from "#lab/control.ts";
import { runningLabs, type FoundLab, type NodeRecord } from "#lab/lab-folder.ts";
import { findNode } from "#lab/running-lab.ts";

/** What `parley lab VERB …` asks of a lab that runs. */
export interface LabRequest {
  readonly verb: string;
  readonly args: readonly string[];
  /** `--lab`; undefined: the one that runs. */
  readonly lab: string | undefined;
  readonly json: boolean;
}

/** Carries out a command on a lab that another process keeps up; the exit status. */
export async function runRemote({ verb, args, lab: name, json }: LabRequest): Promise<number> {
  const lab = chooseLab(await runningLabs(), name);
  if (verb === "exec") {
    const [node, ...command] = args;
    return runInForeground(inside(findNode(lab.nodes, node!), command));
  }
  if (verb === "attach") return attach(findNode(lab.nodes, args[0]!), args.slice(1));
  const { status, output, error } = await askLab(
    lab,
    `lab ${[verb, ...args].join(" ")}${json ? " | json" : ""}`,
  );
  process.stdout.write(output);
  if (error !== "") process.stderr.write(`parley: ${error}\n`);
  return status;
}

/** Its prompt, or with further arguments what that does: `-c "show ip route"`. */
function attach({ socket, prompt }: NodeRecord, more: readonly string[]): Promise<number> {
  if (socket === "") return runInForeground([...prompt, ...more]);
  return runPrompt(readOptions(["--socket", socket, ...more], process.env));
}

function chooseLab(labs: readonly FoundLab[], name: string | undefined): FoundLab {
  const names = labs.map((lab) => lab.name);
  if (labs.length === 0)
    throw new OperatorError("no lab runs here", "start one: parley lab up examples/ospf-ring");
  if (name === undefined) {
    if (labs.length === 1) return labs[0]!;
    throw new OperatorError(
      `${labs.length} labs run: ${joinNames(names, "and")}`,
      `say which: parley lab --lab ${names[0]} …`,
    );
  }
  const found = labs.find((lab) => lab.name === name);
  if (found) return found;
  throw new OperatorError(
    `there is no lab ${name}`,
    suggestion(name, names) ?? `those that run are ${joinNames(names, "and")}`,
  );
}
