import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom, type Random } from "#base/random.ts";
import { decodeUtf8, encodeUtf8 } from "#base/utf8.ts";
import { DEFAULT_KEY_VALUE_LIMITS, KeyValues, type KeyValueLimits } from "#membership/key-values.ts";

const SMALL: KeyValueLimits = { ...DEFAULT_KEY_VALUE_LIMITS, entries: 12, values: 8 };

function textsOf(node: KeyValues): Record<string, string> {
  return Object.fromEntries(node.values().map(({ key, text }) => [key, text]));
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.below(items.length)]!;
}

test("a text reaches others by its message, and whoever comes later by a state", () => {
  const [a, b, late] = [new KeyValues("a"), new KeyValues("b"), new KeyValues("late")];
  const message = a.set("motd", "hello, all");
  assert.equal(decodeUtf8(message), 'd[{"Action":"add","Data":{"motd":"hello, all"},"Version":1,"By":"a"}]');
  assert.deepEqual(b.take(message), {
    changes: [{ key: "motd", text: "hello, all", by: "a" }],
    news: ["motd"],
    relay: true,
  });
  assert.deepEqual(b.take(message), { changes: [], news: [], relay: false });
  assert.deepEqual(late.merge(b.state()), [{ key: "motd", text: "hello, all", by: "a" }]);
  assert.deepEqual(late.merge(a.state()), []);
  assert.deepEqual(late.values(), [{ key: "motd", text: "hello, all", by: "a" }]);
});

test("what was removed stays removed, whatever comes late", () => {
  const [a, b] = [new KeyValues("a"), new KeyValues("b")];
  const set = a.set("k", "old");
  const before = a.state();
  b.take(set);
  const removal = b.remove("k")!;
  assert.deepEqual(a.take(removal)?.changes, [{ key: "k", by: "b" }]);
  for (const node of [a, b]) {
    assert.equal(node.take(set)?.relay, false);
    assert.deepEqual(node.merge(before), []);
    assert.deepEqual(node.values(), []);
    assert.equal(node.remove("k"), undefined);
  }
  assert.deepEqual(b.take(a.set("k", "new"))?.changes, [{ key: "k", text: "new", by: "a" }]);
});

// Messages are lost, doubled and come in any order; in the end each has exchanged states with others.
for (let seed = 1; seed <= 60; seed++) {
  const limits = seed % 2 === 0 ? SMALL : DEFAULT_KEY_VALUE_LIMITS;
  test(`all agree after any order, loss and repetition (seed ${seed})`, () => {
    const random = seededRandom(seed);
    const nodes = Array.from({ length: 5 }, (_, i) => new KeyValues(`n${i}`, limits));
    const messages: Uint8Array[] = [];
    const states: Uint8Array[] = [];
    for (let step = 0; step < 400; step++) {
      const node = pick(random, nodes);
      const key = `k${random.below(20)}`;
      const dice = random.below(10);
      if (dice < 2) {
        try {
          messages.push(node.set(key, `${step}`));
        } catch (error) {
          assert.ok(error instanceof RangeError && limits === SMALL);
        }
      } else if (dice < 3) messages.push(...[node.remove(key)].filter((removal) => removal !== undefined));
      else if (dice < 4) states.push(node.state());
      else if (dice < 6 && states.length > 0) node.merge(pick(random, states));
      else if (messages.length > 0) node.take(pick(random, messages));
      assert.ok(node.values().length <= limits.entries);
    }
    for (let round = 0; round < 3; round++)
      for (const [i, node] of nodes.entries()) nodes[(i + 1) % nodes.length]!.merge(node.state());
    for (const node of nodes) {
      assert.deepEqual(node.values(), nodes[0]!.values());
      assert.deepEqual(node.state(), nodes[0]!.state());
    }
    // Nothing that went round before changes what was agreed on.
    const agreed = textsOf(nodes[0]!);
    for (const message of messages) nodes[0]!.take(message);
    for (const state of states) nodes[0]!.merge(state);
    assert.deepEqual(textsOf(nodes[0]!), agreed);
  });
}

test("peers without versions are understood, and understand", () => {
  const node = new KeyValues("a");
  const foreign = (action: string, data: object): Uint8Array =>
    encodeUtf8(`d${JSON.stringify([{ Action: action, Data: data }])}`);
  assert.deepEqual(node.take(foreign("add", { x: "1", y: "2" }))?.news, ["x", "y"]);
  assert.equal(node.take(foreign("add", { x: "1" }))?.relay, false);
  assert.deepEqual(node.take(foreign("add", { x: "3" }))?.changes, [{ key: "x", text: "3", by: "" }]);
  assert.deepEqual(node.take(foreign("del", { y: "" }))?.changes, [{ key: "y", by: "" }]);
  // Their state fills gaps, and overrules nothing.
  assert.deepEqual(node.merge(encodeUtf8('{"x":"old","y":"back","z":"9"}')), [
    { key: "z", text: "9", by: "" },
  ]);
  assert.deepEqual(textsOf(node), { x: "3", z: "9" });
  const { ["parley.versions"]: versions, ...texts } = JSON.parse(decodeUtf8(node.state())) as Record<
    string,
    string
  >;
  assert.deepEqual(texts, { x: "3", z: "9" });
  assert.equal(typeof versions, "string");
});

test("other messages are not ours, and nonsense is counted", () => {
  const node = new KeyValues("a");
  for (const text of ["", "d", "dx", "x[]", '{"name":"alice"}'])
    assert.equal(node.take(encodeUtf8(text)), undefined, text);
  const nonsense = [
    "d[",
    'd["x"]',
    "d[null]",
    'd[{"Action":"mul","Data":{"k":"v"}}]',
    'd[{"Action":"add","Data":{"k":7}}]',
    'd[{"Action":"add","Data":{"":"v"}}]',
    `d[{"Action":"add","Data":{"${"k".repeat(65)}":"v"}}]`,
    `d[{"Action":"add","Data":{"k":"${"v".repeat(513)}"}}]`,
    'd[{"Action":"add","Data":{"parley.versions":"[]"}}]',
    'd[{"Action":"add","Data":{"k":"v"},"Version":-1,"By":"x"}]',
    'd[{"Action":"add","Data":{"k":"v"},"Version":9007199254740991,"By":"x"}]',
    'd[{"Action":"add","Data":{"k":"v"},"Version":1}]',
    'd[{"Action":"add","Data":{"k":"v"},"Version":1e999,"By":"x"}]',
    `d${"[".repeat(5_000)}`,
    `d["${"x".repeat(100_000)}"]`,
  ];
  const counted = (): number => [...node.counters().values()].reduce((sum, count) => sum + count, 0);
  for (const text of nonsense) {
    const before = counted();
    assert.deepEqual(node.take(encodeUtf8(text)), { changes: [], news: [], relay: false }, text.slice(0, 80));
    assert.ok(counted() > before, text.slice(0, 80));
  }
  const states = [
    "[",
    "[]",
    "7",
    '{"parley.versions":"{"}',
    '{"parley.versions":"[7]"}',
    '{"k":{"Name":"x"}}',
  ];
  for (const text of states) {
    const before = counted();
    assert.deepEqual(node.merge(encodeUtf8(text)), [], text);
    assert.ok(counted() > before, text);
  }
  assert.deepEqual(node.values(), []);
  assert.ok(node.counters().size <= 12);
});

test("random and mutated bytes neither throw nor grow it", () => {
  const random = seededRandom(7);
  const node = new KeyValues("a", SMALL);
  const other = new KeyValues("b");
  for (let i = 0; i < 2_000; i++) {
    const good = i % 2 === 0 ? other.set(`k${i % 40}`, `v${i}`) : other.state();
    const bytes = good.slice(0, 1 + random.below(good.length));
    for (let flips = random.below(4); flips > 0; flips--)
      bytes[random.below(bytes.length)] = random.below(256);
    if (i % 2 === 0) node.take(bytes);
    else node.merge(bytes);
    assert.ok(node.values().length <= SMALL.entries);
  }
  assert.ok(node.counters().size <= 12);
});

test("a state with more than anybody keeps is cut", () => {
  const node = new KeyValues("a");
  const { entries } = DEFAULT_KEY_VALUE_LIMITS;
  const many = Array.from({ length: 50 * entries }, (_, i) => [`k${i}`, i + 1, "x", ""]);
  node.merge(encodeUtf8(JSON.stringify({ "parley.versions": JSON.stringify(many) })));
  assert.equal(node.values().length, entries);
  assert.equal(node.counters().get("more than anybody keeps"), 1);
  assert.equal(node.counters().get("given up for want of room"), undefined);
});

test("keys that objects have, and texts of any letters, are texts like others", () => {
  const [a, b, c] = [new KeyValues("a"), new KeyValues("b"), new KeyValues("c")];
  for (const key of ["__proto__", "constructor", "7", "ä\u0000\u2028", "\ud800"])
    b.take(a.set(key, `«${key}»`));
  c.merge(b.state());
  assert.equal(c.values().length, 5);
  assert.deepEqual(c.values(), a.values());
});

test("an operator's mistakes are refused with the reason", () => {
  const node = new KeyValues("a", { ...SMALL, values: 2 });
  const refused = (key: string, text: string, reason: RegExp): void => {
    assert.throws(() => node.set(key, text), { name: "RangeError", message: reason });
  };
  refused("", "x", /cannot be a key/);
  refused("parley.versions", "x", /cannot be a key/);
  refused("k".repeat(65), "x", /more than 64 bytes/);
  refused("k", "ü".repeat(257), /more than 512 bytes/);
  refused("k", "\u0001".repeat(400), /message would have/);
  node.set("1", "x");
  node.set("2", "x");
  refused("3", "x", /2 texts are kept already; remove one/);
  node.set("2", "y");
  node.remove("1");
  node.set("3", "x");
  assert.deepEqual(textsOf(node), { 2: "y", 3: "x" });
});
