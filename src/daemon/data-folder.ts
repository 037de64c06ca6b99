import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { OperatorError } from "#base/operator-error.ts";

/** A data folder that is this process's alone until `release` or its end, however it ends. */
export interface DataFolder {
  readonly path: string;
  release(): void;
}

/**
 * Makes the folder (0700) and locks it. The lock is SQLite's own on a small file: the system lifts it with the process,
 * so that neither a crash nor a reused process number leaves a false one. Throws OperatorError when another daemon has it.
 */
export async function lockDataFolder(folder: string): Promise<DataFolder> {
  const path = resolve(folder);
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new OperatorError(`cannot make the data folder ${path}: ${codeOf(error)}`, REMEDY, {
      cause: error,
    });
  }
  const lock = openLock(join(path, "lock"), path);
  return { path, release: () => lock.close() };
}

function openLock(file: string, path: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    lock = new DatabaseSync(file, { timeout: 0 });
    lock.exec("PRAGMA journal_mode = MEMORY; PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock?.close();
    const text = error instanceof Error ? error.message : String(error);
    if (/locked|busy/.test(text)) {
      throw new OperatorError(
        `another parleyd uses the data folder ${path}`,
        "stop it, or set node.data to another folder",
      );
    }
    throw new OperatorError(`cannot use the data folder ${path}: ${text}`, REMEDY, { cause: error });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}

const REMEDY = "set node.data to a folder that this user may write";
