import { linesAnswer, type Answer } from "#prompt/answer.ts";
import { bindCommands, command, type Command, type LiveContext, type LiveValues } from "#prompt/grammar.ts";
import { execIn } from "#cli/lab-exec.ts";
import type { RunningLab, Wiring, WiringLink } from "#lab/running-lab.ts";

/** What only some of those can do who carry out a lab's commands; what is left out has no command. */
export interface LabAbilities {
  /** Takes the lab down; resolves when nothing of it is left. */
  readonly down?: () => Promise<void>;
  /** Goes on to another node's prompt when the command has ended. */
  readonly attach?: (node: string) => void;
  /** Shows what a program prints. */
  readonly print?: (text: string) => void;
}

/** The commands that a prompt within a lab has beside Parley's own. */
export function labCommands(lab: RunningLab, { down, attach, print }: LabAbilities = {}): readonly Command[] {
  const { wiring } = lab;
  const node: LiveValues = async () => lab.nodes.map(({ name, state }) => ({ text: name, help: state }));
  const commands = bindCommands([labStart, labStop, labStatus], { lab, live: { node } });
  const more = [
    down && bindCommands([labDown], { lab, down }),
    attach && bindCommands([labAttach], { lab, attach, live: { node } }),
    print && wiring && bindCommands([labExec], { lab, print, live: { node } }),
    wiring && bindCommands([labCut, labCutSilent, labHeal], { wiring, live: { end: endsOf(lab, wiring) } }),
  ];
  return [...commands, ...more.flatMap((each) => each ?? [])];
}

interface LabContext extends LiveContext {
  readonly lab: RunningLab;
  readonly live: { readonly node: LiveValues };
}

interface WiringContext extends LiveContext {
  readonly wiring: Wiring;
  readonly live: { readonly end: LiveValues };
}

const LAB_HELP = "The lab that this node is part of";
const ENDS = ["Name of a node", "Name of another, or of a link that several share"] as const;

const labStart = command<LabContext>()("lab start <node:node>", {
  help: [LAB_HELP, "Start a node that has stopped", "Name of the node"],
  async run({ lab }, { node }) {
    const begin = performance.now();
    await lab.node(node).start();
    const { isReady, links } = await lab.whenReady(lab.wiring ? lab.patienceMs : LINK_LIMIT_MS);
    const seconds = (performance.now() - begin) / 1_000;
    const words = lab.wiring ? reachWords(isReady, seconds) : linkWords(isReady);
    return linesAnswer({ node, ready: isReady, links: links ?? null }, [`${node} is up, ${words}`]);
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
  help: [LAB_HELP, "State of the nodes and links"],
  run: ({ lab }) => (lab.wiring ? networkStatus(lab, lab.wiring) : nodeStatus(lab)),
});

const labDown = command<{ readonly lab: RunningLab; readonly down: () => Promise<void> }>()("lab down", {
  help: [LAB_HELP, "End all nodes and remove the lab"],
  async run({ lab, down }) {
    await down();
    return linesAnswer({ name: lab.name }, [`${lab.name} is down`]);
  },
});

const labAttach = command<LabContext & { readonly attach: (node: string) => void }>()(
  "lab attach <node:node>",
  {
    help: [LAB_HELP, "The prompt of a node, until exit: Parley's, vtysh or birdc", "Name of the node"],
    async run({ lab, attach }, { node }) {
      attach(lab.node(node).name);
      return linesAnswer({ node }, []);
    },
  },
);

const labExec = command<LabContext & { readonly print: (text: string) => void }>()(
  "lab exec <node:node> <command:text>",
  {
    help: [
      LAB_HELP,
      "Run a command of the shell in a node",
      "Name of the node",
      "The command: ping -c 3 192.0.2.3",
    ],
    async run({ lab, print }, { node, command: text }, { signal }) {
      const status = await execIn(lab.node(node).record, text, print, signal);
      return linesAnswer({ node, status }, status === 0 ? [] : [`it ended with status ${status}`]);
    },
  },
);

const labCut = command<WiringContext>()("lab cut <a:end> <b:end>", {
  help: [LAB_HELP, "Cut the link between two nodes, as if its cable were pulled", ...ENDS],
  run: ({ wiring }, { a, b }) => cut(wiring, a, b, false),
});

const labCutSilent = command<WiringContext>()("lab cut <a:end> <b:end> silent", {
  help: [
    LAB_HELP,
    "Cut the link between two nodes, as if its cable were pulled",
    ...ENDS,
    "Packets are lost, and nobody notices at once",
  ],
  run: ({ wiring }, { a, b }) => cut(wiring, a, b, true),
});

const labHeal = command<WiringContext>()("lab heal <a:end> <b:end>", {
  help: [LAB_HELP, "Mend what was cut", ...ENDS],
  async run({ wiring }, { a, b }) {
    const links = await wiring.heal(a, b);
    return linesAnswer({ links }, [`${links.join(", ")}: connected`]);
  },
});

async function cut(wiring: Wiring, a: string, b: string, silent: boolean): Promise<Answer> {
  const links = await wiring.cut(a, b, silent);
  const how = silent ? "packets are lost, the carrier stays" : "the carrier is lost";
  return linesAnswer({ links, silent }, [`${links.join(", ")}: cut, ${how}`]);
}

async function nodeStatus({ name, nodes }: RunningLab): Promise<Answer> {
  const value = nodes.map(({ name, state, record, logFile }) => ({
    name,
    state,
    socket: record.socket,
    logFile,
  }));
  const rows = value.map(({ name, state, socket, logFile }) => [name, state, socket, logFile]);
  return {
    value: { name, nodes: value },
    blocks: [{ type: "table", columns: ["Node", "State", "Socket", "Log"], rows }],
  };
}

async function networkStatus({ name, nodes, topology }: RunningLab, wiring: Wiring): Promise<Answer> {
  const reach = await wiring.reach();
  const loopbacks = new Map(topology.network?.nodes.map((node) => [node.name, node.loopback]));
  const value = nodes.map(({ name, state, record, logFile }) => {
    const { reached = 0, others = 0 } = reach.get(name) ?? {};
    return { name, kind: record.kind, state, loopback: loopbacks.get(name) ?? "", reached, others, logFile };
  });
  const links = wiring.links.map((link) => ({ ...link, cuts: Object.fromEntries(link.cuts) }));
  const rows = value.map((node) => {
    const reaches = node.state === "running" ? `${node.reached} of ${node.others}` : "-";
    return [node.name, node.kind, node.state, node.loopback, reaches, node.logFile];
  });
  const linkRows = wiring.links.map((link) => [link.name, link.network, endsText(link), linkState(link)]);
  return {
    value: { name, nodes: value, links },
    blocks: [
      { type: "table", columns: ["Node", "Kind", "State", "Loopback", "Reaches", "Log"], rows },
      { type: "lines", lines: [""], isHeading: true },
      {
        type: "table",
        columns: ["Link", "Network", "Ends", "State"],
        rows: linkRows,
        whenEmpty: "No links.",
      },
    ],
  };
}

function endsText({ ends }: WiringLink): string {
  return ends
    .map(({ node, interface: name, address }) => `${node} ${name} ${address.split("/")[0]!}`)
    .join(", ");
}

function linkState({ ends, cuts }: WiringLink): string {
  if (cuts.size === 0) return "connected";
  const [how] = cuts.values();
  const text = how === "silent" ? "cut silently" : "cut";
  return cuts.size === ends.length ? text : `${[...cuts.keys()].join(", ")} ${text}`;
}

function endsOf(lab: RunningLab, wiring: Wiring): LiveValues {
  return async () => [
    ...lab.nodes.map(({ name, state }) => ({ text: name, help: state })),
    ...wiring.links
      .filter(({ ends }) => ends.length > 2)
      .map((link) => ({ text: link.name, help: linkState(link) })),
  ];
}

function linkWords(isReady: boolean): string {
  return isReady ? "everyone is linked" : "not everyone is linked yet";
}

function reachWords(isReady: boolean, seconds: number): string {
  return isReady
    ? `every loopback is reached (${seconds.toFixed(1)} s)`
    : `not every loopback is reached after ${seconds.toFixed(1)} s`;
}

/** A restarted node is dialled at once by those that it dials; the others follow with their next attempt. */
const LINK_LIMIT_MS = 5_000;
