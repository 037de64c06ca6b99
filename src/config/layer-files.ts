import { readdir, stat } from "node:fs/promises";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import { OperatorError } from "#base/operator-error.ts";
import { joinNames, suggestion } from "#base/edit-distance.ts";

export interface LayerFiles {
  /** The files to read, lowest layer first, absolute. */
  readonly files: readonly string[];
  /** Every file, present or not, that can change what `files` is or holds, absolute. */
  readonly watched: readonly string[];
}

/**
 * Finds the files that `-c path` and `-p profile` mean. `path` is a file (then the default layer, with the
 * profile beside it) or a folder with `default.*`, or, as area-net has it, with `network/default.*`. Throws
 * OperatorError.
 */
export async function findLayerFiles(
  path: string | undefined,
  profile: string | undefined,
  workingFolder: string,
): Promise<LayerFiles> {
  if (path === undefined) {
    if (profile === undefined) return { files: [], watched: [] };
    throw new OperatorError(`-p ${profile} needs -c`, "say where the profile is: -c FOLDER -p PROFILE", {
      exitStatus: 2,
    });
  }
  const absolute = resolve(workingFolder, path);
  const shown = displayPath(absolute, workingFolder);
  const kind = await kindOf(absolute, shown);
  const base = kind === "file" ? fileBase(absolute, shown) : await folderBase(absolute, workingFolder);
  if (profile === undefined) return { files: [base.file], watched: base.watched };
  const file = await findProfile(base, profile, workingFolder);
  return { files: [base.file, file], watched: [...base.watched, ...candidates(base.folder, profile)] };
}

/** A path as it is shown: relative to the working folder when below it, without control characters. */
export function displayPath(path: string, workingFolder: string): string {
  const short = relative(workingFolder, path);
  const isBelow = short !== "" && short !== ".." && !short.startsWith("../") && short !== path;
  return (isBelow ? short : path).replaceAll(/\p{Cc}/gu, "?");
}

/** An error of node:fs in an operator's words, to follow the file's name, and its remedy. */
export function explainFileError(error: unknown): { message: string; remedy: string } {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  if (code === "ENOENT" || code === "ENOTDIR") {
    return {
      message: "does not exist",
      remedy: "check the path; relative ones start at the working directory",
    };
  }
  if (code === "EACCES" || code === "EPERM") {
    return { message: "may not be read", remedy: "give the user who runs Parley the permission" };
  }
  return { message: `cannot be read (${code})`, remedy: "check the path and the disk" };
}

interface Base {
  readonly folder: string;
  readonly file: string;
  readonly watched: readonly string[];
}

async function kindOf(path: string, shown: string): Promise<"file" | "folder"> {
  let isFolder: boolean;
  try {
    const found = await stat(path);
    if (!found.isDirectory() && !found.isFile()) {
      throw new OperatorError(
        `${shown} is neither a file nor a folder`,
        "name a YAML or TOML file or a folder of them",
      );
    }
    isFolder = found.isDirectory();
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    throw fileError(error, shown);
  }
  return isFolder ? "folder" : "file";
}

function fileBase(file: string, shown: string): Base {
  if (!EXTENSIONS.includes(extname(file))) {
    throw new OperatorError(
      `${shown} is neither YAML nor TOML by its name`,
      `name it ${joinNames(EXTENSIONS, "or")}`,
    );
  }
  return { folder: dirname(file), file, watched: [file] };
}

async function folderBase(folder: string, workingFolder: string): Promise<Base> {
  const watched: string[] = [];
  for (const place of [folder, join(folder, "network")]) {
    watched.push(...candidates(place, "default"));
    const found = named(await namesIn(place, workingFolder, place === folder), "default");
    if (found.length === 0) continue;
    return { folder: place, file: join(place, onlyOne(found, place, workingFolder)), watched };
  }
  throw new OperatorError(
    `there is no default.yaml, default.yml or default.toml in ${displayPath(folder, workingFolder)}`,
    "write one, or name the file itself after -c",
  );
}

async function findProfile(base: Base, profile: string, workingFolder: string): Promise<string> {
  const shown = displayPath(base.folder, workingFolder);
  const names = (await namesIn(base.folder, workingFolder, true)).filter(
    (name) => name !== basename(base.file),
  );
  const profiles = [...new Set(names.map(withoutExtension))].filter((name) => name !== "default").sort();
  const found = profiles.includes(profile) ? named(names, profile) : [];
  if (found.length > 0) return join(base.folder, onlyOne(found, base.folder, workingFolder));
  const known = profiles.length === 0 ? "it has none" : `it has ${joinNames(profiles, "and")}`;
  throw new OperatorError(
    `there is no profile "${profile.replaceAll(/\p{Cc}/gu, "?")}" in ${shown}: ${known}`,
    suggestion(profile, profiles) ?? (profiles.length === 0 ? "leave out -p" : "name one of these after -p"),
  );
}

function onlyOne(names: readonly string[], folder: string, workingFolder: string): string {
  const [only, ...others] = names;
  if (others.length === 0) return only!;
  const shown = displayPath(folder, workingFolder);
  throw new OperatorError(`${joinNames(names, "and")} in ${shown} are the same layer`, "keep one of them");
}

/** The YAML and TOML files of a folder, sorted; none when an optional folder does not exist. */
async function namesIn(folder: string, workingFolder: string, isRequired: boolean): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => EXTENSIONS.includes(extname(name))).sort();
  } catch (error) {
    if (
      !isRequired &&
      error instanceof Error &&
      "code" in error &&
      /^ENO(ENT|TDIR)$/.test(String(error.code))
    )
      return [];
    throw fileError(error, displayPath(folder, workingFolder));
  }
}

function fileError(error: unknown, shown: string): OperatorError {
  const { message, remedy } = explainFileError(error);
  return new OperatorError(`${shown} ${message}`, remedy, { cause: error });
}

function named(names: readonly string[], layer: string): readonly string[] {
  return names.filter((name) => withoutExtension(name) === layer);
}

function withoutExtension(name: string): string {
  return name.slice(0, name.length - extname(name).length);
}

function candidates(folder: string, layer: string): string[] {
  return EXTENSIONS.map((extension) => join(folder, layer + extension));
}

const EXTENSIONS: readonly string[] = [".yaml", ".yml", ".toml"];
