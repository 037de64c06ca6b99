import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isLeftOut } from "../left-out.ts";
import { missingForGo, Site, until } from "./nodes.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

/** The package as it is packed, and the example beside it as a user has it. */
function fill(folder: string): void {
  const parley = join(folder, "node_modules", "parley");
  mkdirSync(parley, { recursive: true });
  cpSync(join(ROOT, "package.json"), join(parley, "package.json"));
  const config = join(ROOT, "tsconfig.dist.json");
  const args = ["-p", config, "--outDir", join(parley, "dist"), "--noCheck", "--declaration", "false"];
  execFileSync(join(ROOT, "node_modules", ".bin", "tsc"), args);
  const scope = { type: "module", imports: { "#*.ts": "./*.js" } };
  writeFileSync(join(parley, "dist", "package.json"), JSON.stringify(scope));
  cpSync(join(ROOT, "examples", "membership-library"), folder, { recursive: true });
}

test(
  "parley/membership: the example joins a cluster of HashiCorp's memberlist",
  { timeout: 110_000 },
  async (context) => {
    if (isLeftOut(context, missingForGo())) return;
    const site = new Site();
    const folder = mkdtempSync(join(tmpdir(), "parley-user-"));
    try {
      fill(folder);
      const a = await site.agent("a", "127.85.9.1", "-meta", "speaks Go");
      await site.agent("b", "127.85.9.2", "-join", a.address);
      const program = process.env.PARLEY_LIBRARY_NODE ?? process.execPath;
      const example = spawn(program, ["join.mjs", "ours", "127.85.9.3:7946", a.address], {
        cwd: folder,
        stdio: ["pipe", "pipe", "inherit"],
      });
      const ended = new Promise<number | null>((resolve) => example.once("exit", resolve));
      const said: string[] = [];
      createInterface({ input: example.stdout }).on("line", (line) => said.push(line));
      await a.saw({ ev: "join", name: "ours", meta: "speaks JavaScript" });
      await until("it knows both", () =>
        ["joined a 127.85.9.1:7946 speaks Go", "joined b 127.85.9.2:7946"].every((line) =>
          said.includes(line),
        ),
      );
      a.say("broadcast hello from Go");
      await until("it hears", () => said.includes("127.85.9.1:7946 says: hello from Go"));
      example.stdin.end("hello from JavaScript\n");
      await a.saw({ ev: "user", msg: "hello from JavaScript" });
      await a.saw({ ev: "leave", name: "ours" });
      assert.equal(await ended, 0);
      assert.ok(said.includes("of 3 members: a b ours"), said.join("\n"));
    } finally {
      await site.end();
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

test("the example is about thirty lines", () => {
  const lines = readFileSync(join(ROOT, "examples/membership-library/join.mjs"), "utf8").trim().split("\n");
  assert.ok(lines.length <= 36, `${lines.length}`);
});
