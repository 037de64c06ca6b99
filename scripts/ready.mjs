// Makes a checkout ready to run: installs what is missing. Plain JavaScript, because it runs on whatever Node is there.
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const LOCK = join(root, ".installing");
/** A lock that is older was left by a process that died. */
const STALE_MS = 5 * 60_000;

async function ready() {
  // Two first runs at once would both install into one folder: the second one waits for the first.
  while (!isInstalled()) {
    if (!lock()) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    try {
      install();
    } finally {
      rmSync(LOCK, { recursive: true, force: true });
    }
    break;
  }
  const version = spawnSync("node", ["--version"], { encoding: "utf8" }).stdout?.trim() ?? "none";
  if (Number(/^v(\d+)\./.exec(version)?.[1] ?? 0) < 26) {
    fail(`Parley runs on Node 26 or newer, found ${version}; run: npm ci --include=optional`);
  }
}

function isInstalled() {
  const installed = changed(join(root, "node_modules", ".package-lock.json"));
  return installed !== undefined && installed >= (changed(join(root, "package-lock.json")) ?? 0);
}

function changed(file) {
  try {
    return statSync(file).mtimeMs;
  } catch {
    return undefined;
  }
}

function lock() {
  try {
    mkdirSync(LOCK);
    return true;
  } catch {
    const since = changed(LOCK);
    if (since !== undefined && Date.now() - since > STALE_MS) rmSync(LOCK, { recursive: true, force: true });
    return false;
  }
}

function install() {
  process.stderr.write("installing what is missing (npm ci) …\n");
  const npm = process.env.npm_execpath;
  const args = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"];
  const { status } = npm
    ? spawnSync(process.env.npm_node_execpath ?? process.execPath, [npm, ...args], {
        cwd: root,
        stdio: "inherit",
      })
    : spawnSync("npm", args, { cwd: root, stdio: "inherit" });
  if (status !== 0) fail("npm ci failed; its output above says why");
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  rmSync(LOCK, { recursive: true, force: true });
  process.exit(1);
}

await ready();
