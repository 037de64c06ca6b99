import {
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  watch,
  type BigIntStats,
  type FSWatcher,
} from "node:fs";
import { dirname, join } from "node:path";
import { MAXIMUM_FILE_SIZE } from "#config/limits.ts";

/**
 * Calls `changed` soon after one of the watched files has another content: edited in place, replaced by a
 * rename, created or removed. Of a watched folder the YAML and TOML files count. What is read, touched or
 * written with the same content is no change. Ends with `signal`; never throws, and does not keep the process
 * alive.
 */
export function watchConfiguration(
  watched: readonly string[],
  changed: () => void,
  signal: AbortSignal,
): void {
  if (watched.length > 0 && !signal.aborted) new ConfigurationWatch(watched, changed, signal);
}

/** Events that belong together (an editor writes, renames, sets times) come within this time. */
export const DEBOUNCE_MS = 100;

class ConfigurationWatch {
  readonly #watched: readonly string[];
  readonly #changed: () => void;
  readonly #folders = new Map<string, WatchedFolder>();
  #contents: Contents;
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;
  #firstEvent = 0;

  constructor(watched: readonly string[], changed: () => void, signal: AbortSignal) {
    this.#watched = watched;
    this.#changed = changed;
    this.#watchFolders();
    this.#contents = readContents(watched, new Map());
    signal.addEventListener("abort", () => this.#close(), { once: true });
  }

  readonly #onEvent = (): void => {
    const now = performance.now();
    if (!this.#timer) this.#firstEvent = now;
    // Something else in the folder may be written to all the time: wait for a pause, but not for ever.
    else if (now - this.#firstEvent > MAXIMUM_DELAY_MS) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#compare, DEBOUNCE_MS).unref();
  };

  readonly #compare = (): void => {
    this.#timer = undefined;
    // Watch first: what changes after the look is an event then.
    this.#watchFolders();
    const contents = readContents(this.#watched, this.#contents);
    const isChanged = !sameContents(this.#contents, contents);
    this.#contents = contents;
    if (isChanged) this.#changed();
  };

  #watchFolders(): void {
    const wanted = new Map<string, bigint>();
    for (const folder of this.#watched.flatMap(foldersToWatch)) wanted.set(folder, statOf(folder)?.ino ?? 0n);
    for (const [folder, { watcher, inode }] of this.#folders) {
      if (wanted.get(folder) === inode) continue;
      watcher.close();
      this.#folders.delete(folder);
    }
    for (const [folder, inode] of wanted) {
      if (this.#folders.has(folder)) continue;
      const watcher = this.#watchFolder(folder);
      if (watcher) this.#folders.set(folder, { watcher, inode });
    }
  }

  #watchFolder(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, this.#onEvent);
      watcher.on("error", this.#startPolling);
      return watcher;
    } catch {
      this.#startPolling();
      return undefined;
    }
  }

  /** The system may be out of watches, or the file system may have none. */
  readonly #startPolling = (): void => {
    this.#poll ??= setInterval(this.#onEvent, POLL_MS).unref();
  };

  #close(): void {
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    for (const { watcher } of this.#folders.values()) watcher.close();
    this.#folders.clear();
  }
}

interface WatchedFolder {
  readonly watcher: FSWatcher;
  /** A folder that was replaced by another of its name needs a new watcher. */
  readonly inode: bigint;
}

/** By path; a file that is not there has no entry. */
type Contents = ReadonlyMap<string, FileContent>;

interface FileContent {
  /** Times, size and inode: while they stay, the file is not read again. */
  readonly stamp: string;
  readonly bytes: Buffer;
}

function readContents(watched: readonly string[], before: Contents): Contents {
  const contents = new Map<string, FileContent>();
  for (const path of watched.flatMap(filesOf)) {
    const content = readContent(path, before.get(path));
    if (content) contents.set(path, content);
  }
  return contents;
}

function readContent(path: string, before: FileContent | undefined): FileContent | undefined {
  const found = statOf(path);
  if (!found) return undefined;
  const { mtimeNs, ctimeNs, size, ino, dev } = found;
  const stamp = [mtimeNs, ctimeNs, size, ino, dev].join();
  if (before?.stamp === stamp) return before;
  // What can never be loaded (a pipe, a folder, something huge) differs enough by its stamp.
  if (!found.isFile() || size > MAXIMUM_FILE_SIZE) return { stamp, bytes: Buffer.from(stamp) };
  try {
    return { stamp, bytes: readFileSync(path) };
  } catch {
    return undefined;
  }
}

function sameContents(a: Contents, b: Contents): boolean {
  if (a.size !== b.size) return false;
  for (const [path, { bytes }] of a) if (!b.get(path)?.bytes.equals(bytes)) return false;
  return true;
}

/** A file itself, or the configuration files of a folder. */
function filesOf(path: string): readonly string[] {
  if (!isFolder(path)) return [path];
  try {
    const names = readdirSync(path).filter((name) => /\.(?:ya?ml|toml)$/.test(name));
    return names.map((name) => join(path, name));
  } catch {
    return [];
  }
}

/**
 * The folder itself or that of the file, and where a symbolic link leads; of what does not exist, the nearest
 * that does.
 */
function foldersToWatch(path: string): readonly string[] {
  const own = isFolder(path) ? path : nearestFolder(dirname(path));
  try {
    const real = realpathSync(path);
    return real === path ? [own] : [own, isFolder(real) ? real : dirname(real)];
  } catch {
    return [own]; // not there yet
  }
}

function nearestFolder(path: string): string {
  let folder = path;
  while (!isFolder(folder) && folder !== dirname(folder)) folder = dirname(folder);
  return folder;
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false;
}

function statOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true });
  } catch {
    return undefined;
  }
}

const MAXIMUM_DELAY_MS = 1_000;
const POLL_MS = 2_000;
