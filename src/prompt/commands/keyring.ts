import type { CallOptions } from "@connectrpc/connect";
import type { ChangeKeyringResponse, KeyringAction } from "#api/gen/parley/v1/membership_pb.ts";
import { linesAnswer, tableAnswer, type Answer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

const KEYRING = "Keys that the members encrypt with";
const KEY = "16, 24 or 32 bytes in base64 or hex";

export const keyringList = command<ParleyContext>()("keyring list", {
  help: [KEYRING, "Keys, and how many members have them"],
  async run({ client }, _args, call) {
    const answer = await (await client()).membership.changeKeyring({ action: ACTIONS.list }, call);
    const { keys, members } = countKeys(answer);
    const table = tableAnswer(
      { local: answer.local, members, keys: Object.fromEntries(keys), problems: problemsOf(answer) },
      {
        columns: ["Key", "Encrypts at", "Known to"],
        rows: [...keys].map(([key, { encrypts, known }]) => [
          key,
          `${encrypts} of ${members}`,
          `${known} of ${members}`,
        ]),
        whenEmpty: "Nothing is encrypted: there are no keys.",
      },
    );
    const lines = [...problemsOf(answer).map(problemLine), ...localNote(answer)];
    return { ...table, blocks: [...table.blocks, { type: "lines", lines }] };
  },
});

export const keyringInstall = command<ParleyContext>()("keyring install <key:word>", {
  help: [KEYRING, "Give all members a key to decrypt with", KEY],
  run: (context, { key }, call) => change(context, "install", key, call),
});

export const keyringUse = command<ParleyContext>()("keyring use <key:word>", {
  help: [KEYRING, "Encrypt with an installed key", KEY],
  run: (context, { key }, call) => change(context, "use", key, call),
});

export const keyringRemove = command<ParleyContext>()("keyring remove <key:word>", {
  help: [KEYRING, "Forget a key that is not used any more", KEY],
  run: (context, { key }, call) => change(context, "remove", key, call),
});

async function change(
  { client }: ParleyContext,
  action: keyof typeof ACTIONS,
  key: string,
  call: CallOptions,
): Promise<Answer> {
  const answer = await (await client()).membership.changeKeyring({ action: ACTIONS[action], key }, call);
  const done = answer.answers.filter(({ ok }) => ok).length;
  const members = done === 1 ? "member" : "members";
  const lines = [`done at ${done} ${members}`, ...problemsOf(answer).map(problemLine), ...localNote(answer)];
  return linesAnswer({ local: answer.local, done, problems: problemsOf(answer) }, lines);
}

function countKeys({ answers }: ChangeKeyringResponse) {
  const keys = new Map<string, { encrypts: number; known: number }>();
  const asked = answers.filter(({ ok }) => ok);
  for (const answer of asked) {
    for (const [place, key] of answer.keys.entries()) {
      const { encrypts, known } = keys.get(key) ?? { encrypts: 0, known: 0 };
      keys.set(key, { encrypts: encrypts + Number(place === 0), known: known + 1 });
    }
  }
  return { keys, members: asked.length };
}

function problemsOf({ answers }: ChangeKeyringResponse) {
  return answers.filter(({ ok }) => !ok).map(({ from, message }) => ({ from, message }));
}

function problemLine({ from, message }: { readonly from: string; readonly message: string }): string {
  return `${from}: ${message}`;
}

function localNote({ local, answers }: ChangeKeyringResponse): string[] {
  return local && answers.length > 0
    ? ["only this node: without Serf's layer other members are not asked"]
    : [];
}

const ACTIONS = { list: 1, install: 2, use: 3, remove: 4 } as const satisfies Record<string, KeyringAction>;
