import { statSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { OperatorError } from "#base/operator-error.ts";
import { needBird, needFrr } from "#lab/peers.ts";
import type { NetworkPlan } from "#lab/network-plan.ts";
import { runProgram } from "#lab/run.ts";

/** Throws OperatorError for the first thing that this machine lacks for a lab of namespaces. */
export function checkRequirements({ nodes }: NetworkPlan): void {
  if (process.platform !== "linux")
    throw new OperatorError(
      "this lab has links, and so needs the network namespaces of Linux",
      "run it there, or in a virtual machine",
    );
  if (process.getuid?.() !== 0)
    throw new OperatorError(
      "this lab has links, and so needs root for network namespaces",
      "run it with sudo",
    );
  if (nodes.some(({ kind }) => kind === "frr")) {
    needFrr();
    checkPassage(tmpdir());
  }
  if (nodes.some(({ kind }) => kind === "bird")) needBird();
}

/** Throws OperatorError where no network namespace can be made; the one that is tried out does not stay. */
export async function tryNamespace(name: string): Promise<void> {
  const { status, errors } = await runProgram(["ip", "netns", "add", name]).catch(() => {
    throw new OperatorError("there is no program ip", "apt-get install iproute2");
  });
  if (status !== 0)
    throw new OperatorError(
      `network namespaces cannot be made here: ${errors.trim().split("\n")[0]}`,
      "a container needs CAP_SYS_ADMIN and CAP_NET_ADMIN",
    );
  await runProgram(["ip", "netns", "del", name]);
}

/** FRR's programs give up root, and have to come through to the folder of the lab. */
function checkPassage(folder: string): void {
  if ((statSync(folder).mode & 0o001) === 0)
    throw new OperatorError(
      `FRR cannot come through ${folder}, as others than root may not`,
      "set TMPDIR=/tmp",
    );
  if (folder !== dirname(folder)) checkPassage(dirname(folder));
}
