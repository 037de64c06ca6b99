import { neededField } from "#packet/query/needed-field.ts";
import { hexText } from "#packet/primitive.ts";
import type { Checked, Constant, FieldOperand, Test } from "#packet/query/checked.ts";
import { singleField } from "#packet/query/test-code.ts";

/** One test, asked once however many queries hold it. */
export interface Atom {
  readonly number: number;
  readonly test: Test;
  readonly field: FieldOperand | undefined;
  /** Answered by the frame, by looking at a field's values, by a table of values, or only by the thorough way. */
  way: "frame" | "watched" | "lookup" | "thorough";
  /** For the thorough way: one of these has to hold, or the test cannot. */
  readonly needs?: readonly Atom[];
}

/** The tests of one or more queries. */
export class AtomTable {
  readonly atoms: Atom[] = [];
  readonly #numbers = new Map<string, number>();

  constructor(queries: readonly Checked[]) {
    for (const checked of queries) this.#collect(checked);
  }

  #collect(checked: Checked): void {
    if (checked.type === "not") this.#collect(checked.of);
    else if (checked.type === "and" || checked.type === "or" || checked.type === "xor") {
      this.#collect(checked.left);
      this.#collect(checked.right);
    } else this.of(checked);
  }

  of(test: Test): Atom {
    const key = testKey(test);
    const known = this.#numbers.get(key);
    if (known !== undefined) return this.atoms[known]!;
    const field = singleField(test);
    const way = wayOf(field);
    const needs = way === "thorough" ? this.#presence(test) : undefined;
    const atom: Atom = { number: this.atoms.length, test, field, way, ...(needs && { needs }) };
    this.#numbers.set(key, atom.number);
    this.atoms.push(atom);
    return atom;
  }

  /** A test of a field fails where none of the protocols is that have it. */
  #presence(test: Test): readonly Atom[] | undefined {
    const field = neededField(test);
    if (!field || field.layers.length === 0 || field.layers.some(({ transparent }) => transparent))
      return undefined;
    const protocols = new Map(field.layers.map((layer) => [layer.protocol, layer]));
    return [...protocols].map(([name, layer]) => {
      const presence = {
        name,
        type: "protocol",
        title: layer.title,
        layers: [layer],
        indirect: false,
      } as const;
      return this.of({ type: "exists", operand: { type: "field", kind: "bytes", field: presence } });
    });
  }

  /** Puts tests of one field for single numbers into tables, where there are enough of them. */
  findLookups(): void {
    const byField = new Map<string, Atom[]>();
    for (const atom of this.atoms) {
      if (atom.way !== "watched" || lookupKeys(atom.test) === undefined) continue;
      const { name } = atom.field!.field;
      byField.set(name, [...(byField.get(name) ?? []), atom]);
    }
    for (const atoms of byField.values())
      if (atoms.length >= WORTH_A_TABLE) for (const atom of atoms) atom.way = "lookup";
  }

  /** Tests of which any one that holds makes the whole query hold. */
  enough(checked: Checked): ReadonlySet<Atom> {
    if (checked.type === "or") return new Set([...this.enough(checked.left), ...this.enough(checked.right)]);
    if (checked.type === "and" || checked.type === "xor" || checked.type === "not") return new Set();
    const atom = this.of(checked);
    return isAny(atom.test) && atom.way === "watched" ? new Set([atom]) : new Set();
  }

  /** Tests in tables of which one must hold for the query to hold; undefined when there is no such choice. */
  needed(checked: Checked): readonly Atom[] | undefined {
    if (checked.type === "xor" || checked.type === "not") return undefined;
    if (checked.type === "and" || checked.type === "or") {
      const [left, right] = [this.needed(checked.left), this.needed(checked.right)];
      if (checked.type === "or") return left && right && [...left, ...right];
      return left && right ? (left.length <= right.length ? left : right) : (left ?? right);
    }
    const atom = this.of(checked);
    return atom.way === "lookup" ? [atom] : undefined;
  }
}

/** Fewer comparisons are quicker than a table. */
const WORTH_A_TABLE = 4;

function wayOf(field: FieldOperand | undefined): Atom["way"] {
  if (field?.field.indirect) return "thorough";
  const name = field?.field.name ?? "frame";
  if (name === "frame" || name === "frame.protocols") return "thorough";
  return name.startsWith("frame.") ? "frame" : "watched";
}

/** One value that passes is enough. */
export function isAny(test: Test): boolean {
  return test.type === "exists" || test.quantifier === "any";
}

/** The numbers of which a field must have one for the test to hold; undefined when it asks anything else. */
export function lookupKeys(test: Test): readonly number[] | undefined {
  if (test.type === "exists" || test.quantifier === "all") return undefined;
  const constants: Constant[] = [];
  if (test.type === "in") {
    if (test.operand.type !== "field" || test.set.some(({ high }) => high)) return undefined;
    constants.push(...test.set.map(({ low }) => low));
  } else {
    if (test.comparison !== "==" || test.left.type !== "field" || test.right.type !== "constant")
      return undefined;
    constants.push(test.right);
  }
  const keys = constants.map(lookupKey);
  return keys.every((key) => key !== undefined) ? keys : undefined;
}

function lookupKey({ value, prefixBits }: Constant): number | undefined {
  if (typeof value === "number") return value;
  // An IPv4 address is looked up as the number that its bytes are.
  if (!(value instanceof Uint8Array) || value.length !== 4 || (prefixBits ?? 32) !== 32) return undefined;
  return ((value[0]! << 24) | (value[1]! << 16) | (value[2]! << 8) | value[3]!) >>> 0;
}

function testKey(test: Test): string {
  return JSON.stringify(test, (key, value: unknown) => {
    if (key === "field") return (value as { name: string }).name;
    if (value instanceof Uint8Array) return hexText(value);
    return typeof value === "bigint" ? `${value}n` : value;
  });
}
