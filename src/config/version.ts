import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface VersionText {
  readonly version: string;
  /** Short; empty when it is not known. */
  readonly commit: string;
  readonly dirty: boolean;
}

/** Of this installation: from the build that was packed, or from package.json and the checkout's git. Never throws. */
export async function readVersion(): Promise<VersionText> {
  const built = await readJson(join(ROOT, "dist", "build.json"));
  if (built && !existsSync(join(ROOT, ".git"))) {
    return { version: String(built.version), commit: String(built.commit), dirty: built.dirty === true };
  }
  const [manifest, described] = await Promise.all([readJson(join(ROOT, "package.json")), describe()]);
  const [commit = "", dirty] = described.split("-");
  return { version: String(manifest?.version ?? "0.0.0"), commit, dirty: dirty === "dirty" };
}

/** What git says of the checkout; empty when this is none, or git is missing or slow. */
function describe(): Promise<string> {
  if (!existsSync(join(ROOT, ".git"))) return Promise.resolve("");
  const args = ["-C", ROOT, "describe", "--always", "--dirty", "--abbrev=7", "--exclude", "*"];
  return new Promise((resolve) => {
    execFile("git", args, { timeout: 2_000 }, (error, output) => resolve(error ? "" : output.trim()));
  });
}

async function readJson(file: string): Promise<Record<string, unknown> | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** src/config or dist/config lie equally deep below the package. */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
