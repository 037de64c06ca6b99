// A program with its own IOS-style prompt, built on parley/prompt: node thermostat.mjs
import { createInterface } from "node:readline";
import {
  bindCommands,
  command,
  commandTree,
  completeAt,
  execute,
  linesAnswer,
  tableAnswer,
} from "parley/prompt";

const rooms = new Map([
  ["kitchen", 19],
  ["study", 21],
]);
const context = {
  live: { room: async () => [...rooms].map(([text, degrees]) => ({ text, help: `${degrees} degrees` })) },
};
const declared = command();
const tree = commandTree(
  bindCommands(
    [
      declared("show rooms", {
        help: ["Show something", "All rooms and their temperature"],
        run: async () =>
          tableAnswer(Object.fromEntries(rooms), {
            columns: ["Room", "Degrees"],
            rows: [...rooms].map(([room, degrees]) => [room, String(degrees)]),
          }),
      }),
      declared("set <room:room> <degrees:number>", {
        help: ["Set a temperature", "Name of the room", "Degrees"],
        run: async (_context, { room, degrees }) => {
          rooms.set(room, degrees);
          return linesAnswer({ room, degrees }, [`${room}: ${degrees} degrees`]);
        },
      }),
    ],
    context,
  ),
);

const terminal = createInterface({
  input: process.stdin,
  output: process.stdin.isTTY ? process.stdout : undefined,
  completer: (line, done) =>
    completeAt(tree, line).then(({ start, text }) => done(null, [[line.slice(0, start) + text], line])),
});
terminal.setPrompt("thermostat# ");
terminal.prompt();
for await (const line of terminal) {
  const { output, error } = await execute(tree, line);
  process.stdout.write(output + (error === undefined ? "" : `${error}\n`));
  terminal.prompt();
}
