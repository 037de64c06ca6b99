import { linesAnswer } from "#prompt/answer.ts";
import { bindCommands, command, type Command, type LiveContext, type LiveValues } from "#prompt/grammar.ts";
import type { Lab } from "#lab/lab.ts";

/** The commands that a prompt within a lab has beside Parley's own. */
export function labCommands(lab: Lab): readonly Command[] {
  const live = { node: async () => lab.nodes.map(({ name, state }) => ({ text: name, help: state })) };
  return bindCommands([labStart, labStop, labStatus], { lab, live });
}

interface LabContext extends LiveContext {
  readonly lab: Lab;
  readonly live: { readonly node: LiveValues };
}

const LAB_HELP = "The lab that this node is part of";

const labStart = command<LabContext>()("lab start <node:node>", {
  help: [LAB_HELP, "Start a node that has stopped", "Name of the node"],
  async run({ lab }, { node }) {
    await lab.node(node).start();
    const links = await lab.whenLinked(LINK_LIMIT_MS);
    const state = links === undefined ? "not everyone is linked yet" : "everyone is linked";
    return linesAnswer({ node, links: links ?? null }, [`${node} is up, ${state}`]);
  },
});

const labStop = command<LabContext>()("lab stop <node:node>", {
  help: [LAB_HELP, "Stop a node in order", "Name of the node"],
  async run({ lab }, { node }) {
    await lab.node(node).stop();
    return linesAnswer({ node }, [`${node} has stopped`]);
  },
});

const labStatus = command<LabContext>()("lab status", {
  help: [LAB_HELP, "State of the nodes"],
  async run({ lab }) {
    const nodes = lab.nodes.map(({ name, state, socket, logFile }) => ({ name, state, socket, logFile }));
    const rows = nodes.map(({ name, state, socket, logFile }) => [name, state, socket, logFile]);
    return { value: nodes, blocks: [{ type: "table", columns: ["Node", "State", "Socket", "Log"], rows }] };
  },
});

/** A restarted node is dialled at once by those that it dials; the others follow with their next attempt. */
const LINK_LIMIT_MS = 5_000;
