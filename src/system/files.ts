import { randomBytes } from "node:crypto";
import { constants, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { OperatorError } from "#base/operator-error.ts";
import type { Files } from "#host/files.ts";
import { errorCode } from "#system/error-code.ts";

/** Files of the file system. */
export function systemFiles(): Files {
  return { read, write };
}

async function read(path: string, mostBytes: number) {
  try {
    // A pipe that nobody writes to must not hold up the start.
    await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (!found.isFile()) throw new OperatorError(`${path} is no file`, "move it away");
    if (found.size > mostBytes)
      throw new OperatorError(`${path} has more than ${mostBytes} bytes`, "move it away");
    const content = new Uint8Array(await handle.readFile());
    const mode = found.mode & 0o777;
    if ((mode & 0o077) === 0 || process.platform === "win32") return { content };
    return { content, openMode: mode.toString(8).padStart(4, "0") };
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    const code = errorCode(error as NodeJS.ErrnoException);
    if (code === "ENOENT") return undefined;
    throw new OperatorError(`cannot read ${path}: ${code}`, "let the user who runs parleyd read it", {
      cause: error,
    });
  }
}

async function write(path: string, content: Uint8Array): Promise<void> {
  const next = `${path}.${randomBytes(4).toString("hex")}`;
  try {
    {
      await using handle = await open(next, "wx", 0o600);
      await handle.writeFile(content);
      // Before the rename: a machine that loses power between the two must not have an empty file under the name.
      await handle.sync();
    }
    await rename(next, path);
    await using folder = await open(dirname(path), "r");
    await folder.sync();
  } catch (cause) {
    await rm(next, { force: true }).catch(() => {});
    const code = errorCode(cause as NodeJS.ErrnoException);
    const remedy = "let the user who runs parleyd write there, or make room";
    throw new OperatorError(`cannot write ${path}: ${code}`, remedy, { cause });
  }
}
