import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { explain, OperatorError } from "#base/operator-error.ts";
import { readTopology } from "#lab/topology.ts";
import { NAMES, ROOT, RunningProgram } from "./helpers.ts";

const PARLEYD = join(ROOT, "bin/parleyd");

test("examples/five names five nodes, and parleyd takes the profile of each.", async () => {
  const topology = await readTopology(join(ROOT, "examples/five"));
  assert.deepEqual(topology.nodes, [...NAMES]);
  assert.equal(topology.prompt, "bob");
  assert.deepEqual(await readTopology(join(ROOT, "examples/five/lab.yaml")), topology);
  await Promise.all(topology.nodes.map((name) => check(["-c", topology.folder, "-p", name])));
});

test("parleyd takes parleyd.yaml.example as it is, and with all that is commented out.", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lab-test-"));
  try {
    await copyFile(join(ROOT, "parleyd.yaml.example"), join(folder, "parleyd.yaml"));
    await check(["-c", join(folder, "parleyd.yaml")]);
    const token = "0123456789abcdef";
    await check([
      ...["-c", join(folder, "parleyd.yaml"), "-s", "node.recordings=./data/recordings"],
      ...["-s", "api.socket=./data/parleyd.sock", "-s", "api.listen=127.0.0.1:7480"],
      ...["-s", `api.tokens={ read: ${token}1, write: ${token}2, admin: ${token}3 }`],
      ...["-s", "whisper.advertise=192.0.2.7:55555", "-s", "whisper.nick=gopher"],
      ...["-s", 'peers=["gopher.example:55555"]'],
    ]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("What is wrong in a lab file is told with its name, the key and the remedy.", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lab-test-"));
  const file = join(folder, "lab.yaml");
  const refusal = async (text?: string): Promise<string> => {
    if (text === undefined) await rm(file);
    else await writeFile(file, text);
    const error = await readTopology(folder).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert(error instanceof OperatorError, String(error));
    return explain(error).replaceAll(folder, "F");
  };
  try {
    const cases: readonly (readonly [string | undefined, RegExp])[] = [
      ["nodes: [bob]\nprompt: phil\n", /^F\/lab\.yaml:2:9: prompt: there is no node phil; name one of bob;/],
      ["nodes: [bob, bob]\n", /^F\/lab\.yaml:1:14: nodes\[1\]: bob is named twice; /],
      ["nodes: [../x]\n", /^F\/lab\.yaml:1:9: nodes\[0\]: a name has letters, digits and -; /],
      ["nodes: []\n", /^F\/lab\.yaml:1:8: nodes: .+; /],
      ["nodes: [bob]\nlinks: 3\n", /^F\/lab\.yaml:2:8: links: expected a list, got a number; /],
      ["", /^F\/lab\.yaml:1:1: nodes: is missing; /],
      ["nodes: [bob\n", /^F\/lab\.yaml:\d+:\d+: .+; /],
      [undefined, /^there is no lab F\/lab\.yaml; name a folder with a lab\.yaml/],
    ];
    for (const [text, expected] of cases) assert.match(await refusal(text), expected);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("parley lab tells how it is used; wrong arguments end with status 2 and one line.", async () => {
  const lab = (...args: string[]) => new RunningProgram(join(ROOT, "bin/parley"), ["lab", ...args]);
  const help = lab("--help");
  assert.equal(await help.ended, 0);
  assert.match(help.output, /^usage: parley lab up FOLDER/);
  const wrongs = [
    ...[
      ["dwn"],
      ["up"],
      ["up", "a", "b"],
      ["--lab", "a", "up", "b"],
      ["status", "a"],
      ["--lb", "a", "status"],
    ],
    ...[["cut", "a"], ["cut", "a", "b", "loud"], ["heal", "a;b", "c"], ["exec", "a"], ["attach"]],
  ];
  for (const args of wrongs) {
    const wrong = lab(...args);
    assert.equal(await wrong.ended, 2, args.join(" "));
    assert.match(wrong.errors, /^parley: [^\n]+; see parley lab --help\n$/);
  }
});

async function check(args: readonly string[]): Promise<void> {
  await using daemon = new RunningProgram(PARLEYD, [...args, "--check"]);
  assert.equal(await daemon.ended, 0, daemon.errors);
}
