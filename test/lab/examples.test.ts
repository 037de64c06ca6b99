import assert from "node:assert/strict";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { readTopology } from "#lab/topology.ts";
import { NAMES, ROOT, RunningProgram } from "./helpers.ts";

const PARLEYD = join(ROOT, "bin/parleyd");

test("examples/five names five nodes, and parleyd takes the profile of each.", async () => {
  const topology = await readTopology(join(ROOT, "examples/five"));
  assert.deepEqual(
    topology.nodes,
    NAMES.map((name) => ({ name, profile: name })),
  );
  assert.equal(topology.prompt, "bob");
  assert.deepEqual(await readTopology(join(ROOT, "examples/five/lab.yaml")), topology);
  await Promise.all(topology.nodes.map(async ({ profile }) => check(["-c", topology.folder, "-p", profile])));
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

test("What is wrong in a topology file is told with its place and the remedy.", async () => {
  const folder = await mkdtemp(join(tmpdir(), "lab-test-"));
  const refusal = async (text: string): Promise<string> => {
    await writeFile(join(folder, "lab.yaml"), text);
    const error = await readTopology(".", folder).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert(error instanceof OperatorError, String(error));
    return error.message;
  };
  try {
    assert.equal(
      await refusal("nodes: { bob: {} }\nprompt: phil\n"),
      'lab.yaml:2:1: prompt: no node has the name "phil" (nodes is set at lab.yaml:1:1); name one of bob',
    );
    assert.match(
      await refusal("nodes: { bob: { port: 1 } }\n"),
      /^lab\.yaml:1:17: nodes\.bob\.port: is not a known key; /,
    );
    assert.match(await refusal("nodes: { ../x: {} }\n"), /^lab\.yaml:1:10: .*is no name of a node; /);
    assert.equal(await refusal("nodes: {}\n"), "lab.yaml names no nodes");
    assert.equal(await refusal(""), "lab.yaml names no nodes");
    await rm(join(folder, "lab.yaml"));
    const missing = await readTopology(".", folder).catch((error: unknown) => String(error));
    assert.equal(missing, "OperatorError: lab.yaml does not exist");
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test("parley lab tells how it is used; wrong arguments end with status 2 and one line.", async () => {
  const lab = (...args: string[]) => new RunningProgram(join(ROOT, "bin/parley"), ["lab", ...args]);
  const help = lab("--help");
  assert.equal(await help.ended, 0);
  assert.match(help.output, /^Usage: parley lab up FOLDER/);
  for (const args of [[], ["down"], ["up"], ["up", "a", "b"], ["up", "--fast"]]) {
    const wrong = lab(...args);
    assert.equal(await wrong.ended, 2, args.join(" "));
    assert.match(wrong.errors, /^parley: [^\n]+; parley lab --help tells how to use it\n$/);
  }
});

async function check(args: readonly string[]): Promise<void> {
  await using daemon = new RunningProgram(PARLEYD, [...args, "--check"]);
  assert.equal(await daemon.ended, 0, daemon.errors);
}
