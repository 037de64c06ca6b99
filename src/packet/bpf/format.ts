import type { BpfInstruction, BpfProgram } from "#base/bpf.ts";
import * as op from "#packet/bpf/opcodes.ts";

/** A program as `tcpdump -d` prints it, one line for each instruction. */
export function formatBpf(program: BpfProgram): string {
  return program.map(formatInstruction).join("\n");
}

/** One instruction as `tcpdump -d` prints it; `at` is its number. */
export function formatInstruction(each: BpfInstruction, at: number): string {
  const { code, jt, jf } = each;
  const number = `(${String(at).padStart(3, "0")})`;
  const [name, operand] = wordsOf(each, at);
  const start = `${number} ${name.padEnd(8)} ${operand}`;
  if ((code & 7) !== op.JMP || code === (op.JMP | op.JA)) return start;
  return `${number} ${name.padEnd(8)} ${operand.padEnd(16)} jt ${at + 1 + jt}\tjf ${at + 1 + jf}`;
}

const SIZES: ReadonlyMap<number, string> = new Map([
  [op.WORD, ""],
  [op.HALF, "h"],
  [op.BYTE, "b"],
]);
const CALCULATIONS: ReadonlyMap<number, string> = new Map([
  [op.ADD, "add"],
  [op.SUB, "sub"],
  [op.MUL, "mul"],
  [op.DIV, "div"],
  [op.MOD, "mod"],
  [op.AND, "and"],
  [op.OR, "or"],
  [op.XOR, "xor"],
  [op.LSH, "lsh"],
  [op.RSH, "rsh"],
]);
const JUMPS: ReadonlyMap<number, string> = new Map([
  [op.JEQ, "jeq"],
  [op.JGT, "jgt"],
  [op.JGE, "jge"],
  [op.JSET, "jset"],
]);

function wordsOf({ code, k }: BpfInstruction, at: number): readonly [string, string] {
  const unknown = ["unimp", `0x${code.toString(16)}`] as const;
  switch (code & 7) {
    case op.LD:
      return loadWords(code, k) ?? unknown;
    case op.LDX:
      if (code === (op.LDX | op.BYTE | op.MSH)) return ["ldxb", `4*([${k | 0}]&0xf)`];
      return plainWords("ldx", code & 0xf8, k) ?? unknown;
    case op.ST:
      return ["st", `M[${k}]`];
    case op.STX:
      return ["stx", `M[${k}]`];
    case op.ALU: {
      if (code === (op.ALU | op.NEG)) return ["neg", ""];
      const operation = code & 0xf0;
      const name = CALCULATIONS.get(operation);
      if (name === undefined) return unknown;
      if (code & op.X) return [name, "x"];
      const isBits = operation === op.AND || operation === op.OR || operation === op.XOR;
      return [name, isBits ? hex(k) : `#${k | 0}`];
    }
    case op.JMP: {
      if (code === (op.JMP | op.JA)) return ["ja", String(at + 1 + k)];
      const name = JUMPS.get(code & 0xf0);
      return name === undefined ? unknown : [name, code & op.X ? "x" : hex(k)];
    }
    case op.RET:
      return ["ret", code & op.A ? "" : `#${k | 0}`];
    default:
      return [code & op.TXA ? "txa" : "tax", ""];
  }
}

function loadWords(code: number, k: number): readonly [string, string] | undefined {
  const size = SIZES.get(code & 0x18);
  if (size === undefined) return undefined;
  switch (code & 0xe0) {
    case op.ABS: {
      const special = k >= op.ANCILLARY ? op.ANCILLARY_NAMES.get(k - op.ANCILLARY) : undefined;
      return [`ld${size}`, `[${special ?? String(k | 0)}]`];
    }
    case op.IND:
      return [`ld${size}`, `[x + ${k | 0}]`];
    default:
      return plainWords("ld", code & 0xf8, k);
  }
}

function plainWords(name: string, mode: number, k: number): readonly [string, string] | undefined {
  if (mode === op.IMM) return [name, hex(k)];
  if (mode === op.MEM) return [name, `M[${k}]`];
  return mode === op.LEN ? [name, "#pktlen"] : undefined;
}

function hex(k: number): string {
  return `#0x${k.toString(16)}`;
}

/** A program as the kernel wants it: an array of struct sock_filter in little endian. */
export function bpfBytes(program: BpfProgram): Uint8Array {
  const bytes = new Uint8Array(program.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, { code, jt, jf, k }] of program.entries()) {
    view.setUint16(i * 8, code, true);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, true);
  }
  return bytes;
}

/** A program as `tcpdump -ddd` prints it: how many instructions, and each as four numbers. */
export function bpfDecimal(program: BpfProgram): string {
  const lines = program.map(({ code, jt, jf, k }) => `${code} ${jt} ${jf} ${k}`);
  return [program.length, ...lines].join("\n");
}

/** The program of a text by `tcpdump -ddd`. Throws TypeError for another text. */
export function parseBpfDecimal(text: string): BpfProgram {
  const [count, ...lines] = text.trim().split(/[\n,]/);
  const program = lines.map((line): BpfInstruction => {
    if (!/^\s*\d+ \d+ \d+ \d+\s*$/.test(line)) throw new TypeError(`"${line}" is no instruction`);
    const [code, jt, jf, k] = line.trim().split(" ").map(Number);
    return { code: code!, jt: jt!, jf: jf!, k: k! };
  });
  if (Number(count) !== program.length) throw new TypeError(`${program.length} instructions, not ${count}`);
  return program;
}
