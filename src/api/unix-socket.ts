import { linkSync, lstatSync, mkdirSync, renameSync, unlinkSync, type BigIntStats } from "node:fs";
import { connect, type Server } from "node:net";
import { basename, dirname, join } from "node:path";
import { OperatorError } from "#base/operator-error.ts";

/** The longest path that the system takes for a socket, in bytes (sun_path without its final zero). */
export const SOCKET_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/**
 * Lets `server` listen on a Unix socket at `path`, open to its owner alone (0600), and makes its folder (0700) when it is
 * missing. A socket file that nobody listens on is replaced. The answer removes the socket file, if it is still ours.
 * Throws OperatorError: another daemon answers there, something else has that name, the folder cannot be written, …
 *
 * The socket is bound under a name of its own and linked to `path` once it listens. So there is no moment in which
 * `path` refuses although its daemon lives, linking fails when another starter was faster, and closing the server, which
 * unlinks the name it was bound under, can never take away a socket of someone else.
 */
export async function listenOnSocket(server: Server, path: string): Promise<() => void> {
  const folder = dirname(path);
  const ownName = besideName(folder);
  requireShort(path, ownName);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    await bindPrivately(server, ownName);
  } catch (error) {
    throw unwritable(path, error);
  }
  try {
    const own = lstatSync(ownName, { bigint: true });
    await claim(ownName, path);
    unlinkQuietly(ownName);
    return () => {
      if (sameFile(own, fileAt(path))) unlinkQuietly(path);
    };
  } catch (error) {
    server.close();
    throw error instanceof OperatorError ? error : unwritable(path, error);
  }
}

/** Listens at once: bind and listen are synchronous, so no other file of the process is made under this umask. */
async function bindPrivately(server: Server, path: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("listening", resolve).once("error", reject);
  const before = process.umask(0o177);
  try {
    server.listen({ path });
  } finally {
    process.umask(before);
  }
  await promise;
  server.off("error", reject);
}

/** Gives the listening socket `ownName` the name `path`, as soon as no living daemon has it. */
async function claim(ownName: string, path: string): Promise<void> {
  for (let attempt = 0; attempt < CLAIM_ATTEMPTS; attempt++) {
    const present = fileAt(path);
    if (!present) {
      if (linkUnlessPresent(ownName, path)) return;
      continue; // another starter was faster: see whether it answers
    }
    if (!present.isSocket()) {
      const remedy = "choose another api.socket, or move that file away";
      throw new OperatorError(`${path} is there and is no socket`, remedy);
    }
    if (await answers(path)) {
      const remedy = "stop that one, or choose another api.socket";
      throw new OperatorError(`another parleyd answers on ${path}`, remedy);
    }
    removeStale(path, present);
  }
  throw new OperatorError(`${path} is fought over by several parleyd`, "start them with an api.socket each");
}

/** False when `path` exists. */
function linkUnlessPresent(ownName: string, path: string): boolean {
  try {
    linkSync(ownName, path);
    return true;
  } catch (error) {
    const code = codeOf(error);
    if (code === "EEXIST") return false;
    if (!NO_LINKS.has(code)) throw error;
    // Some file systems have no hard links: rename, and live with the moment in which two starters could meet.
    renameSync(ownName, path);
    return true;
  }
}

/**
 * Removes a dead socket without ever removing a living one: what has the name now is moved aside and looked at. If it is
 * not what was found dead, another starter has replaced it meanwhile, and gets its name back.
 */
function removeStale(path: string, dead: BigIntStats): void {
  const aside = besideName(dirname(path));
  try {
    renameSync(path, aside);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return;
    throw error;
  }
  if (!sameFile(dead, fileAt(aside))) linkUnlessPresent(aside, path);
  unlinkQuietly(aside);
}

/** Whether somebody accepts connections at `path`; false also when it has just vanished. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true));
    socket.once("error", (error) => {
      const code = codeOf(error);
      if (code === "ECONNREFUSED" || code === "ENOENT") resolve(false);
      else if (code === "EAGAIN")
        resolve(true); // alive, with a full queue
      else reject(unwritable(path, error));
    });
    socket.once("connect", () => socket.destroy());
  });
}

/** A name that no one else uses; it need not be a secret. */
function besideName(folder: string): string {
  return join(folder, `.${Math.random().toString(36).slice(2, 10).padEnd(8, "0")}`);
}

function requireShort(...paths: readonly string[]): void {
  const longest = paths.toSorted((a, b) => Buffer.byteLength(b) - Buffer.byteLength(a))[0]!;
  if (Buffer.byteLength(longest) <= SOCKET_PATH_BYTES) return;
  const room = SOCKET_PATH_BYTES - Buffer.byteLength(basename(longest)) - 1;
  const message = `${paths[0]} is too long for a socket`;
  throw new OperatorError(message, `choose an api.socket whose folder has at most ${room} bytes`);
}

function unwritable(path: string, error: unknown): OperatorError {
  const code = codeOf(error);
  const reason = REASONS.get(code) ?? (code || String(error));
  const remedy = "let this user write its folder, or choose another api.socket";
  return new OperatorError(`cannot open the socket ${path}: ${reason}`, remedy, { cause: error });
}

function fileAt(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

/** Inode numbers are used again; a file of the same number is the same one if it was written at the same instant. */
function sameFile(a: BigIntStats, b: BigIntStats | undefined): boolean {
  return b !== undefined && a.ino === b.ino && a.dev === b.dev && a.mtimeNs === b.mtimeNs;
}

function unlinkQuietly(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // It has gone already, and that is what we want.
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const CLAIM_ATTEMPTS = 10; // each but the last lost to another starter; more than a few mean a mistake
const NO_LINKS: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK"]);
const REASONS: ReadonlyMap<string, string> = new Map([
  ["EACCES", "no permission"],
  ["EPERM", "no permission"],
  ["EROFS", "the file system is read-only"],
  ["ENOTDIR", "a part of its path is no folder"],
  ["EEXIST", "its folder's name is taken by a file"],
  ["ENOSPC", "the disk is full"],
]);
