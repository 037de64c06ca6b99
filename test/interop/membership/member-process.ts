import { createInterface } from "node:readline";
import { startMember, type RunningMember } from "#standalone/member.ts";
import type { MembershipEvent } from "#membership/io.ts";

/**
 * Members in a process of their own, for tests and benches in which processes are killed or live in a namespace. Told on
 * stdin and telling on stdout in the words of the Go agent. Arguments: NAME=HOST of each.
 */
const members = new Map<string, RunningMember>();

function tell(node: string, ev: string, more: object = {}): void {
  const t = performance.timeOrigin + performance.now();
  process.stdout.write(`${JSON.stringify({ ev, node, t, ...more })}\n`);
}

function take(node: string, event: MembershipEvent): void {
  if (event.type === "joined") tell(node, "join", { name: event.member.name });
  else if (event.type === "failed" || event.type === "left") tell(node, "leave", { name: event.member.name });
  else if (event.type === "suspected")
    tell(node, "suspect", { name: event.member.name, reason: event.reason });
}

for (const argument of process.argv.slice(2)) {
  const [name, host] = argument.split("=") as [string, string];
  const event = (each: MembershipEvent): void => take(name, each);
  members.set(name, await startMember({ name, address: `${host}:7946`, event }));
}
tell("", "up");
createInterface({ input: process.stdin }).on("line", (line) => {
  const [word, address] = line.split(" ");
  for (const [name, { core, push }] of members)
    if (word === "join") push({ type: "join", addresses: [address!] });
    else if (word === "counters") tell(name, "counters", { counters: Object.fromEntries(core.counters()) });
});
process.stdin.on("end", () => process.exit(0));
