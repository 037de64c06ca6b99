import { lstatSync } from "node:fs";
import { chmod, mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { removeNamespaces } from "#lab/namespaces.ts";
import { identify, isRunning } from "#lab/processes.ts";

/** What another process has to know of a running lab: written when it begins, before anything else is made. */
export interface LabRecord {
  /** As people name it: "ospf-ring", and "ospf-ring-2" when that runs already. */
  readonly name: string;
  /** The process that keeps it up. */
  readonly keeper: { readonly pid: number; readonly startTime: number };
  /** What the names of its network namespaces begin with; empty when it has none. */
  readonly namespaces: string;
  /** How each node's own prompt is reached. */
  readonly nodes: readonly NodeRecord[];
}

export interface NodeRecord {
  readonly name: string;
  readonly kind: string;
  /** Where its commands run; empty: on the machine itself. */
  readonly namespace: string;
  /** The socket of a parleyd; empty for others. */
  readonly socket: string;
  /** The program that is the prompt of others, with its arguments. */
  readonly prompt: readonly string[];
}

export interface FoundLab extends LabRecord {
  readonly folder: string;
}

/** A private temporary folder for one lab's sockets, data and logs. */
export function makeLabFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), PREFIX));
}

/** The part of its name that no other lab on this machine has: six letters and digits. */
export function idOf(folder: string): string {
  return folder.slice(-ID_LENGTH);
}

/** Lets others than the owner through, for programs that give up root; not look around. */
export async function openFolder(folder: string): Promise<void> {
  await chmod(folder, 0o711);
}

/** Puts the record into the lab's folder, whole or not at all. */
export async function writeRecord(folder: string, record: LabRecord): Promise<void> {
  const file = join(folder, RECORD);
  await writeFile(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** This process, as a keeper. */
export function ownIdentity(): LabRecord["keeper"] {
  return identify(process.pid) ?? { pid: process.pid, startTime: 0 };
}

/** The labs of this user that run; what is left of those that were killed is removed first. */
export async function runningLabs(): Promise<readonly FoundLab[]> {
  const running: FoundLab[] = [];
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    if (!name.startsWith(PREFIX) || !isOwn(folder)) continue;
    const record = await readRecord(folder);
    if (record === undefined) await removeForgotten(folder);
    else if (isRunning(record.keeper)) running.push({ ...record, folder });
    else await removeAbandoned(folder, record);
  }
  return running.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A name that no running lab has. */
export function freeName(wanted: string, running: readonly FoundLab[]): string {
  const taken = new Set(running.map(({ name }) => name));
  if (!taken.has(wanted)) return wanted;
  for (let i = 2; ; i++) if (!taken.has(`${wanted}-${i}`)) return `${wanted}-${i}`;
}

async function removeAbandoned(folder: string, { namespaces }: LabRecord): Promise<void> {
  // Never all of the machine's, whatever the record says.
  if (namespaces.endsWith(idOf(folder))) await removeNamespaces(`${namespaces}-`);
  await rm(folder, { recursive: true, force: true }).catch(() => {});
}

/** One without a record is just being made, or its maker was killed in that moment: then it is empty and grows old. */
async function removeForgotten(folder: string): Promise<void> {
  try {
    if (Date.now() - lstatSync(folder).mtimeMs > FORGOTTEN_MS) await rmdir(folder);
  } catch {
    // Not empty, so not one of those.
  }
}

async function readRecord(folder: string): Promise<LabRecord | undefined> {
  try {
    return recordSchema.parse(JSON.parse(await readFile(join(folder, RECORD), "utf8")));
  } catch {
    return undefined;
  }
}

/** Everybody may write to the temporary folder: what others put there must not make us end processes. */
function isOwn(folder: string): boolean {
  try {
    const found = lstatSync(folder);
    return found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  } catch {
    return false;
  }
}

const PREFIX = "parley-lab-";
const ID_LENGTH = 6; // what mkdtemp adds
const RECORD = "lab.json";
const FORGOTTEN_MS = 60_000;

const recordSchema = z.object({
  name: z.string(),
  keeper: z.object({ pid: z.int(), startTime: z.int() }),
  namespaces: z.string().regex(/^[a-zA-Z\d]{0,8}$/),
  nodes: z.array(
    z.object({
      name: z.string(),
      kind: z.string(),
      namespace: z.string(),
      socket: z.string(),
      prompt: z.array(z.string()),
    }),
  ),
});
