import type { BpfProgram } from "#base/bpf.ts";
import * as op from "#packet/bpf/opcodes.ts";

/**
 * JavaScript statements that do what a program does for the packet b[s, e): `taken` where the program takes it, else
 * `rejected`; each has to leave the place. For the programs that compileBpf makes: no memory, no division, and of what the
 * kernel knows beside the bytes only that no VLAN tag was taken out. Undefined for any other program.
 */
export function bpfSource(program: BpfProgram, taken: string, rejected: string): string | undefined {
  const least = leastLengths(program);
  const code: string[] = [];
  const targets = new Set<number>();
  for (const [pc, { code: opcode, k, jt, jf }] of program.entries()) {
    if ((opcode & 7) === op.RET) {
      if (opcode & op.A) return undefined;
      code.push(k > 0 ? taken : rejected);
    } else if ((opcode & 7) === op.JMP) {
      const go = (distance: number): string => {
        if (distance > 0) targets.add(pc + 1 + distance);
        return distance > 0 ? `break L${pc + 1 + distance};` : "";
      };
      if ((opcode & 0xf0) === op.JA) code.push(go(k));
      else {
        const condition = conditionOf(opcode, k);
        // The branch that goes on with what follows needs no code.
        code.push(
          jt > 0 ? `if (${condition}) ${go(jt)} ${go(jf)}`.trimEnd() : `if (!(${condition})) ${go(jf)}`,
        );
      }
    } else {
      const statement = statementOf(opcode, k, least[pc]!, rejected);
      if (statement === undefined) return undefined;
      code.push(statement);
    }
  }
  // All jumps go forward: each place that is jumped to is where a block ends.
  const opening = [...targets].sort((a, b) => b - a).map((target) => `L${target}: {`);
  const lines = code.map((line, pc) => (targets.has(pc) ? `}\n${line}` : line));
  return ["let a = 0, x = 0;", ...opening, ...lines].join("\n").replaceAll(/\n{2,}/g, "\n");
}

function conditionOf(code: number, k: number): string {
  const operand = code & op.X ? "x" : String(k);
  switch (code & 0xf0) {
    case op.JEQ:
      return `a === ${operand}`;
    case op.JGT:
      return `a > ${operand}`;
    case op.JGE:
      return `a >= ${operand}`;
    default:
      return `(a & ${operand}) !== 0`;
  }
}

function statementOf(code: number, k: number, least: number, rejected: string): string | undefined {
  const size = sizeOf(code);
  const beyond = (end: string): string => `if (${end} > e - s) ${rejected} `;
  switch (code & 7) {
    case op.LD:
      switch (code & 0xe0) {
        case op.IMM:
          return `a = ${k};`;
        case op.LEN:
          return "a = e - s;";
        case op.IND:
          if (k >= op.LINK_HEADER) return undefined;
          return `${beyond(`x + ${k + size}`)}a = ${readCode(`s + x + ${k}`, size)};`;
        case op.ABS:
          if (VLAN.has(k)) return "a = 0;";
          if (k >= op.LINK_HEADER) return undefined;
          return `${k + size > least ? beyond(String(k + size)) : ""}a = ${readCode(`s + ${k}`, size)};`;
        default:
          return undefined;
      }
    case op.LDX:
      if ((code & 0xe0) === op.IMM) return `x = ${k};`;
      if ((code & 0xe0) !== op.MSH || k >= op.LINK_HEADER) return undefined;
      return `${k + 1 > least ? beyond(String(k + 1)) : ""}x = (b[s + ${k}] & 15) << 2;`;
    case op.ALU:
      return calculation(code, k);
    case op.MISC:
      return code & op.TXA ? "a = x;" : "x = a;";
    default:
      return undefined;
  }
}

function calculation(code: number, k: number): string | undefined {
  const operand = code & op.X ? "x" : String(k);
  switch (code & 0xf0) {
    case op.ADD:
      return `a = (a + ${operand}) >>> 0;`;
    case op.SUB:
      return `a = (a - ${operand}) >>> 0;`;
    case op.MUL:
      return `a = Math.imul(a, ${operand}) >>> 0;`;
    case op.AND:
      return `a = (a & ${operand}) >>> 0;`;
    case op.LSH:
      return `a = (a << (${operand} & 31)) >>> 0;`;
    case op.RSH:
      return `a = a >>> (${operand} & 31);`;
    default:
      return undefined;
  }
}

function readCode(at: string, size: number): string {
  if (size === 1) return `b[${at}]`;
  if (size === 2) return `(b[${at}] << 8) | b[${at} + 1]`;
  return `((b[${at}] << 24) | (b[${at} + 1] << 16) | (b[${at} + 2] << 8) | b[${at} + 3]) >>> 0`;
}

/** Bytes that the packet has for certain where each instruction is reached: what loads and comparisons before it tell. */
function leastLengths(program: BpfProgram): readonly number[] {
  const least = program.map(() => Infinity);
  const jumpedTo = new Set<number>();
  const reach = (pc: number, length: number): void => {
    if (pc < least.length) least[pc] = Math.min(least[pc]!, length);
  };
  reach(0, 0);
  for (const [pc, { code, k, jt, jf }] of program.entries()) {
    const here = least[pc]!;
    const isLoad = (code & 7) === op.LD && (code & 0xe0) === op.ABS && k < op.LINK_HEADER;
    if (isLoad) reach(pc + 1, Math.max(here, k + sizeOf(code)));
    else if ((code & 7) !== op.JMP) reach(pc + 1, here);
    else if ((code & 0xf0) === op.JA) {
      reach(pc + 1 + k, here);
      jumpedTo.add(pc + 1 + k);
    } else {
      const isLength =
        pc > 0 && !jumpedTo.has(pc) && isLengthLoad(program[pc - 1]!.code) && code === (op.JMP | op.JGE);
      reach(pc + 1 + jt, isLength ? Math.max(here, k) : here);
      reach(pc + 1 + jf, here);
      jumpedTo.add(pc + 1 + jt).add(pc + 1 + jf);
    }
  }
  return least;
}

function sizeOf(code: number): number {
  return (code & 0x18) === op.WORD ? 4 : (code & 0x18) === op.HALF ? 2 : 1;
}

function isLengthLoad(code: number): boolean {
  return (code & 7) === op.LD && (code & 0xe0) === op.LEN;
}

const VLAN: ReadonlySet<number> = new Set([op.VLAN_TAG, op.VLAN_TAG_PRESENT, op.VLAN_TPID]);
