// Runs all tests, or those named, each file in a process of its own: unit tests first, then the others.
import { spawn } from "node:child_process";
import { globSync } from "node:fs";

// A test that hangs is a failure with a name, not a run that never ends.
const FLAGS = ["--disable-warning=ExperimentalWarning", "--test", "--test-timeout=120000"];
const named = process.argv.slice(2);
const runs =
  named.length > 0
    ? [
        {
          patterns: named.map((name) =>
            /[*]|\.ts$/.test(name) ? name : `${name.replace(/\/$/, "")}/**/*.test.ts`,
          ),
          flags: [],
        },
      ]
    : [
        { patterns: ["src/**/*.test.ts"], flags: ["--test-concurrency=2"] },
        // Many of these wait, for programs and packets, more than they work.
        { patterns: ["test/**/*.test.ts"], flags: ["--test-concurrency=3"] },
      ];

let failed = 0;
for (const { patterns, flags } of runs) {
  const files = patterns.flatMap((pattern) => globSync(pattern)).sort();
  if (files.length === 0) {
    // node --test would call this a success.
    process.stderr.write(`no test matches ${patterns.join(" ")}\n`);
    process.exit(1);
  }
  failed ||= await run([...FLAGS, ...flags, ...files]);
}
process.exit(failed);

function run(args) {
  const env = { NODE_COMPILE_CACHE: "node_modules/.cache/compile", ...process.env };
  const child = spawn(process.execPath, args, { stdio: "inherit", env });
  const pass = (signal) => child.kill(signal);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  return new Promise((resolve) => {
    child.on("exit", (code) => {
      process.off("SIGINT", pass).off("SIGTERM", pass);
      resolve(code ?? 1);
    });
  });
}
