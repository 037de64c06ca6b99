import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = fileURLToPath(new URL("../../test/fuzz", import.meta.url));

/**
 * Inputs of the files in test/fuzz/corpus/NAME or test/fuzz/regressions/NAME: each line of a .hex file, of a .txt file;
 * any other file whole. Lines that start with "# " are comments.
 */
export function storedInputs(kind: "corpus" | "regressions", name: string): Uint8Array[] {
  return filesIn(join(FOLDER, kind, name)).flatMap(inputsOf);
}

/** Targets for which there are stored inputs. */
export function storedNames(kind: "corpus" | "regressions"): string[] {
  return entriesOf(join(FOLDER, kind));
}

function filesIn(folder: string): string[] {
  return entriesOf(folder).map((name) => join(folder, name));
}

function entriesOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function inputsOf(path: string): Uint8Array[] {
  const bytes = new Uint8Array(readFileSync(path));
  if (!/\.(hex|txt)$/.test(path)) return [bytes];
  const lines = new TextDecoder().decode(bytes).split("\n");
  const kept = lines.filter((line) => line !== "" && !line.startsWith("# "));
  return kept.map((line) => (path.endsWith(".hex") ? fromHex(line) : new TextEncoder().encode(line)));
}

/** Bytes of hexadecimal digits; spaces do not matter. */
export function fromHex(text: string): Uint8Array {
  const digits = text.replaceAll(/\s/g, "");
  if (!/^(?:[0-9a-f]{2})*$/i.test(digits)) throw new Error(`no hexadecimal digits: ${text.slice(0, 60)}`);
  return new Uint8Array(Buffer.from(digits, "hex"));
}
