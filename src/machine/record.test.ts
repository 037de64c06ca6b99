import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Core } from "#machine/core.ts";
import { fromJson, parseRecording, Recorder, replay, toJson } from "#machine/record.ts";

/** Adds what it is given. */
class Sum implements Core<{ readonly add: number }, { readonly sum: number }> {
  readonly wakeAt = Infinity;
  readonly #factor: number;
  #sum = 0;

  constructor(factor = 1) {
    this.#factor = factor;
  }

  handle({ add }: { readonly add: number }) {
    this.#sum += this.#factor * add;
    return [{ sum: this.#sum }];
  }
}

function recordedSum(numbers: readonly number[], limitBytes?: number): string {
  const lines: string[] = [];
  const recorder = new Recorder(
    { recording: 1, core: "sum", setup: {} },
    (line) => lines.push(line),
    limitBytes,
  );
  const core = new Sum();
  for (const [at, add] of numbers.entries()) recorder.step(at, { add }, core.handle({ add }));
  return `${lines.join("\n")}\n`;
}

test("bytes survive JSON, wherever they stand and whatever class they are", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.jsonValue(), (bytes, json) => {
      const back = fromJson(toJson({ bytes, deep: [{ buffer: Buffer.from(bytes) }], json }));
      assert.deepEqual(back, { bytes, deep: [{ buffer: bytes }], json: JSON.parse(JSON.stringify(json)) });
    }),
  );
  assert.equal(fromJson("{"), undefined);
});

test("a recorded run replays, and the first different step is found", () => {
  const { header, steps } = parseRecording(recordedSum([1, 2, 3]));
  assert.equal(header.core, "sum");
  assert.deepEqual(
    steps.map(({ at }) => at),
    [0, 1, 2],
  );
  assert.equal(replay(new Sum(), steps), undefined);
  const wrong = new Sum(2);
  assert.deepEqual(replay(wrong, steps), {
    line: 2,
    at: 0,
    input: { add: 1 },
    recorded: '[{"sum":1}]',
    replayed: '[{"sum":2}]',
  });
});

test("a last line that was cut off is left out, one in the middle is an error that names it", () => {
  const text = recordedSum([1, 2, 3]);
  assert.equal(parseRecording(text.slice(0, -5)).steps.length, 2);
  const lines = text.split("\n");
  lines[2] = "{";
  assert.throws(() => parseRecording(lines.join("\n")), /line 3 of the recording is not JSON/);
});

test("what is no recording is refused", () => {
  for (const text of ["", "{}", "[]", "null", '{"recording":2}']) {
    assert.throws(() => parseRecording(text), /not a recording/);
  }
});

test("a recording stops at its limit, says so, and what there is replays", () => {
  const text = recordedSum(Array<number>(100).fill(1), 500);
  assert.ok(text.length < 600);
  assert.match(text, /\{"full":true\}\n$/);
  const { steps } = parseRecording(text);
  assert.ok(steps.length > 3);
  assert.equal(replay(new Sum(), steps), undefined);
});
