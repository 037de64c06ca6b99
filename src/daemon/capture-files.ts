import { mkdir, open, readdir, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { explain, OperatorError } from "#base/operator-error.ts";
import type { CaptureFiles } from "#services/packets-tools.ts";

/**
 * NAME_00001.pcapng, NAME_00002.pcapng, … in a folder of the node's own; a capture goes on with the number after the
 * highest, and at most `keep` files stay. Rejects with an OperatorError when the folder cannot be made.
 */
export async function openCaptureFiles(folder: string, name: string, keep: number): Promise<CaptureFiles> {
  let numbers: number[];
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    numbers = (await readdir(folder)).flatMap((file) => numberOf(file, name) ?? []).sort((a, b) => a - b);
  } catch (error) {
    throw new OperatorError(`captures cannot be written to ${folder}: ${explain(error)}`, REMEDY, {
      cause: error,
    });
  }
  const pathOf = (number: number): string =>
    join(folder, `${name}_${String(number).padStart(DIGITS, "0")}.pcapng`);
  let handle: FileHandle | undefined;
  const close = async (): Promise<void> => {
    const ended = handle;
    handle = undefined;
    await ended?.close();
  };
  return {
    next: async () => {
      await close();
      const number = (numbers.at(-1) ?? 0) + 1;
      // What was captured is nobody else's to read.
      handle = await open(pathOf(number), "wx", 0o600);
      numbers.push(number);
      for (const old of numbers.splice(0, Math.max(0, numbers.length - keep)))
        await rm(pathOf(old), { force: true });
    },
    write: async (bytes) => {
      for (let at = 0; at < bytes.length;) at += (await handle!.write(bytes, at)).bytesWritten;
    },
    close,
  };
}

function numberOf(file: string, name: string): number | undefined {
  const match = file.startsWith(`${name}_`) ? /^(\d{5,12})\.pcapng$/.exec(file.slice(name.length + 1)) : null;
  return match ? Number(match[1]) : undefined;
}

const DIGITS = 5;
const REMEDY = "see to it that the user who runs parleyd may write there";
