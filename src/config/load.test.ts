import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import fc from "fast-check";
import { OperatorError } from "#base/operator-error.ts";
import { exampleSchema, sections } from "#config/example.test.ts";
import { loadConfiguration } from "#config/load.ts";
import { temporaryFolder } from "#config/temporary-folder.test.ts";

const meshDefaults = { listen: { host: "::", port: 8083 }, d2: false, profile: "lan" };

test("Without -c there are settings over the defaults, and only sections that are named.", async () => {
  assert.deepEqual(await sections({}, {}), {});
  assert.deepEqual(await sections({}, { settings: ["mesh={}"] }), { mesh: meshDefaults });
  assert.deepEqual(await sections({ "default.yaml": "nonsense" }, { settings: ["node.name=bob"] }), {
    node: { name: "bob", data: "./data" },
  });
});

test("Defaults, default file, profile and settings lie over each other in this order.", async () => {
  const files = {
    "config/default.yaml": "mesh: { d2: false, profile: wan, target: { path: a } }\npeers: [a, b]\nnode:\n",
    "config/bob.toml": '[mesh]\nd2 = true\n[mesh.target]\npath = "b"\n',
  };
  const source = {
    path: "config",
    profile: "bob",
    settings: ["mesh.profile=lan", "mesh.profile = local", "peers=[c]"],
  };
  assert.deepEqual(await sections(files, source), {
    node: { data: "./data" },
    mesh: { ...meshDefaults, d2: true, profile: "local", target: { path: "b" } },
    peers: ["c"],
  });
});

test("YAML and TOML hold the same keys.", async () => {
  const yaml = 'whisper:\n  listen: "[::1]:5"\n  limits: { dials: 3 }\npeers: [a, { address: b }]\n';
  const toml = 'peers = ["a", { address = "b" }]\n[whisper]\nlisten = "[::1]:5"\nlimits.dials = 3\n';
  assert.deepEqual(
    await sections({ "a.toml": toml }, { path: "a.toml" }),
    await sections({ "a.yaml": yaml }, { path: "a.yaml" }),
  );
});

test("A null in a higher layer takes the key away, and a section with it.", async () => {
  const files = {
    "default.yaml": "mesh: { d2: true, target: { path: a } }\nnode: { name: a }\n",
    "bob.yaml": "mesh: { target: null }\nnode: null\n",
  };
  assert.deepEqual(await sections(files, { path: ".", profile: "bob" }), {
    mesh: { ...meshDefaults, d2: true },
  });
});

test("network.controller is mesh in every layer, and area-net's folder is found.", async () => {
  const files = {
    "config/network/default.toml": "[network.controller]\nd2 = false\n",
    "config/network/bob.toml": '[network.controller.target]\npath = "profiles/bob.json"\n',
  };
  const source = { path: "./config", profile: "bob", settings: ['"network.controller.d2" = true'] };
  assert.deepEqual(await sections(files, source), {
    mesh: { ...meshDefaults, d2: true, target: { path: "profiles/bob.json" } },
  });
});

test("The TOML parser is loaded only when a file is TOML.", async () => {
  await using folder = await temporaryFolder({
    "a.yaml": "node: { name: a }",
    "a.toml": "node = { name = 'a' }",
  });
  const script = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const { loadConfiguration } = await import(${JSON.stringify(import.meta.resolve("#config/load.ts"))});
    for (const path of ["a.yaml", "a.toml"]) {
      await loadConfiguration({ path, settings: ["node=null"], folder: ${JSON.stringify(folder.path)} }, { sections: {}, secrets: [] });
      console.log(loaded.some((url) => url.includes("smol-toml")));
    }`;
  const run = promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
  assert.equal((await run).stdout, "false\ntrue\n");
});

test("Whatever a file or a setting holds, only an OperatorError is thrown.", async () => {
  await using folder = await temporaryFolder({ "a/default.yaml": "", "b/default.toml": "" });
  const token = fc.constantFrom(
    ..."whisper|node|mesh|nick|listen|: |:|=|\n|\n  |\n    |- |[|[[|]|]]|{|}|,|&a |*a|!x |'|\"|'''|\"\"\"|| |>|#|[::1]:5|\t|5|1.5|true|---\n|%YAML 1.1\n|? |<<|null|~|__proto__|constructor|.|\\|@|\u0000|\u2028|\ud800".split(
      "|",
    ),
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join("")),
  );
  await fc.assert(
    fc.asyncProperty(text, text, fc.array(text, { maxLength: 2 }), async (yaml, toml, settings) => {
      await writeFile(join(folder.path, "a/default.yaml"), yaml);
      await writeFile(join(folder.path, "b/default.toml"), toml);
      for (const source of [{ path: "a", settings: [] }, { path: "b", settings: [] }, { settings }]) {
        try {
          (await loadConfiguration({ ...source, folder: folder.path }, exampleSchema)).print();
        } catch (error) {
          assert(error instanceof OperatorError, String(error));
          assert(!/undefined|\[object|NaN:|:0:0/.test(error.message), error.message);
        }
      }
    }),
    { numRuns: 300 },
  );
});
