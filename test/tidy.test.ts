import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Which folders of src/ a folder may import, besides itself; the table of ARCHITECTURE.md. */
const WALLS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  machine: ["base", "host"],
  host: ["base"],
  packet: ["base"],
  wire: ["base", "packet"],
  whisper: ["base", "machine"],
  ospf: ["base", "packet", "wire", "machine", "host"],
  membership: ["base", "packet", "wire", "machine"],
  routes: ["base"],
  directory: ["base"],
  peers: ["base"],
  prompt: ["base", "api/gen", "api/client-types"],
  sim: ["base", "machine", "host", "packet"],
  system: ["base", "host"],
  config: ["base"],
  services: [
    "directory",
    "peers",
    "whisper",
    "membership",
    "ospf",
    "routes",
    "host",
    "machine",
    "base",
    "config",
    "packet",
    "wire",
  ],
  api: ["services", "host", "base", "config"],
  cli: ["prompt", "api", "base", "config", "lab", "chat", "doctor", "packet-tools"],
  "packet-tools": ["packet", "wire", "machine", "host", "system", "base"],
  doctor: ["api", "base", "config", "host", "system"],
  chat: ["whisper", "services", "system", "host", "machine", "base"],
  standalone: ["membership", "services", "system", "host", "machine", "base"],
  lab: ["api", "base", "config"],
  daemon: [
    ...[
      "directory",
      "peers",
      "base",
      "machine",
      "host",
      "packet",
      "wire",
      "whisper",
      "ospf",
      "routes",
      "prompt",
      "system",
      "config",
      "services",
      "api",
    ],
    "packet-tools",
  ],
};

/** Folders that know no machine: their runs must be the same everywhere. */
const PURE = [
  "base",
  "machine",
  "host",
  "packet",
  "wire",
  "whisper",
  "membership",
  "ospf",
  "routes",
  "directory",
  "peers",
  "prompt",
  "sim",
];

/** Packages and built-ins of which a folder may import others than none. */
const FREE = ["system", "config", "api", "cli", "chat", "doctor", "lab", "packet-tools", "daemon"];

const IMPURE = /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\bperformance\.|\bsetTimeout\b|\bprocess\./;

// Put together from pieces, so that this file does not find itself.
const ANY = new RegExp([":\\s*", "<", "\\bas "].map((before) => `${before}any\\b`).join("|"));

const LONGEST_FILE = 400;
const LONGEST_FUNCTION = 60;

interface Source {
  /** From the root: "src/base/heap.ts". */
  readonly path: string;
  readonly text: string;
}

/** What is wrong with one source file, each as "path: what". */
function problemsOf({ path, text }: Source): string[] {
  const found: string[] = [];
  const folder = /^src\/([^/]+)\//.exec(path)?.[1];
  const isTest =
    path.endsWith(".test.ts") || /^(test|bench|tools)\//.test(path) || path.includes("/testing/");
  if (folder !== undefined && !isTest) found.push(...importProblems(folder, text));
  if (folder !== undefined && PURE.includes(folder) && !isTest) {
    for (const line of code(text)) if (IMPURE.test(line)) found.push(`not pure: ${line.trim()}`);
  }
  if (/^export default\b/m.test(text)) found.push("a default export");
  if (/"node:ffi"/.test(text) && !path.startsWith("src/system/linux/") && !path.startsWith("test/tidy"))
    found.push("names node:ffi, which belongs to src/system/linux");
  for (const line of code(text)) {
    if (ANY.test(line)) found.push(`the type any: ${line.trim()}`);
    if (/^\s*(export )?(const )?enum \w/.test(line)) found.push("an enum");
    if (/\b(test|it|describe)\.(skip|only)\(/.test(line)) found.push("a test that is skipped or alone");
  }
  if (!isTest && text.split("\n").length - 1 > LONGEST_FILE) found.push(`longer than ${LONGEST_FILE} lines`);
  if (!isTest) found.push(...longFunctions(text));
  return found.map((what) => `${path}: ${what}`);
}

function importProblems(folder: string, text: string): string[] {
  const found: string[] = [];
  for (const [, specifier] of text.matchAll(/(?:\bfrom |\bimport\(|\bimport )"([^"]+)"/g)) {
    if (specifier!.startsWith("#")) {
      const target = specifier!.slice(1);
      const allowed = [folder, ...WALLS[folder]!];
      if (!allowed.some((each) => target.startsWith(`${each}/`) || target === `${each}.ts`))
        found.push(`imports ${target}`);
    } else if (specifier!.startsWith(".")) {
      if (!specifier!.startsWith("./gen/")) found.push(`imports ${specifier} by a relative path`);
    } else if (folder === "services" ? specifier !== "zod" : !FREE.includes(folder)) {
      const isType = new RegExp(`import type [^;]*"${specifier}"`).test(text);
      if (!(folder === "prompt" && isType)) found.push(`imports ${specifier}`);
    }
  }
  if (WALLS[folder] === undefined) found.push("a folder that the table does not know");
  return found;
}

/** Lines without comments and strings, roughly: enough to look for words. */
function code(text: string): string[] {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .split("\n")
    .map((line) => line.replaceAll(/"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g, '""').replace(/\/\/.*$/, ""));
}

/** Functions and methods as Prettier lays them out: from the line that opens the body to the brace at its indentation. */
function longFunctions(text: string): string[] {
  const lines = text.split("\n");
  const found: string[] = [];
  for (const [start, line] of lines.entries()) {
    const opening =
      /^( *)(?:export )?(?:async )?(?:static )?(?:(?:function\*? )?#?[\w]+\(|constructor\().*$/.exec(line);
    if (
      !opening ||
      /^ *(if|for|while|switch|return|await|test)\b/.test(line) ||
      !/[{(]$/.test(line.trimEnd())
    )
      continue;
    const indent = opening[1]!;
    const closing = (from: number): number =>
      lines.findIndex(
        (each, i) => i > from && each.startsWith(indent) && /[})]/.test(each[indent.length] ?? ""),
      );
    let end = closing(start);
    // What was opened is a list of parameters, or else a call.
    if (lines[end]?.[indent.length] === ")") {
      if (!lines[end]!.endsWith("{")) continue;
      end = closing(end);
    }
    if (end > start + LONGEST_FUNCTION)
      found.push(`line ${start + 1}: a function of ${end - start + 1} lines`);
  }
  return found;
}

function tracked(): Source[] {
  const args = ["-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.ts"];
  const paths = execFileSync("git", args, { encoding: "utf8" }).trim().split("\n");
  return paths
    .filter((path) => !path.startsWith("src/api/gen/"))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

test("every source keeps the walls and the rules", () => {
  const sources = tracked();
  assert.ok(sources.length > 100);
  assert.deepEqual(sources.flatMap(problemsOf), []);
});

test("the check finds what it is there for", () => {
  const wrong: readonly [string, string, RegExp][] = [
    ["src/whisper/x.ts", 'import { World } from "#sim/world.ts";', /imports sim\/world/],
    ["src/sim/x.ts", 'import { Whisper } from "#whisper/whisper.ts";', /imports whisper/],
    ["src/base/x.ts", 'import { readFileSync } from "node:fs";', /imports node:fs/],
    ["src/machine/x.ts", "const now = Date.now();", /not pure/],
    ["src/prompt/x.ts", 'import { Code } from "@connectrpc/connect";', /imports @connectrpc/],
    ["src/services/x.ts", 'import { connect } from "node:net";', /imports node:net/],
    ["src/cli/x.ts", 'import { drive } from "#services/drive.ts";', /imports services/],
    ["src/nowhere/x.ts", "", /^$/],
    ["src/base/x.ts", "export const x: any = 1;", /type any/],
    ["src/base/x.ts", "export default 1;", /default export/],
    ["src/base/x.ts", "export enum X { A }", /enum/],
    ["src/base/x.ts", "//\n".repeat(401), /longer than/],
    ["src/base/x.ts", `function f() {\n${"  x;\n".repeat(70)}}\n`, /a function of/],
    ["src/system/x.ts", 'import { dlopen } from "node:ffi";', /names node:ffi/],
    ["test/x.test.ts", `test.${"skip"}("x")`, /skipped/],
  ];
  for (const [path, text, expected] of wrong) {
    if (path.startsWith("src/nowhere"))
      assert.throws(() => problemsOf({ path, text: 'import "#base/x.ts";' }));
    else assert.match(problemsOf({ path, text }).join("\n"), expected, text.slice(0, 60));
  }
  const right =
    'import { Heap } from "#base/heap.ts";\n/** Not Date.now(). */\nexport const any = "as any";\n';
  assert.deepEqual(problemsOf({ path: "src/sim/x.ts", text: right }), []);
});

test("the package is pinned, runnable and says nothing of machines", () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Record<
    string,
    Record<string, string>
  >;
  for (const kind of ["dependencies", "devDependencies", "optionalDependencies"]) {
    for (const [name, version] of Object.entries(manifest[kind]!))
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
  }
  assert.doesNotMatch(
    readFileSync(join(ROOT, "package-lock.json"), "utf8"),
    /"resolved"|https?:\/\/registry/,
  );
  for (const program of ["bin/parley", "bin/parleyd", ".ci/run"]) {
    assert.ok(statSync(join(ROOT, program)).mode & 0o100, `${program} can be run`);
  }
  const folders = new Set(tracked().map(({ path }) => dirname(path)));
  assert.ok(folders.has("src/base"));
});
