// The package export "parley/prompt": an IOS-style prompt for any program. See docs/guide/prompt.md.

export { linesAnswer, tableAnswer, type Answer, type Block } from "#prompt/answer.ts";
export { completeAt, type Completion } from "#prompt/completion.ts";
export type { ParleyContext } from "#prompt/commands/parley-context.ts";
export { isFreeText } from "#prompt/following.ts";
export {
  bindCommands,
  command,
  type Candidate,
  type Command,
  type Declaration,
  type LiveContext,
  type LiveValues,
} from "#prompt/grammar.ts";
export { execute, executeHelp, type Execution, type Surroundings } from "#prompt/session.ts";
export { commandTree, type CommandTree } from "#prompt/tree.ts";
