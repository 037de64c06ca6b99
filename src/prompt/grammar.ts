import type { CallOptions } from "@connectrpc/connect";
import { assert } from "#base/assert.ts";
import type { Answer } from "#prompt/answer.ts";
import { isLiveKind, type FixedKinds } from "#prompt/kinds.ts";

/**
 * Declares a command. The grammar is also its type: literal words, `<name:kind>` parameters and `[name:kind]` optional
 * ones at the end, separated by one blank. `command<Api>()("show messages [count:number]", { … })` receives
 * `{ count?: number | undefined }`. The help has one text for each word and parameter, in their order.
 */
export function command<Context>(): <const Grammar extends string>(
  grammar: Grammar,
  definition: Definition<Context, NoInfer<Grammar>>, // only the grammar decides: the help would widen it
) => Declaration<Context> {
  return (grammar, definition) => {
    const tokens = readGrammar(grammar, definition.help);
    return {
      grammar,
      tokens,
      bind: (context) => ({
        grammar,
        tokens,
        // Matching has put exactly what the grammar names into the arguments.
        run: (args, call) => definition.run(context, args as ArgumentsOf<typeof grammar, Context>, call),
        values: (kind, call, partial) => liveValuesOf(context, kind)(call, partial),
        isLive: (kind) => hasLiveValues(context, kind),
      }),
    };
  };
}

/** Gives commands the context they close over; commands of different contexts then stand in one tree. */
export function bindCommands<Context>(
  declarations: readonly Declaration<Context>[],
  context: Context,
): readonly Command[] {
  return declarations.map((declaration) => declaration.bind(context));
}

/** A command as it was declared, before it has its context. */
export interface Declaration<Context> {
  readonly grammar: string;
  readonly tokens: readonly GrammarToken[];
  bind(context: Context): Command;
}

/** A command that can be run: its context is closed over. */
export interface Command {
  readonly grammar: string;
  readonly tokens: readonly GrammarToken[];
  /** `call` goes on to every API call: its signal is what Ctrl-C aborts. */
  run(args: Arguments, call: CallOptions): Promise<Answer>;
  /** What a parameter of a live kind can be now; `partial` is what of it stands there already. */
  values(kind: string, call: CallOptions, partial: string): Promise<readonly Candidate[]>;
  isLive(kind: string): boolean;
}

/** A context that knows values of its own: `live` names the kinds and tells what exists now. */
export interface LiveContext {
  readonly live: Readonly<Record<string, LiveValues>>;
}

/** `partial` is for kinds of which not everything can be listed, such as files. */
export type LiveValues = (call: CallOptions, partial: string) => Promise<readonly Candidate[]>;

/** Something that can stand at a place in the line, and what it is. */
export interface Candidate {
  readonly text: string;
  readonly help: string;
}

export type Arguments = Readonly<Record<string, string | number | undefined>>;

export type GrammarToken = WordToken | ParameterToken;

export interface WordToken {
  readonly type: "word";
  readonly word: string;
  readonly help: string;
}

export interface ParameterToken {
  readonly type: "parameter";
  readonly name: string;
  readonly kind: string;
  readonly optional: boolean;
  readonly help: string;
}

export interface Definition<Context, Grammar extends string> {
  readonly help: HelpTexts<Grammar> & readonly string[];
  run(context: Context, args: ArgumentsOf<Grammar, Context>, call: CallOptions): Promise<Answer>;
}

/** One text for each word and parameter of the grammar: a tuple of that length. */
type HelpTexts<Grammar extends string> = string extends Grammar
  ? readonly string[]
  : Grammar extends `${string} ${infer Tail}`
    ? readonly [string, ...HelpTexts<Tail>]
    : readonly [string];

/** `{ name: type }` of the grammar's parameters; a kind that nothing knows has the type never. */
export type ArgumentsOf<Grammar extends string, Context> = Grammar extends `${infer Head} ${infer Tail}`
  ? ArgumentOf<Head, Context> & ArgumentsOf<Tail, Context>
  : ArgumentOf<Grammar, Context>;

type ArgumentOf<Token extends string, Context> = Token extends `<${infer Name}:${infer Kind}>`
  ? { readonly [Key in Name]: ValueOf<Kind, Context> }
  : Token extends `[${infer Name}:${infer Kind}]`
    ? { readonly [Key in Name]?: ValueOf<Kind, Context> | undefined }
    : unknown;

type ValueOf<Kind extends string, Context> = Kind extends keyof FixedKinds
  ? FixedKinds[Kind]
  : Kind extends LiveKindOf<Context>
    ? string
    : never;

type LiveKindOf<Context> = Context extends { readonly live: infer Live } ? keyof Live & string : never;

function readGrammar(grammar: string, help: readonly string[]): readonly GrammarToken[] {
  const parts = grammar.split(" ");
  assert(
    parts.length === help.length,
    `"${grammar}" has ${parts.length} words and parameters but ${help.length} help texts`,
  );
  const tokens = parts.map((part, i) => readToken(grammar, part, help[i]!));
  for (const [i, token] of tokens.entries()) {
    if (token.type === "word") {
      const follows = tokens[i - 1];
      const afterOptional = follows?.type === "parameter" && follows.optional;
      assert(!afterOptional, `"${grammar}": nothing but optional parameters may follow an optional one`);
      continue;
    }
    const last = i === tokens.length - 1;
    assert(token.kind !== "text" || last, `"${grammar}": a text parameter takes the rest of the line`);
    assert(i > 0, `"${grammar}": a command begins with a word`);
    const before = tokens[i - 1]!;
    const required = before.type === "parameter" && before.optional && !token.optional;
    assert(!required, `"${grammar}": a required parameter may not follow an optional one`);
  }
  const names = tokens.flatMap((token) => (token.type === "parameter" ? [token.name] : []));
  assert(new Set(names).size === names.length, `"${grammar}": two parameters have one name`);
  return tokens;
}

function readToken(grammar: string, part: string, help: string): GrammarToken {
  if (WORD.test(part)) return { type: "word", word: part, help };
  const [, required, requiredKind, optional, optionalKind] = PARAMETER.exec(part) ?? [];
  const name = required ?? optional;
  const kind = requiredKind ?? optionalKind;
  assert(name !== undefined && kind !== undefined, `"${grammar}": "${part}" is no word and no parameter`);
  return { type: "parameter", name, kind, optional: optional !== undefined, help };
}

function hasLiveValues(context: unknown, kind: string): boolean {
  if (!isLiveKind(kind) || typeof context !== "object" || context === null || !("live" in context))
    return false;
  return typeof context.live === "object" && context.live !== null && Object.hasOwn(context.live, kind);
}

function liveValuesOf(context: unknown, kind: string): LiveValues {
  assert(hasLiveValues(context, kind), `the context has no live values for "${kind}"`);
  return (context as LiveContext).live[kind]!;
}

const WORD = /^[a-z\d][a-z\d.-]*$/;
const PARAMETER = /^(?:<([a-z]\w*):([a-z]+)>|\[([a-z]\w*):([a-z]+)\])$/i;
