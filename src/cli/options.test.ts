import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { readOptions } from "#cli/options.ts";

test("without arguments parley is the prompt of the usual daemon", () => {
  assert.deepEqual(readOptions([], {}), { type: "prompt", target: {}, commands: [] });
});

test("-c may be repeated and keeps its order", () => {
  const options = readOptions(["-c", "show version", "--socket", "s", "--command=say -c"], {});
  assert.deepEqual(options, {
    type: "prompt",
    target: { socket: "s" },
    commands: ["show version", "say -c"],
  });
});

test("what is no option is the script, and behind -- anything is", () => {
  assert.deepEqual(readOptions(["demo"], {}), { type: "prompt", target: {}, commands: [], file: "demo" });
  assert.deepEqual(readOptions(["--", "-c"], {}), { type: "prompt", target: {}, commands: [], file: "-c" });
});

test("the token may come from PARLEY_TOKEN, but --token wins", () => {
  const environment = { PARLEY_TOKEN: "secret" };
  const server = "http://127.0.0.1:7480";
  const targetOf = (args: string[]) => {
    const options = readOptions(args, environment);
    return options.type === "prompt" && options.target;
  };
  assert.deepEqual(targetOf(["--server", server]), { server, token: "secret" });
  assert.deepEqual(targetOf(["--server", server, "--token=other"]), { server, token: "other" });
  assert.deepEqual(targetOf([]), {});
});

test("help and version are asked for anywhere", () => {
  assert.deepEqual(readOptions(["-c", "x", "--help"], {}), { type: "help" });
  assert.deepEqual(readOptions(["-V"], {}), { type: "version" });
});

const mistakes: readonly (readonly [args: readonly string[], message: RegExp])[] = [
  [["--nosuch"], /^unknown option "--nosuch"$/],
  [["-x"], /^unknown option "-x"$/],
  [["-c"], /^-c needs a value$/],
  [["--socket="], /^--socket needs a value$/],
  [["--help=yes"], /^--help takes no value$/],
  [["--socket", "a", "--socket", "b"], /^--socket is given 2 times$/],
  [["--socket", "a", "--server", "http://b"], /two daemons/],
  [["--token", "t"], /goes with --server/],
  [["--server", "ftp://a"], /needs a URL/],
  [["-c", "x", "demo"], /cannot be combined/],
  [["show", "version"], /one script/],
];

for (const [args, message] of mistakes) {
  test(`bad usage is one line with a hint: parley ${args.join(" ")}`, () => {
    assert.throws(
      () => readOptions(args, {}),
      (error) =>
        error instanceof OperatorError &&
        error.exitStatus === 2 &&
        message.test(error.message) &&
        error.remedy.includes("parley"),
    );
  });
}
