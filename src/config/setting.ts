import { OperatorError } from "#base/operator-error.ts";
import { bracketedEndpointAt } from "#config/bracketed-endpoint.ts";
import { formatKeyPath, parseKeyPath } from "#config/key-path.ts";
import type { Located, LocatedMap, Place, PlaceSource } from "#config/located.ts";
import type { PlacedProblem } from "#config/problem.ts";
import { MASK, touchesSecret } from "#config/secrets.ts";
import { readYamlValue } from "#config/yaml-layer.ts";

/**
 * One `-s` as layers, one a line: "whisper.nick=bob", "whisper.nick = "bob"", "peers = [a, b]". `number`
 * counts the `-s` from 1, `order` places its first line among the layers. Values are YAML in flow style; what
 * is no such value is plain text. Throws OperatorError with exit status 2 for anything that is not KEY=VALUE.
 */
export function readSetting(
  text: string,
  number: number,
  order: number,
  secrets: readonly string[],
): readonly LocatedMap[] {
  const layers: LocatedMap[] = [];
  for (const line of text.split(/\r?\n/)) {
    const setting = line.trim();
    if (setting === "" || setting.startsWith("#")) continue;
    layers.push(readLine(setting, number, order + layers.length / MAXIMUM_SETTING_LINES, secrets));
    if (layers.length >= MAXIMUM_SETTING_LINES) {
      throw malformed(
        `-s ${number}`,
        `has more than ${MAXIMUM_SETTING_LINES} lines`,
        "put them into a profile file",
      );
    }
  }
  if (layers.length === 0) throw malformed(`-s ${number}`, "is empty", EXAMPLE);
  return layers;
}

function readLine(setting: string, number: number, order: number, secrets: readonly string[]): LocatedMap {
  const shortName = `-s ${number}`;
  const key = parseKeyPath(setting);
  if (!key.ok) throw malformed(`${shortName} (${shortened(setting)})`, key.message, EXAMPLE);
  const shown = touchesSecret(key.path, secrets) ? `${formatKeyPath(key.path)}=${MASK}` : shortened(setting);
  const source: PlaceSource = { name: `${shortName} (${shown})`, shortName, order };
  if (setting[key.end] !== "=") throw malformed(source.name, 'has no "="', EXAMPLE);
  const place: Place = { source, line: 0, column: 0 };
  let value = readValue(setting.slice(key.end + 1).trim(), place);
  for (const part of key.path.toReversed()) {
    value = { kind: "map", place, entries: new Map([[part, { key: place, value }]]) };
  }
  return value as LocatedMap;
}

function readValue(text: string, place: Place): Located {
  const { name } = place.source;
  if (text === "" || text.startsWith("#")) {
    throw malformed(name, "has no value", 'write KEY="" for an empty text, KEY=null to take the key away');
  }
  // Only here can this be meant: a list is never followed by ":55555".
  if (bracketedEndpointAt(text, 0) === text) return { kind: "scalar", place, value: text };
  const problems: PlacedProblem[] = [];
  // In a list with a second item, so that "a, b" and "a," show as more than one value.
  const read = readYamlValue(`[${text}\n, 0]`, place.source, problems);
  const only = read.kind === "list" && read.items.length === 2 ? read.items[0] : undefined;
  if (problems.length === 0 && only && isAsWritten(only, text)) return relocated(only, place);
  if (!/^["'[{]/.test(text)) return { kind: "scalar", place, value: text };
  const [problem] = problems;
  if (problem) throw malformed(name, problem.message, problem.remedy);
  throw malformed(name, "holds more than one value", "write one, such as bob, [a, b] or { a: 1 }");
}

/**
 * Text that merely begins like YAML ("a: b", "!x", "&x") is text; a map or a list has to show its brackets.
 */
function isAsWritten(value: Located, text: string): boolean {
  const first = text[0]!;
  if (value.kind === "map") return first === "{";
  if (value.kind === "list") return first === "[";
  return value.kind === "scalar" && !"!&*|>%@`?".includes(first);
}

function relocated(value: Located, place: Place): Located {
  switch (value.kind) {
    case "map": {
      const entries = [...value.entries].map(
        ([key, entry]) => [key, { key: place, value: relocated(entry.value, place) }] as const,
      );
      return { kind: "map", place, entries: new Map(entries) };
    }
    case "list":
      return { kind: "list", place, items: value.items.map((item) => relocated(item, place)) };
    default:
      return { ...value, place };
  }
}

function shortened(text: string): string {
  const visible = text.replaceAll(/\p{Cc}/gu, " ");
  return visible.length <= MAXIMUM_SHOWN ? visible : `${visible.slice(0, MAXIMUM_SHOWN - 1)}…`;
}

function malformed(setting: string, message: string, remedy: string): OperatorError {
  return new OperatorError(`${setting}: ${message}`, remedy, { exitStatus: 2 });
}

const EXAMPLE = "write KEY=VALUE, for example -s whisper.nick=bob";
const MAXIMUM_SHOWN = 60; // of a setting in an error's place
const MAXIMUM_SETTING_LINES = 1_000; // a whole file's worth belongs in a file
