import type { BpfInstruction } from "#base/bpf.ts";
import * as op from "#packet/bpf/opcodes.ts";

/** What loads a number into the accumulator. */
export interface Load {
  readonly code: readonly BpfInstruction[];
  /** Bits that count; absent: all. */
  readonly mask?: number;
  readonly note: string;
  /** Says what a comparison of the loaded number is about. */
  readonly say?: Say;
}

type Say = (jump: number, k: number) => string;

/** Where a number from `low` to `high` leads. */
export interface Case {
  readonly low: number;
  readonly high: number;
  readonly target: number;
}

/** Comparisons of the accumulator; a number is a node of the graph. */
export type Tree = number | Comparison;

export interface Comparison {
  readonly jump: number;
  readonly k: number;
  readonly yes: Tree;
  readonly no: Tree;
}

export type GraphNode =
  | { readonly type: "return"; readonly accept: boolean }
  | {
      readonly type: "choice";
      readonly code: readonly BpfInstruction[];
      readonly tree: Comparison;
      readonly note: string;
      readonly say?: Say;
    }
  | {
      readonly type: "move";
      readonly code: readonly BpfInstruction[];
      readonly next: number;
      readonly note: string;
    };

export const REJECT = 0;
export const ACCEPT = 1;

/** The decisions of a program. Equal parts are one node, and a decision that decides nothing is none. */
export class Graph {
  readonly nodes: GraphNode[] = [
    { type: "return", accept: false },
    { type: "return", accept: true },
  ];
  readonly #known = new Map<string, number>();

  /** Compares what `load` loads; the cases stand in order and leave nothing out. */
  choice(load: Load, cases: readonly Case[]): number {
    const merged: Case[] = [];
    for (const each of cases) {
      const last = merged.at(-1);
      if (last?.target === each.target) merged[merged.length - 1] = { ...last, high: each.high };
      else merged.push(each);
    }
    const [first, second, third] = merged;
    if (!second) return first!.target;
    const { code, mask } = load;
    if (!third && first!.high === 0 && mask !== undefined)
      return this.#choice(load, code, { jump: op.JSET, k: mask, yes: second.target, no: first!.target });
    const and = mask === undefined ? [] : [op.instruction(op.ALU | op.AND, mask)];
    return this.#choice(load, [...code, ...and], treeOf(merged) as Comparison);
  }

  /** Goes on with `yes` where the accumulator, loaded by `code`, is not less than k, or than X. */
  atLeast(
    code: readonly BpfInstruction[],
    than: number | "x",
    yes: number,
    no: number,
    note: string,
  ): number {
    if (yes === no) return yes;
    const tree = than === "x" ? { jump: op.JGE | op.X, k: 0, yes, no } : { jump: op.JGE, k: than, yes, no };
    return this.#choice({ note }, code, tree);
  }

  /** Runs code, which changes X, and goes on. */
  move(code: readonly BpfInstruction[], next: number, note: string): number {
    if (next === ACCEPT || next === REJECT) return next;
    return this.#intern({ type: "move", code, next, note }, `move ${codeKey(code)} ${next}`);
  }

  #choice(
    { note, say }: Pick<Load, "note" | "say">,
    code: readonly BpfInstruction[],
    tree: Comparison,
  ): number {
    const node: GraphNode = { type: "choice", code, tree, note, ...(say && { say }) };
    return this.#intern(node, `choice ${codeKey(code)} ${treeKey(tree)}`);
  }

  #intern(node: GraphNode, key: string): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.nodes.push(node);
    this.#known.set(key, this.nodes.length - 1);
    return this.nodes.length - 1;
  }
}

function codeKey(code: readonly BpfInstruction[]): string {
  return code.map((each) => `${each.code},${each.k}`).join(";");
}

function treeKey(tree: Tree): string {
  return typeof tree === "number"
    ? String(tree)
    : `(${tree.jump} ${tree.k} ${treeKey(tree.yes)} ${treeKey(tree.no)})`;
}

/** Few comparisons that tell the cases apart. */
function treeOf(cases: readonly Case[]): Tree {
  if (cases.length === 1) return cases[0]!.target;
  const usual = usualTarget(cases);
  const others = cases.filter(({ target }) => target !== usual);
  if (others.length <= MOST_IN_A_ROW && others.every(({ low, high }) => low === high))
    return others.reduceRight<Tree>(
      (no, { low, target }) => ({ jump: op.JEQ, k: low, yes: target, no }),
      usual,
    );
  const middle = Math.ceil(cases.length / 2);
  const [below, above] = [cases.slice(0, middle), cases.slice(middle)];
  return { jump: op.JGE, k: above[0]!.low, yes: treeOf(above), no: treeOf(below) };
}

const MOST_IN_A_ROW = 3;

/** The target that most cases of several numbers have. */
function usualTarget(cases: readonly Case[]): number {
  const counts = new Map<number, number>();
  for (const { low, high, target } of cases)
    counts.set(target, (counts.get(target) ?? 0) + (high > low ? cases.length : 1));
  return [...counts].reduce((best, each) => (each[1] > best[1] ? each : best))[0];
}
