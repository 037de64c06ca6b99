import { ParleySerf } from "./serf-nodes.ts";

/** A member of ours in a process of its own, to be stopped and killed: NAME HOST SEED. It ends with its stdin. */
const [name, host, seed] = process.argv.slice(2) as [string, string, string];
const node = new ParleySerf(name, host);
await node.start({ join: [seed] }, { role: "process" });
process.stdin.on("end", () => process.exit(0)).resume();
