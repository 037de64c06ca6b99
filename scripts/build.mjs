// Emits dist/, the form that the packed package runs: Node refuses TypeScript below node_modules.
import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");

rmSync(dist, { recursive: true, force: true });
execFileSync(join(root, "node_modules", ".bin", "tsc"), ["-p", "tsconfig.dist.json"], {
  cwd: root,
  stdio: "inherit",
});
// A package scope of its own, in which "#base/bytes.ts" means dist/base/bytes.js.
writeJson("package.json", { type: "module", imports: { "#*.ts": "./*.js" } });
writeJson("build.json", {
  version: JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version,
  ...commit(),
});

function commit() {
  try {
    const args = ["describe", "--always", "--dirty", "--abbrev=7", "--exclude", "*"];
    const [hash, dirty] = execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim().split("-");
    return { commit: hash, dirty: dirty === "dirty" };
  } catch {
    return { commit: "", dirty: false };
  }
}

function writeJson(name, value) {
  writeFileSync(join(dist, name), `${JSON.stringify(value, null, 2)}\n`);
}
