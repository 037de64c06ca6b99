import { readdir } from "node:fs/promises";
import { setTimeout as sleepFor } from "node:timers/promises";
import { OperatorError } from "#base/operator-error.ts";
import type { Shell } from "#cli/shell.ts";
import { linesAnswer, tableAnswer } from "#prompt/answer.ts";
import {
  bindCommands,
  command,
  type Candidate,
  type Command,
  type LiveContext,
  type LiveValues,
} from "#prompt/grammar.ts";

/** The commands of the prompt itself, which need no node. */
export function shellCommands(shell: Shell): readonly Command[] {
  const alias = async (): Promise<readonly Candidate[]> =>
    [...shell.aliases].map(([text, help]) => ({ text, help }));
  const context: ShellContext = { shell, live: { file: (_call, partial) => files(partial), alias } };
  const declared = [doctor, source, sleep, echo, logOn, logOff, setAlias, unalias];
  return [...bindCommands(declared, context), ...aliasEntries(shell)];
}

interface ShellContext extends LiveContext {
  readonly shell: Shell;
  readonly live: { readonly file: LiveValues; readonly alias: LiveValues };
}

const source = command<ShellContext>()("source <file:file>", {
  help: ["Run the commands of a file", "Name of the file"],
  async run({ shell }, { file }, call) {
    await shell.source(file, call);
    return linesAnswer(null, []);
  },
});

const doctor = command<ShellContext>()("doctor", {
  help: ["Say what this machine lacks for a node"],
  async run() {
    const { examine } = await import("#doctor/main.ts");
    const findings = await examine([]);
    const rows = findings.map(({ check, state, detail, remedy }) => [state, check, detail, remedy]);
    return tableAnswer(findings, { columns: ["State", "Check", "Found", "Remedy"], rows });
  },
});

const sleep = command<ShellContext>()("sleep <seconds:word>", {
  help: ["Wait", "How long, in seconds: 0.5, 10"],
  async run(_context, { seconds }, { signal }) {
    if (!/^\d{1,6}(\.\d+)?$/.test(seconds))
      throw new OperatorError(`"${seconds}" is no time`, "give seconds, such as 0.5");
    await sleepFor(Number(seconds) * 1_000, undefined, signal ? { signal } : {});
    return linesAnswer(null, []);
  },
});

const echo = command<ShellContext>()("echo [text:text]", {
  help: ["Print a text", "The text"],
  async run(_context, { text = "" }) {
    return linesAnswer(text, [text]);
  },
});

const logOn = command<ShellContext>()("log on <file:file>", {
  help: ["Log this session to a file", "Append what is typed and printed to a file", "Name of the file"],
  async run({ shell }, { file }) {
    shell.log.start(file);
    return linesAnswer({ file }, [`logging to ${file}`]);
  },
});

const logOff = command<ShellContext>()("log off", {
  help: ["Log this session to a file", "Stop logging"],
  async run({ shell }) {
    const wasOn = shell.log.isOn;
    shell.log.stop();
    return linesAnswer({ wasOn }, [wasOn ? "logging has stopped" : "logging was not on"]);
  },
});

const setAlias = command<ShellContext>()("alias [name:word] [text:text]", {
  help: ["Show aliases or give a command a short name", "The short name", "What it stands for"],
  async run({ shell }, { name, text }) {
    if (name === undefined) {
      const aliases = [...shell.aliases].map(([name, text]) => ({ name, text }));
      const rows = aliases.map(({ name, text }) => [name, text]);
      const whenEmpty = 'There are no aliases; "alias si show interfaces" makes one.';
      return {
        value: aliases,
        blocks: [{ type: "table", columns: ["Alias", "Stands for"], rows, whenEmpty }],
      };
    }
    if (text === undefined || text.trim() === "")
      throw new OperatorError(`what does "${name}" stand for?`, `alias ${name} show interfaces`);
    shell.setAlias(name, text.trim());
    return linesAnswer({ name, text }, []);
  },
});

const unalias = command<ShellContext>()("unalias <name:alias>", {
  help: ["Forget an alias", "The short name"],
  async run({ shell }, { name }) {
    shell.removeAlias(name);
    return linesAnswer({ name }, []);
  },
});

/** So that help and completion know them; their lines are expanded before they are matched. */
function aliasEntries(shell: Shell): Command[] {
  return [...shell.aliases].flatMap(([name, text]) =>
    bindCommands(
      [
        command<undefined>()(name, {
          help: [`Alias of "${text}"`],
          run: async () => linesAnswer(null, []),
        }),
      ],
      undefined,
    ),
  );
}

/** Files and folders that begin with `partial`; folders end with "/". */
async function files(partial: string): Promise<readonly Candidate[]> {
  const folder = partial.slice(0, partial.lastIndexOf("/") + 1);
  const entries = await readdir(folder === "" ? "." : folder, { withFileTypes: true });
  const isHidden = partial.slice(folder.length).startsWith(".");
  return entries
    .filter(({ name }) => name.startsWith(".") === isHidden)
    .map((entry) => ({ text: folder + entry.name + (entry.isDirectory() ? "/" : ""), help: "" }))
    .sort((a, b) => (a.text < b.text ? -1 : 1));
}
