import { readFile, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseDocument } from "yaml";
import { z } from "zod";
import { OperatorError } from "#base/operator-error.ts";

/** What a lab file says. */
export interface Topology {
  /** The folder of the lab file: the configuration folder of all its nodes. */
  readonly folder: string;
  /** Names of nodes, which are names of profiles. */
  readonly nodes: readonly string[];
  /** Which of them gets the prompt. */
  readonly prompt: string;
}

const schema = z.strictObject({
  nodes: z
    .array(z.string().regex(/^[a-z\d][a-z\d-]{0,31}$/, "a name has letters, digits and -"))
    .min(1)
    .max(64),
  prompt: z.string().optional(),
});

/** Reads a lab file, or lab.yaml in a folder. Throws OperatorError for what is wrong with it. */
export async function readTopology(path: string): Promise<Topology> {
  const file = await labFile(resolve(path));
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch {
    throw new OperatorError(
      `there is no lab ${file}`,
      "name a folder with a lab.yaml, such as examples/five",
    );
  }
  const document = parseDocument(text);
  const syntax = document.errors[0];
  if (syntax) throw new OperatorError(`${file}: ${syntax.message.split("\n")[0]}`, "mend the lab file");
  const parsed = schema.safeParse(document.toJS());
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new OperatorError(
      `${file}: ${issue!.path.join(".")}: ${issue!.message}`,
      "write nodes: [bob, alice]",
    );
  }
  const { nodes, prompt = nodes[0]! } = parsed.data;
  if (new Set(nodes).size < nodes.length)
    throw new OperatorError(`${file}: a node is named twice`, "name each once");
  if (!nodes.includes(prompt))
    throw new OperatorError(`${file}: prompt: there is no node ${prompt}`, "name one of nodes");
  return { folder: dirname(file), nodes, prompt };
}

async function labFile(path: string): Promise<string> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  return isFolder ? join(path, "lab.yaml") : path;
}
