import { parleyCommands } from "#prompt/commands/parley-commands.ts";
import { parleyContext } from "#prompt/commands/parley-context.ts";
import { FakeNode } from "#prompt/testing/fake-client.ts";
import { commandTree, type CommandTree } from "#prompt/tree.ts";

/** Parley's own commands on a node that answers from memory, at a time that stands still. */
export function fakePrompt(now = 0): { node: FakeNode; tree: CommandTree; left(): boolean } {
  const node = new FakeNode();
  let left = false;
  const context = parleyContext({
    client: async () => node.client,
    now: () => now,
    exit: () => (left = true),
  });
  return { node, tree: commandTree(parleyCommands(context)), left: () => left };
}
