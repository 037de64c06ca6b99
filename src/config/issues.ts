import type { z } from "zod";
import { joinNames, suggestion } from "#base/edit-distance.ts";
import { formatKeyPath } from "#config/key-path.ts";
import { findLocated, type Found, type Located, type LocatedMap } from "#config/located.ts";
import type { PlacedProblem } from "#config/problem.ts";
import { isSecret } from "#config/secrets.ts";

/** Zod's issues and, for each unknown key, the keys that are known where it stands. */
export interface SectionIssues {
  readonly issues: readonly z.core.$ZodIssue[];
  readonly knownKeys: KnownKeys;
}

/** By the identity of an issue's `keys`. */
export type KnownKeys = ReadonlyMap<readonly string[], readonly string[]>;

/** Parses a section: its value, or what is wrong with it. */
export function parseSection(
  schema: z.ZodType,
  plain: unknown,
): { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & SectionIssues) {
  const knownKeys = new Map<readonly string[], readonly string[]>();
  const result = schema.safeParse(plain, {
    // An empty text marks a message as zod's own: what a schema's author wrote is kept, the rest is worded
    // below.
    error: (issue) => {
      if (issue.code === "unrecognized_keys") knownKeys.set(issue.keys, keysOf(issue.inst));
      return "";
    },
  });
  return result.success
    ? { ok: true, value: result.data }
    : { ok: false, issues: result.error.issues, knownKeys };
}

/** The problems that a section's issues are, at the places of the layers that set the values. */
export function problemsOfIssues(
  section: string,
  { issues, knownKeys }: SectionIssues,
  root: LocatedMap,
  secrets: readonly string[],
): readonly PlacedProblem[] {
  const translator = new Translator(root, secrets, knownKeys);
  // One a key, the first: of a value of the wrong type zod may also say that it is too long.
  const byKey = new Map<string, PlacedProblem>();
  for (const problem of issues.flatMap((issue) => translator.problems(issue, [section]))) {
    if (!byKey.has(problem.key)) byKey.set(problem.key, problem);
  }
  return [...byKey.values()];
}

/** An unknown key at `path`, reported where the key stands. */
export function unknownKeyProblem(
  path: readonly PropertyKey[],
  known: readonly string[],
  root: LocatedMap,
): PlacedProblem {
  const name = String(path.at(-1));
  const what = path.length === 1 ? "section" : "key";
  return {
    place: findLocated(root, path).key,
    key: formatKeyPath(path),
    message: `is not a known ${what}`,
    remedy: suggestion(name, known) ?? dottedHint(name, known) ?? knownHint(known),
  };
}

function dottedHint(name: string, known: readonly string[]): string | undefined {
  const [first, ...rest] = name.split(".");
  if (rest.length === 0 || !known.includes(first!)) return undefined;
  return `in a file write "${first}:" and below it, indented, "${rest.join(".")}:"`;
}

function knownHint(known: readonly string[]): string {
  return known.length === 0 ? "nothing can be set here" : `known are ${joinNames([...known].sort(), "and")}`;
}

class Translator {
  readonly #root: LocatedMap;
  readonly #secrets: readonly string[];
  readonly #knownKeys: KnownKeys;

  constructor(root: LocatedMap, secrets: readonly string[], knownKeys: KnownKeys) {
    this.#root = root;
    this.#secrets = secrets;
    this.#knownKeys = knownKeys;
  }

  /** `parent` is what comes before the issue's own path: the section, and the paths of unions around it. */
  problems(issue: z.core.$ZodIssue, parent: readonly PropertyKey[]): readonly PlacedProblem[] {
    const path = [...parent, ...issue.path];
    if (issue.code === "unrecognized_keys") {
      const known = this.#knownKeys.get(issue.keys) ?? [];
      return issue.keys.map((key) => unknownKeyProblem([...path, key], known, this.#root));
    }
    const found = findLocated(this.#root, path);
    if (issue.message === "" && issue.code === "invalid_union" && issue.errors.length > 0) {
      return this.#unionProblems(issue.errors, path, found);
    }
    const isOfKey =
      issue.code === "invalid_key" || (issue.code === "custom" && issue.params?.["of"] === "key");
    const place = isOfKey ? found.key : found.place;
    const { message, remedy } = this.#worded(issue, found, isSecret(path, this.#secrets));
    return [{ place, key: formatKeyPath(path), message, remedy }];
  }

  /** What is wrong with the alternative that the value is nearest to, or all that would do. */
  #unionProblems(
    alternatives: readonly (readonly z.core.$ZodIssue[])[],
    path: readonly PropertyKey[],
    found: Found,
  ): readonly PlacedProblem[] {
    const fitting = alternatives.filter((issues) => !issues.some(isOfOtherKind));
    const nearest = fitting.toSorted((a, b) => a.length - b.length)[0];
    if (nearest) return nearest.flatMap((issue) => this.problems(issue, path));
    const wanted = new Set(alternatives.flatMap((issues) => issues.filter(isOfOtherKind).map(wantedBy)));
    const message = `expected ${joinNames([...wanted], "or")}, got ${kindOf(found.value)}`;
    return [{ place: found.place, key: formatKeyPath(path), message, remedy: "write one of these" }];
  }

  #worded(issue: z.core.$ZodIssue, found: Found, hidden: boolean): { message: string; remedy: string } {
    const own = issue.message === "" ? undefined : ownWording(issue);
    const isTyped = issue.code === "invalid_type" || issue.code === "invalid_value";
    if (found.value === undefined && isTyped) {
      return { message: "is missing", remedy: own?.[1] ?? `set it to ${wantedBy(issue)}` };
    }
    if (found.value?.kind === "nothing") {
      return { message: "has no value", remedy: `write ${wantedBy(issue)} after the key, or remove the key` };
    }
    const [message, remedy] = own ?? wording(issue, found.value, hidden);
    return { message, remedy };
  }
}

/** A schema's own message may bring its remedy: "what is wrong; what to do", or as `params: { remedy }`. */
function ownWording(issue: z.core.$ZodIssue): [message: string, remedy: string] {
  const at = issue.message.indexOf("; ");
  if (at >= 0) return [issue.message.slice(0, at), issue.message.slice(at + 2)];
  const remedy: unknown = issue.code === "custom" ? issue.params?.["remedy"] : undefined;
  return [issue.message, typeof remedy === "string" ? remedy : "change it"];
}

function wording(
  issue: z.core.$ZodIssue,
  value: Located | undefined,
  hidden: boolean,
): [message: string, remedy: string] {
  switch (issue.code) {
    case "invalid_type":
      return [`expected ${wantedBy(issue)}, got ${kindOf(value)}`, typeRemedy(issue.expected, value, hidden)];
    case "invalid_value": {
      const names = issue.values.map(String);
      const given = value?.kind === "scalar" && !hidden ? String(value.value) : "";
      return [
        `must be ${joinNames(names, "or")}`,
        suggestion(given, names) ?? `write ${joinNames(names, "or")}`,
      ];
    }
    case "too_small":
    case "too_big":
      return sizeWording(issue);
    case "not_multiple_of":
      return [`must be a multiple of ${issue.divisor}`, `write ${issue.divisor}, for example`];
    case "invalid_format":
      return issue.format === "regex"
        ? ["has the wrong form", `write text that matches ${issue.pattern}`]
        : [`is not a valid ${issue.format}`, "correct it"];
    case "invalid_key": {
      const inner = issue.issues[0];
      if (!inner) return ["is not a valid name here", "choose another"];
      const [message, remedy] = inner.message === "" ? wording(inner, undefined, hidden) : ownWording(inner);
      return [`the name ${message}`, remedy];
    }
    case "invalid_union": {
      const names = "options" in issue && issue.options ? issue.options.map(String) : [];
      if (names.length === 0) return ["is not a valid value", "change it"];
      const given = value?.kind === "scalar" && !hidden ? String(value.value) : "";
      const remedy = value ? suggestion(given, names) : undefined;
      return [
        value ? `must be ${joinNames(names, "or")}` : "is missing",
        remedy ?? `write ${joinNames(names, "or")}`,
      ];
    }
    default:
      return ["is not a valid value", "change it"];
  }
}

function sizeWording(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
): [message: string, remedy: string] {
  const isSmall = issue.code === "too_small";
  const bound = isSmall ? issue.minimum : issue.maximum;
  const isInclusive = issue.inclusive !== false;
  const limit = isSmall ? (isInclusive ? "at least" : "more than") : isInclusive ? "at most" : "less than";
  if (issue.origin === "string") {
    return [`must have ${limit} ${counted(bound, "character")}`, isSmall ? "write more" : "shorten it"];
  }
  if (issue.origin === "array" || issue.origin === "set") {
    return [`must have ${limit} ${counted(bound, "entry")}`, isSmall ? "add some" : "remove some"];
  }
  return [`must be ${limit} ${bound}`, isSmall ? "write a larger number" : "write a smaller number"];
}

function counted(count: number | bigint, word: string): string {
  if (Number(count) === 1) return `1 ${word}`;
  return `${count} ${word === "entry" ? "entries" : `${word}s`}`;
}

function isOfOtherKind(issue: z.core.$ZodIssue): boolean {
  return issue.path.length === 0 && (issue.code === "invalid_type" || issue.code === "invalid_value");
}

/** What an issue asks for: "a whole number", "lan or wan". */
function wantedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return joinNames(issue.values.map(String), "or");
  return issue.code === "invalid_type" ? (WANTED[issue.expected] ?? `a ${issue.expected}`) : "a value";
}

function kindOf(value: Located | undefined): string {
  if (value === undefined || value.kind === "nothing") return "nothing";
  if (value.kind !== "scalar") return `a ${value.kind}`;
  if (value.value === null) return "null";
  if (typeof value.value === "string") return "text";
  if (typeof value.value === "boolean") return String(value.value);
  return Number.isFinite(value.value) && Number.isInteger(value.value)
    ? "a number"
    : `the number ${value.value}`;
}

function typeRemedy(expected: string, value: Located | undefined, hidden: boolean): string {
  const isScalar = value?.kind === "scalar" && value.value !== null;
  if (expected === "string" && isScalar && !hidden) return `write it in quotes: "${value.value}"`;
  return TYPE_REMEDIES[expected] ?? "change it";
}

function keysOf(schema: unknown): readonly string[] {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  return shape ? Object.keys(shape) : [];
}

const WANTED: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  tuple: "a list",
  object: "a map",
  record: "a map",
};

const TYPE_REMEDIES: Readonly<Record<string, string>> = {
  string: "write text, in quotes",
  number: "write a number without quotes, such as 10",
  int: "write a whole number without quotes, such as 10",
  boolean: "write true or false without quotes",
  array: "write a list, such as [a, b]",
  tuple: "write a list, such as [a, b]",
  object: "write keys and values, such as { key: value }",
  record: "write keys and values, such as { key: value }",
};
