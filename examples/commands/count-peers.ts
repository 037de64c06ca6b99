// A command of one's own: copy this file to ~/.config/parley/commands and type "show links" at the prompt.
// In an editor, `import type { CommandTools } from "parley/prompt"` gives the types; the prompt hands the tools in.

/** The peers by state: how many are linked, waiting, held. */
export function commands({ command, tableAnswer }) {
  return [
    command("show links [state:word]", {
      help: [
        "Show running system information",
        "How many peers are in each state",
        "Only this state: linked, waiting, …",
      ],
      async run({ client }, { state }, call) {
        const { peers } = await (await client()).whisper.listPeers({}, call);
        const counts = new Map();
        for (const peer of peers) {
          const name = ["unknown", "linked", "dialling", "waiting", "known", "held"][peer.state] ?? "unknown";
          if (state === undefined || state === name) counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        const rows = [...counts].map(([name, count]) => [name, String(count)]);
        return tableAnswer(Object.fromEntries(counts), {
          columns: ["State", "Peers"],
          rows,
          rightAligned: [1],
          whenEmpty: "No peer is known.",
        });
      },
    }),
  ];
}
