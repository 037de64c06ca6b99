import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { OperatorError } from "#base/operator-error.ts";
import { openCaptureFiles } from "#daemon/capture-files.ts";
import type { ExchangeDefinition } from "#packet/exchange/definition.ts";
import type { PacketsTools } from "#services/packets-tools.ts";

/** The files of the packets service: the operator's responders, and captures in the data folder. */
export function packetsTools(): PacketsTools {
  return {
    loadResponder,
    listResponders,
    openFiles: (dataFolder, name, keep) => openCaptureFiles(join(dataFolder, "captures"), name, keep),
    loadRows: async () => (await import("#packet-tools/row.ts")).rowOf,
  };
}

async function loadResponder(
  folder: string,
  name: string,
  options: Readonly<Record<string, string>>,
): Promise<ExchangeDefinition> {
  const { path, changed } = await find(folder, name);
  const url = pathToFileURL(path);
  // Node keeps what it has loaded; a file that was changed is another one.
  url.searchParams.set("changed", String(changed));
  const { loadExchange } = await import("#packet-tools/load-exchange.ts");
  return loadExchange(url, options);
}

async function find(
  folder: string,
  name: string,
): Promise<{ readonly path: string; readonly changed: number }> {
  await refuseWritable(resolve(folder));
  for (const ending of ENDINGS) {
    const path = join(resolve(folder), `${name}${ending}`);
    const changed = await refuseWritable(path);
    if (changed !== undefined) return { path, changed };
  }
  throw new OperatorError(
    `there is no responder ${name} in ${resolve(folder)}`,
    `put it there as ${ENDINGS.map((ending) => name + ending).join(" or ")}`,
  );
}

/** When it was changed last; undefined when it is not there. Throws when anybody could have put code there. */
async function refuseWritable(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (found && (found.mode & 0o002) !== 0)
    throw new OperatorError(
      `everybody may write ${path}, and what is in it runs with the rights of parleyd`,
      `chmod o-w ${path}`,
    );
  return found?.mtimeMs;
}

async function listResponders(folder: string): Promise<readonly string[]> {
  const files = await readdir(resolve(folder)).catch(() => []);
  const names = files.flatMap((file) => /^([\w-]{1,64})\.(?:ts|mjs)$/.exec(file)?.[1] ?? []);
  return [...new Set(names)].sort();
}

const ENDINGS = [".ts", ".mjs"];
