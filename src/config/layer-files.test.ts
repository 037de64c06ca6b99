import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { exampleSchema, problems, refusal } from "#config/example.test.ts";
import { loadConfiguration } from "#config/load.ts";
import { temporaryFolder } from "#config/temporary-folder.test.ts";

test("Files that were read and files to watch are absolute.", async () => {
  await using folder = await temporaryFolder({ "c/network/default.toml": "", "c/network/bob.yml": "" });
  const inside = (...names: string[]) => names.map((name) => join(folder.path, "c", name));
  const { files, watched } = await loadConfiguration(
    { path: "c", profile: "bob", settings: [], folder: folder.path },
    exampleSchema,
  );
  assert.deepEqual(files, inside("network/default.toml", "network/bob.yml"));
  assert.deepEqual(
    watched,
    inside(
      "default.yaml",
      "default.yml",
      "default.toml",
      "network/default.yaml",
      "network/default.yml",
      "network/default.toml",
      "network/bob.yaml",
      "network/bob.yml",
      "network/bob.toml",
    ),
  );
});

test("What cannot be found is one clear line.", async () => {
  const five = { "five/default.yaml": "", "five/bob.yaml": "", "five/alice.toml": "", "five/readme.md": "" };
  const path = "check the path; relative ones start at the working directory";
  assert.equal(await refusal(five, { path: "six" }), `six does not exist; ${path}`);
  assert.equal(
    await refusal(five, { path: "five/default.yaml/x" }),
    `five/default.yaml/x does not exist; ${path}`,
  );
  assert.equal(await refusal(five, { path: "/nonexistent/x" }), `/nonexistent/x does not exist; ${path}`);
  assert.equal(
    await refusal(five, { path: "/dev/null" }),
    "/dev/null is neither a file nor a folder; name a YAML or TOML file or a folder of them",
  );
  assert.equal(
    await refusal(five, { path: "five/readme.md" }),
    "five/readme.md is neither YAML nor TOML by its name; name it .yaml, .yml or .toml",
  );
  assert.equal(
    await refusal(five, { path: "five", profile: "bbo" }),
    'there is no profile "bbo" in five: it has alice and bob; did you mean bob?',
  );
  assert.equal(
    await refusal(five, { path: "five/default.yaml", profile: "carol" }),
    'there is no profile "carol" in five: it has alice and bob; name one of these after -p',
  );
  assert.equal(
    await refusal({ "c/a.yaml": "", "c/default.yaml": "" }, { path: "c/a.yaml", profile: "x" }),
    'there is no profile "x" in c: it has none; leave out -p',
  );
});

test("Sources that make no sense are refused as bad usage.", async () => {
  assert.equal(
    await refusal({}, { profile: "bob" }, 2),
    "-p bob needs -c; say where the profile is: -c FOLDER -p PROFILE",
  );
  assert.equal(
    await refusal({}, { settings: ["mesh"] }, 2),
    '-s 1 (mesh): has no "="; write KEY=VALUE, for example -s whisper.nick=bob',
  );
});

test("Two files for one layer are refused.", async () => {
  const files = { "five/default.yaml": "", "five/bob.yaml": "", "five/bob.toml": "" };
  assert.equal(
    await refusal(files, { path: "five", profile: "bob" }),
    "bob.toml and bob.yaml in five are the same layer; keep one of them",
  );
  assert.equal(
    await refusal({ ...files, "five/default.toml": "" }, { path: "five" }),
    "default.toml and default.yaml in five are the same layer; keep one of them",
  );
  assert.equal(
    await refusal({ "five/a.yaml": "" }, { path: "five" }),
    "there is no default.yaml, default.yml or default.toml in five; write one, or name the file itself after -c",
  );
});

test("Files that are no text of a sensible size are refused.", async () => {
  assert.deepEqual(await problems({ "default.yaml": "a: 1\n".repeat(300_000) }), [
    "default.yaml: is larger than 1048576 bytes; is it the right file?",
  ]);
  assert.deepEqual(await problems({ "default.yaml": Uint8Array.of(0x61, 0xff) }), [
    "default.yaml: is not UTF-8 text; save it as UTF-8",
  ]);
  assert.deepEqual(await problems({ "default.yaml/x": "" }), [
    "default.yaml: cannot be read (EISDIR); check the path and the disk",
  ]);
});
