/**
 * The configuration: layers of files and settings, merged, checked and explained.
 *
 * Every layer becomes a tree of values that know their places (located.ts): YAML by yaml-layer.ts, TOML by
 * toml-layer.ts, a `-s` by setting.ts. The trees merge (merge.ts), each section goes through its service's
 * schema, and what zod finds wrong is led back to file, line and column (issues.ts).
 */
import type { z } from "zod";
import { parseSection, problemsOfIssues, unknownKeyProblem } from "#config/issues.ts";
import { findLayerFiles } from "#config/layer-files.ts";
import { findDottedPath, findLocated, formatPlace, plainValue, type LocatedMap } from "#config/located.ts";
import { mergeLayers, normalizeLayer, withoutRemoved } from "#config/merge.ts";
import { printConfiguration } from "#config/print.ts";
import { ConfigurationError, type PlacedProblem } from "#config/problem.ts";
import { readLayerFile } from "#config/read-layer.ts";
import { readSetting } from "#config/setting.ts";

export interface ConfigurationSource {
  /** `-c`: a YAML or TOML file, or a folder with `default.*`; without it, only settings over the defaults. */
  readonly path?: string;
  /** `-p`: the profile in that folder, or beside that file. */
  readonly profile?: string;
  /** Each `-s`, in order. */
  readonly settings: readonly string[];
  /** The working directory, absolute: relative paths start here. */
  readonly folder: string;
}

export interface ConfigurationSchema {
  /**
   * By name. Objects are strict. What `print` shows needs codecs where a schema transforms (as those of
   * schema.ts are).
   */
  readonly sections: Readonly<Record<string, z.ZodType>>;
  /**
   * Dotted keys whose values, and all below them, are masked: "api.tokens", "ospf.*.*.authentication.key".
   */
  readonly secrets: readonly string[];
  /**
   * Finds values that cannot stand together, each by its dotted key. Asked when all sections are right by
   * themselves.
   */
  readonly clashes?: (sections: ReadonlyMap<string, unknown>) => readonly Clash[];
}

export interface Clash {
  /** Reported where the second is set. */
  readonly keys: readonly [string, string];
  readonly message: string;
  readonly remedy: string;
}

export interface Configuration {
  /** Parsed, with defaults; only the sections that some layer has. */
  readonly sections: ReadonlyMap<string, unknown>;
  /** All files that were read, absolute, lowest layer first. */
  readonly files: readonly string[];
  /** All files, present or not, whose change asks for a reload; for watchConfiguration. */
  readonly watched: readonly string[];
  /**
   * The whole configuration as YAML that loads again, each value with where it comes from; secrets are
   * masked.
   */
  print(): string;
}

/**
 * Loads a configuration. Rejects with ConfigurationError for what is wrong in the layers, and with another
 * OperatorError when the layers cannot be found (exit status 1) or a `-s` or `-p` makes no sense (2).
 */
export async function loadConfiguration(
  source: ConfigurationSource,
  schema: ConfigurationSchema,
): Promise<Configuration> {
  const { files, watched } = await findLayerFiles(source.path, source.profile, source.folder);
  const root = withoutRemoved(await readLayers(files, source, schema.secrets));
  const sections = parseSections(root, schema);
  refuse(clashProblems(sections, root, schema));
  return {
    sections,
    files,
    watched,
    print: () => printConfiguration(sections, schema.sections, root, schema.secrets),
  };
}

async function readLayers(
  files: readonly string[],
  source: ConfigurationSource,
  secrets: readonly string[],
): Promise<LocatedMap> {
  const settings = source.settings.flatMap((text, i) => readSetting(text, i + 1, files.length + i, secrets));
  const texts = await Promise.all(files.map((file, i) => readLayerFile(file, source.folder, i)));
  refuse(texts.flatMap(({ problems }) => problems));
  const layers = [...texts.map(({ map }) => map), ...settings].map(normalizeLayer);
  const place = { source: { name: "configuration", shortName: "default", order: 0 }, line: 0, column: 0 };
  return layers.reduce<LocatedMap>(mergeLayers, { kind: "map", place, entries: new Map() });
}

/** In the order of the schema, which is the order they are printed in. */
function parseSections(root: LocatedMap, schema: ConfigurationSchema): ReadonlyMap<string, unknown> {
  const known = Object.keys(schema.sections);
  const problems: PlacedProblem[] = [];
  for (const name of root.entries.keys()) {
    if (!Object.hasOwn(schema.sections, name)) problems.push(unknownKeyProblem([name], known, root));
  }
  const sections = new Map<string, unknown>();
  for (const [name, section] of Object.entries(schema.sections)) {
    const entry = root.entries.get(name);
    if (!entry) continue;
    const parsed = parseSection(section, plainValue(entry.value));
    if (parsed.ok) sections.set(name, parsed.value);
    else problems.push(...problemsOfIssues(name, parsed, root, schema.secrets));
  }
  refuse(problems);
  return sections;
}

function clashProblems(
  sections: ReadonlyMap<string, unknown>,
  root: LocatedMap,
  schema: ConfigurationSchema,
): readonly PlacedProblem[] {
  return (schema.clashes?.(sections) ?? []).map(({ keys: [first, second], message, remedy }) => {
    const firstPath = findDottedPath(root, first);
    const firstPlace = firstPath && findLocated(root, firstPath).key;
    const nearest = findLocated(root, findDottedPath(root, second) ?? second.split(".")).key;
    // A second key that no layer comes near is a default: the first is all there is to see.
    const place = nearest === root.place && firstPlace ? firstPlace : nearest;
    const seen = firstPlace && firstPlace !== place ? ` (${first} is set at ${formatPlace(firstPlace)})` : "";
    return { place, key: second, message: message + seen, remedy };
  });
}

function refuse(problems: readonly PlacedProblem[]): void {
  if (problems.length > 0) throw new ConfigurationError(problems);
}
