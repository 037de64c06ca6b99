import type { BpfInstruction } from "#base/bpf.ts";
import type { Graph, Tree } from "#packet/bpf/graph.ts";
import * as op from "#packet/bpf/opcodes.ts";

/** An instruction, and what it is for. */
export interface NotedInstruction {
  readonly instruction: BpfInstruction;
  readonly note: string;
}

/**
 * Writes a graph as instructions, from the last one to the first: all that is jumped to lies behind and is known.
 * Conditional jumps reach 255 instructions; where that is not enough, they go over a `ja`. Undefined when there would be
 * more than `most`.
 */
export function emitGraph(
  graph: Graph,
  start: number,
  keep: number,
  most: number,
): NotedInstruction[] | undefined {
  const writer = new Writer(graph, keep, most);
  writer.node(start);
  // Nothing may lie before the first instruction.
  const written = writer.finish(start);
  return written.length > most ? undefined : written;
}

class Writer {
  readonly #graph: Graph;
  readonly #keep: number;
  readonly #most: number;
  /** Last instruction first. */
  readonly #out: NotedInstruction[] = [];
  /** Where a node begins, in #out. */
  readonly #places = new Map<number, number>();
  /** The nearest instruction that is as good as the node's first: a `ja` to it, or another ret. */
  readonly #near = new Map<number, number>();

  constructor(graph: Graph, keep: number, most: number) {
    this.#graph = graph;
    this.#keep = keep;
    this.#most = most;
  }

  finish(start: number): NotedInstruction[] {
    const place = this.#places.get(start);
    if (place !== undefined && place !== this.#out.length - 1) this.#jump(start);
    return this.#out.toReversed();
  }

  node(number: number): void {
    if (this.#places.has(number) || this.#out.length > this.#most) return;
    const node = this.#graph.nodes[number]!;
    if (node.type === "return") this.#return(number, node.accept);
    else if (node.type === "move") {
      this.node(node.next);
      if (this.#places.get(node.next) !== this.#out.length - 1) this.#jump(node.next);
      this.#code(node.code, node.note);
    } else {
      this.#targets(node.tree);
      this.#tree(node.tree, node.say ?? (() => ""));
      this.#code(node.code, node.note);
    }
    this.#places.set(number, this.#out.length - 1);
    this.#near.set(number, this.#out.length - 1);
  }

  #targets(tree: Tree): void {
    if (typeof tree === "number") this.node(tree);
    else {
      this.#targets(tree.no);
      this.#targets(tree.yes);
    }
  }

  #return(number: number, accept: boolean): void {
    this.#push(op.instruction(op.RET, accept ? this.#keep : 0), accept ? "accept" : "reject");
    this.#near.set(number, this.#out.length - 1);
  }

  #code(code: readonly BpfInstruction[], note: string): void {
    for (let i = code.length - 1; i >= 0; i--) this.#push(code[i]!, i === 0 ? note : "");
  }

  /** Writes the comparisons of a tree; where its first one lies. */
  #tree(
    tree: Tree,
    say: (jump: number, k: number) => string,
  ): { readonly node: number } | { readonly at: number } {
    if (typeof tree === "number") return { node: tree };
    const [no, yes] = [this.#tree(tree.no, say), this.#tree(tree.yes, say)];
    for (let size = -1; size !== this.#out.length;) {
      size = this.#out.length;
      this.#reach(no);
      this.#reach(yes);
    }
    const { jump, k } = tree;
    const distance = (to: { readonly node: number } | { readonly at: number }): number =>
      this.#out.length - this.#nearest(to) - 1;
    this.#push(op.instruction(op.JMP | jump, k, distance(yes), distance(no)), say(jump, k));
    return { at: this.#out.length - 1 };
  }

  #nearest(to: { readonly node: number } | { readonly at: number }): number {
    if ("node" in to) return this.#near.get(to.node)!;
    return this.#nearAt.get(to.at) ?? to.at;
  }

  readonly #nearAt = new Map<number, number>();

  /** Makes sure that a jump from here gets there. */
  #reach(to: { readonly node: number } | { readonly at: number }): void {
    if (this.#out.length - this.#nearest(to) - 1 <= MOST_DISTANCE) return;
    if ("node" in to) this.#jump(to.node);
    else {
      this.#push(op.instruction(op.JMP | op.JA, this.#out.length - this.#nearest(to) - 1), "");
      this.#nearAt.set(to.at, this.#out.length - 1);
    }
  }

  #jump(number: number): void {
    const node = this.#graph.nodes[number]!;
    if (node.type === "return") this.#return(number, node.accept);
    else {
      this.#push(op.instruction(op.JMP | op.JA, this.#out.length - this.#places.get(number)! - 1), "");
      this.#near.set(number, this.#out.length - 1);
    }
  }

  #push(instruction: BpfInstruction, note: string): void {
    this.#out.push({ instruction, note });
  }
}

/** What fits the 8 bits of jt and jf; one less, for the other branch's `ja` may come between. */
const MOST_DISTANCE = 254;
