import { assert } from "#base/assert.ts";
import type { Command, ParameterToken } from "#prompt/grammar.ts";
import { isLiveKind } from "#prompt/kinds.ts";

/** All commands by their words: an ordinary value, made of a list, so that two prompts can differ. */
export interface CommandTree {
  readonly root: TreeNode;
  readonly commands: readonly Command[];
}

/** A place between two words: what can follow there. */
export interface TreeNode {
  /** By word, sorted. */
  readonly words: ReadonlyMap<string, WordBranch>;
  readonly parameter?: ParameterBranch;
  /** The command that is complete here. */
  readonly command?: Command;
}

export interface WordBranch {
  readonly help: string;
  readonly node: TreeNode;
}

export interface ParameterBranch {
  readonly token: ParameterToken;
  /** Whose context knows the live values. */
  readonly owner: Command;
  readonly node: TreeNode;
}

/**
 * Makes the tree. Asserts what only a programmer can get wrong: two commands for one line, two help texts for one shared
 * word, two different parameters at one place, a live kind that the command's context does not know.
 */
export function commandTree(commands: readonly Command[]): CommandTree {
  const root = new Growing();
  for (const command of commands) addCommand(root, command);
  return { root: root.finish(), commands };
}

/** A node while commands are being added. */
class Growing {
  readonly words = new Map<string, { help: string; node: Growing }>();
  parameter: { token: ParameterToken; owner: Command; node: Growing } | undefined;
  command: Command | undefined;

  finish(): TreeNode {
    const words = new Map<string, WordBranch>();
    for (const word of [...this.words.keys()].sort()) {
      const { help, node } = this.words.get(word)!;
      words.set(word, { help, node: node.finish() });
    }
    return {
      words,
      ...(this.parameter && { parameter: { ...this.parameter, node: this.parameter.node.finish() } }),
      ...(this.command && { command: this.command }),
    };
  }
}

function addCommand(root: Growing, command: Command): void {
  let node = root;
  for (const token of command.tokens) {
    if (token.type === "parameter" && token.optional) complete(node, command);
    node =
      token.type === "word"
        ? addWord(node, token.word, token.help, command)
        : addParameter(node, token, command);
  }
  complete(node, command);
}

function complete(node: Growing, command: Command): void {
  const other = node.command;
  assert(
    other === undefined || other === command,
    `"${command.grammar}" and "${other?.grammar}" are the same line`,
  );
  node.command = command;
}

function addWord(node: Growing, word: string, help: string, command: Command): Growing {
  const known = node.words.get(word);
  if (known === undefined) {
    const added = { help, node: new Growing() };
    node.words.set(word, added);
    return added.node;
  }
  assert(known.help === help, `"${command.grammar}": "${word}" has another help text: "${known.help}"`);
  return known.node;
}

function addParameter(node: Growing, token: ParameterToken, command: Command): Growing {
  const known = node.parameter;
  if (known === undefined) {
    const valued = !isLiveKind(token.kind) || command.isLive(token.kind);
    assert(valued, `"${command.grammar}": nothing tells the values of "${token.kind}"`);
    node.parameter = { token, owner: command, node: new Growing() };
    return node.parameter.node;
  }
  const same =
    known.token.name === token.name && known.token.kind === token.kind && known.token.help === token.help;
  assert(same, `"${command.grammar}": another parameter stands there in "${known.owner.grammar}"`);
  return known.node;
}
