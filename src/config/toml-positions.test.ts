import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parse } from "smol-toml";
import { tomlPositions, type TomlPosition, type TomlPositions } from "#config/toml-positions.ts";

/** Every path with where its key and value begin: "a.0.b 3:1 3:5". */
function listed(positions: TomlPositions, path: readonly (string | number)[] = []): string[] {
  const lines: string[] = [];
  for (const [name, child] of positions.children) {
    const inner = [...path, name];
    lines.push(line(inner, child.key, child.value), ...listed(child, inner));
  }
  return lines;
}

function line(path: readonly (string | number)[], key: TomlPosition, value: TomlPosition): string {
  return `${JSON.stringify(path)} ${key.line}:${key.column} ${value.line}:${value.column}`;
}

test("Tables, dotted and quoted keys, lists and inline tables have positions.", () => {
  const text = [
    "# a comment with [brackets] and = signs",
    'title = "x # not a comment" # but this is',
    "a . b.'c.d' = [ 1, # one",
    '  "two", { x = 1, y.z = [2] } ]',
    "[ whisper ]",
    "  nick = 'bob'",
    "when = 1979-05-27 07:32:00 # a date with a space",
    "[area.\"0.0.0.1\".'if eth0']",
    "cost=10",
    "[[peer]]",
    'name = """',
    "[not.a.table]",
    'k = "v" \\""""',
    "[[peer]]",
    "name = '''''two quotes at the end'''''",
    "[peer.extra]",
    "on = true",
  ].join("\n");
  assert.doesNotThrow(() => parse(text));
  assert.deepEqual(listed(tomlPositions(text)), [
    '["title"] 2:1 2:9',
    '["a"] 3:1 3:1',
    '["a","b"] 3:5 3:5',
    '["a","b","c.d"] 3:7 3:15',
    '["a","b","c.d",0] 3:17 3:17',
    '["a","b","c.d",1] 4:3 4:3',
    '["a","b","c.d",2] 4:10 4:10',
    '["a","b","c.d",2,"x"] 4:12 4:16',
    '["a","b","c.d",2,"y"] 4:19 4:19',
    '["a","b","c.d",2,"y","z"] 4:21 4:25',
    '["a","b","c.d",2,"y","z",0] 4:26 4:26',
    '["whisper"] 5:3 5:3',
    '["whisper","nick"] 6:3 6:10',
    '["whisper","when"] 7:1 7:8',
    '["area"] 8:2 8:2',
    '["area","0.0.0.1"] 8:7 8:7',
    '["area","0.0.0.1","if eth0"] 8:17 8:17',
    '["area","0.0.0.1","if eth0","cost"] 9:1 9:6',
    '["peer"] 10:3 10:3',
    '["peer",0] 10:3 10:3',
    '["peer",0,"name"] 11:1 11:8',
    '["peer",1] 14:3 14:3',
    '["peer",1,"name"] 15:1 15:8',
    '["peer",1,"extra"] 16:7 16:7',
    '["peer",1,"extra","on"] 17:1 17:6',
  ]);
});

test("Windows line ends and escapes in keys are understood.", () => {
  const text = '\r\n"a\\u0062\\"c" = 1\r\n\r\n[x]\r\ny = """\r\n\r\n"""\r\nz = 2\r\n';
  assert.deepEqual(listed(tomlPositions(text)), [
    '["ab\\"c"] 2:1 2:16',
    '["x"] 4:2 4:2',
    '["x","y"] 5:1 5:5',
    '["x","z"] 8:1 8:5',
  ]);
});

test("Positions agree with what the writer of a document noted down.", () => {
  fc.assert(
    fc.property(document, (blocks) => {
      const writer = new Writer();
      for (const block of blocks) block(writer);
      const values: unknown = parse(writer.text);
      assert.deepEqual(listed(tomlPositions(writer.text)).sort(), writer.noted.sort());
      for (const path of writer.paths) assert(exists(values, path), JSON.stringify(path));
    }),
    { numRuns: 500 },
  );
});

test("Any text ends the scanner.", () => {
  const token = fc.constantFrom(
    '"',
    "'",
    '"""',
    "[",
    "[[",
    "]",
    "{",
    "}",
    "=",
    ".",
    ",",
    "#",
    "\n",
    "a",
    " ",
    "\\",
    "\r",
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(token, { maxLength: 40 }).map((tokens) => tokens.join("")),
  );
  fc.assert(
    fc.property(text, (any) => {
      tomlPositions(any);
    }),
    { numRuns: 2_000 },
  );
});

function exists(root: unknown, path: readonly (string | number)[]): boolean {
  let value = root as Record<string | number, unknown>;
  for (const step of path) {
    if (!Object.hasOwn(value, step)) return false;
    value = value[step] as Record<string | number, unknown>;
  }
  return true;
}

/** The oracle: writes a document and counts lines and columns letter by letter. */
class Writer {
  text = "";
  readonly noted: string[] = [];
  readonly paths: (readonly (string | number)[])[] = [];
  /** Path of the table that was opened last. */
  table: readonly (string | number)[] = [];
  #line = 1;
  #column = 1;
  #names = 0;

  get here(): TomlPosition {
    return { line: this.#line, column: this.#column };
  }

  write(text: string): void {
    this.text += text;
    for (const letter of text) {
      this.#column += letter.length;
      if (letter === "\n") [this.#line, this.#column] = [this.#line + 1, 1];
    }
  }

  note(path: readonly (string | number)[], key: TomlPosition, value: TomlPosition): void {
    this.noted.push(line(path, key, value));
    this.paths.push(path);
  }

  /** A name that no table has had, with something of `letters` where quotes allow it. */
  name(style: Style, letters: string): readonly [name: string, written: string] {
    const count = `k${this.#names++}`;
    if (style === "bare") return [count, count];
    if (style === "literal") {
      const name = count + letters.replaceAll("'", "");
      return [name, `'${name}'`];
    }
    return [count + letters, JSON.stringify(count + letters).replaceAll("\u007f", "\\u007f")];
  }
}

type Style = "bare" | "literal" | "basic";
type Step = (writer: Writer) => void;
type ValueStep = (writer: Writer, path: readonly (string | number)[]) => void;

const style = fc.constantFrom<Style>("bare", "literal", "basic");
const letters = fc.string({ maxLength: 4, unit: fc.constantFrom(..."a.=#[]{}\"' \\é𝕏,") });
const keyPart = fc.tuple(style, letters, fc.constantFrom("", " ", "\t"));
const filler = fc.constantFrom("", " ", "\n", "\n# [x] = {\n", " \n \n", "# '\"\n");

const plainValue: fc.Arbitrary<ValueStep> = fc
  .constantFrom(
    "1",
    "-1.5e3",
    "true",
    "0xff",
    "inf",
    "1979-05-27",
    "1979-05-27 07:32:00Z",
    "07:32:00",
    '""',
    "''",
    '"a # \\" ] } , b"',
    "'a # \\'",
    '"""\n[x]\ny = 1 \\\n  """',
    '"""a""b\\"""""',
    "'''\n# '' ]\n'''''",
  )
  .map((text) => (writer) => writer.write(text));

const { value } = fc.letrec<{ value: ValueStep; list: ValueStep; table: ValueStep }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, plainValue, tie("list"), tie("table")),
  list: fc
    .tuple(fc.array(fc.tuple(tie("value"), filler), { maxLength: 3 }), fc.boolean())
    .map(([items, hasTrailingComma]): ValueStep => (writer, path) => {
      writer.write("[");
      for (const [i, [item, space]] of items.entries()) {
        writer.write(space);
        writer.note([...path, i], writer.here, writer.here);
        item(writer, [...path, i]);
        if (hasTrailingComma || i + 1 < items.length) writer.write(space + ",");
      }
      writer.write("]");
    }),
  table: fc
    .array(fc.tuple(fc.array(keyPart, { minLength: 1, maxLength: 2 }), tie("value")), { maxLength: 3 })
    .map((pairs): ValueStep => (writer, path) => {
      writer.write("{");
      for (const [i, [parts, inner]] of pairs.entries()) {
        writer.write(i === 0 ? " " : ", ");
        writePair(writer, path, parts, inner);
      }
      writer.write(" }");
    }),
}));

/** `a . "b" = value`: all but the last part are tables made by the way. */
function writePair(
  writer: Writer,
  table: readonly (string | number)[],
  parts: readonly (readonly [Style, string, string])[],
  inner: ValueStep,
): void {
  let path = table;
  for (const [i, [partStyle, partLetters, space]] of parts.entries()) {
    const [name, written] = writer.name(partStyle, partLetters);
    path = [...path, name];
    if (i > 0) writer.write(`.${space}`);
    const key = writer.here;
    writer.write(written + space);
    if (i + 1 < parts.length) writer.note(path, key, key);
    else {
      writer.write(`=${space}`);
      writer.note(path, key, writer.here);
    }
  }
  inner(writer, path);
}

const pair: fc.Arbitrary<Step> = fc
  .tuple(
    fc.array(keyPart, { minLength: 1, maxLength: 3 }),
    value,
    fc.constantFrom("\n", " # x = [\n", "\n\n  "),
  )
  .map(([parts, inner, end]): Step => (writer) => {
    writePair(writer, writer.table, parts, inner);
    writer.write(end);
  });

/** `[a.b]` of new names, or `[[a.b]]` a few times with a `[a.b.c]` below each. */
const header: fc.Arbitrary<Step> = fc
  .tuple(fc.array(keyPart, { minLength: 1, maxLength: 3 }), fc.nat({ max: 2 }), pair)
  .map(([parts, times, content]): Step => (writer) => {
    const names = parts.map(([partStyle, partLetters]) => writer.name(partStyle, partLetters));
    const [sub, subWritten] = writer.name("bare", "");
    const path = names.map(([name]) => name);
    if (times === 0) writeHeader(writer, names, [], true);
    for (let i = 0; i < times; i++) {
      writeHeader(writer, names, [i], i === 0);
      content(writer);
      writer.write("[");
      for (const [, written] of names) writer.write(`${written}.`);
      writer.note([...path, i, sub], writer.here, writer.here);
      writer.write(`${subWritten}]\n`);
      writer.table = [...path, i, sub];
      content(writer);
    }
  });

function writeHeader(
  writer: Writer,
  names: readonly (readonly [string, string])[],
  index: readonly number[],
  isFirst: boolean,
): void {
  writer.write(index.length > 0 ? "[[" : "[");
  let path: readonly (string | number)[] = [];
  for (const [i, [name, written]] of names.entries()) {
    if (i > 0) writer.write(" . ");
    path = [...path, name];
    const isLast = i + 1 === names.length;
    if (isFirst) writer.note(path, writer.here, writer.here);
    if (isLast && index.length > 0) writer.note([...path, ...index], writer.here, writer.here);
    writer.write(written);
  }
  writer.write(index.length > 0 ? "]]\n" : "]\n");
  writer.table = [...path, ...index];
}

const document = fc
  .tuple(fc.array(pair, { maxLength: 3 }), fc.array(fc.oneof(header, pair), { maxLength: 8 }), filler)
  .map(([pairs, blocks, end]): Step[] => [...pairs, ...blocks, (writer) => writer.write(end.trimStart())]);
