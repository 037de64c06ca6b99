import { access, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { OperatorError } from "#base/operator-error.ts";
import { joinNames, suggestion } from "#base/edit-distance.ts";
import { parseSection, problemsOfIssues, unknownKeyProblem } from "#config/issues.ts";
import { formatKeyPath } from "#config/key-path.ts";
import { findLocated, plainValue, type LocatedMap } from "#config/located.ts";
import { ConfigurationError, type PlacedProblem } from "#config/problem.ts";
import { readLayerFile } from "#config/read-layer.ts";
import { SECTIONS, type LabFile } from "#lab/lab-file.ts";
import { planNetwork, type NetworkPlan } from "#lab/network-plan.ts";

/** What a lab file says. */
export interface Topology {
  /** Of the file, or of its folder. */
  readonly name: string;
  /** The folder of the lab file: paths in it start there. */
  readonly folder: string;
  /** Names of nodes; without a network they are names of profiles in that folder. */
  readonly nodes: readonly string[];
  /** Which of them gets the prompt; undefined where none is a Parley. */
  readonly prompt: string | undefined;
  /** Nodes in network namespaces; without it they are daemons on loopback. */
  readonly network?: NetworkPlan;
}

/** Tells what is wrong at a path of keys of the lab file. */
export type Refuse = (path: readonly PropertyKey[], message: string, remedy: string) => void;

/** Reads a lab file, or lab.yaml in a folder. Throws OperatorError, with line and column, for what is wrong with it. */
export async function readTopology(path: string): Promise<Topology> {
  const file = await labFile(resolve(path));
  const { map: root, problems } = await readLayerFile(file, process.cwd(), 0);
  refuseAll(problems);
  const found = parseSections(root);
  const refused: PlacedProblem[] = [];
  const refuse: Refuse = (path, message, remedy) =>
    void refused.push({ place: findLocated(root, path).place, key: formatKeyPath(path), message, remedy });
  const topology = toTopology(found, dirname(file), refuse);
  await checkFiles(found, dirname(file), refuse);
  refuseAll(refused);
  return topology;
}

function parseSections(root: LocatedMap): LabFile {
  const known = Object.keys(SECTIONS);
  const problems: PlacedProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { value }] of root.entries) {
    if (!Object.hasOwn(SECTIONS, name)) {
      problems.push(unknownKeyProblem([name], known, root));
      continue;
    }
    const parsed = parseSection(SECTIONS[name as keyof typeof SECTIONS], plainValue(value));
    if (parsed.ok) values[name] = parsed.value;
    else problems.push(...problemsOfIssues(name, parsed, root, []));
  }
  if (!root.entries.has("nodes"))
    problems.push({
      place: root.place,
      key: "nodes",
      message: "is missing",
      remedy: "write nodes: [bob, alice]",
    });
  refuseAll(problems);
  return values as unknown as LabFile; // each by its own schema
}

function toTopology(file: LabFile, folder: string, refuse: Refuse): Topology {
  const nodes = file.nodes.map(nameOf);
  for (const [i, { name, key }] of file.nodes.entries())
    if (nodes.indexOf(name) < i) refuse(["nodes", key], `${name} is named twice`, "name each node once");
  const isNetwork =
    file.links !== undefined ||
    file.timers !== undefined ||
    file.nodes.some(({ section }) => section !== undefined);
  const network = isNetwork ? planNetwork(file, refuse) : undefined;
  const prompting = network ? network.nodes.filter(({ kind }) => kind === "parley").map(nameOf) : nodes;
  const { prompt = prompting[0] } = file;
  if (prompt !== undefined && !prompting.includes(prompt)) {
    const message = nodes.includes(prompt) ? `${prompt} is no Parley` : `there is no node ${prompt}`;
    refuse(["prompt"], message, suggestion(prompt, prompting) ?? `name one of ${joinNames(prompting, "or")}`);
  }
  const name = file.name ?? labName(basename(folder));
  return { name, folder, nodes, prompt, ...(network && { network }) };
}

async function checkFiles({ nodes }: LabFile, folder: string, refuse: Refuse): Promise<void> {
  for (const { key, section } of nodes) {
    if (section?.config === undefined) continue;
    const isThere = await access(join(folder, section.config)).then(
      () => true,
      () => false,
    );
    if (!isThere)
      refuse(["nodes", key, "config"], `there is no file ${section.config}`, "paths start at the lab file");
  }
}

function nameOf({ name }: { readonly name: string }): string {
  return name;
}

/** What of a folder's name can be the name of a lab. */
function labName(folder: string): string {
  return (
    folder
      .toLowerCase()
      .replaceAll(/[^a-z\d]+/g, "-")
      .replaceAll(/^-+|-+$/g, "")
      .slice(0, 32) || "lab"
  );
}

async function labFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  const file = isFolder ? join(path, "lab.yaml") : path;
  await access(file).catch(() => {
    throw new OperatorError(
      `there is no lab ${file}`,
      "name a folder with a lab.yaml, such as examples/five",
    );
  });
  return file;
}

function refuseAll(problems: readonly PlacedProblem[]): void {
  if (problems.length > 0) throw new ConfigurationError(problems);
}
