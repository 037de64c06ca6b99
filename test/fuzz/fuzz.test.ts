import assert from "node:assert/strict";
import { test } from "node:test";
import { storedInputs, storedNames } from "../../tools/fuzz/corpus.ts";
import { fuzz, replay } from "../../tools/fuzz/fuzzer.ts";
import { hex } from "../../tools/fuzz/target.ts";
import { allTargets } from "../../tools/fuzz/targets.ts";

/** Mutated inputs for each target, beside all that is stored; a few for each of the many single messages. */
const EXECUTIONS: Readonly<Record<string, number>> = {
  packets: 150,
  pcap: 1_000,
  pcapng: 1_000,
  query: 20,
  regex: 4_000,
  lzw: 800,
  msgpack: 4_000,
  "dns-name": 2_000,
  "ospf-router": 200,
  membership: 150,
  "membership-sealed": 150,
  serf: 300,
  directory: 1_000,
  announcement: 2_000,
  "peer-book": 1_000,
};
const FOR_MESSAGES = 30;

const targets = allTargets();

test("stored inputs belong to targets", () => {
  const names = new Set(targets.map(({ name }) => name));
  for (const kind of ["corpus", "regressions"] as const)
    for (const name of storedNames(kind)) {
      assert.ok(names.has(name), `test/fuzz/${kind}/${name}`);
      assert.ok(storedInputs(kind, name).length > 0, `test/fuzz/${kind}/${name} is empty`);
    }
});

for (const target of targets) {
  const { name } = target;
  test(`${name}: nothing breaks a rule`, () => {
    for (const kind of ["regressions", "corpus"] as const)
      for (const input of storedInputs(kind, name)) {
        const failure = replay(target, input);
        if (failure) assert.fail(`${failure.error.stack}\n${name} of ${kind}: ${hex(input)}`);
      }
    const most = EXECUTIONS[name] ?? FOR_MESSAGES;
    fuzz(target, {
      seed: "test",
      inputs: [],
      isDone: (executions) => executions >= most,
      onFailure: ({ input, error }) =>
        assert.fail(`${error.stack}\nnpm run fuzz -- ${name} --hex ${hex(input)}`),
    });
  });
}
