import type { BpfInstruction, BpfProgram } from "#base/bpf.ts";
import * as op from "#packet/bpf/opcodes.ts";

export type BpfVerdict =
  | { readonly ok: true }
  /** `at`: the instruction's number. */
  | { readonly ok: false; readonly error: string; readonly at: number };

/**
 * Whether the kernel would take a program for a socket, and if not, why: it says only EINVAL. The same rules as
 * bpf_check_classic and check_load_and_stores in net/core/filter.c.
 */
export function verifyBpf(program: BpfProgram): BpfVerdict {
  const { length } = program;
  if (length === 0) return { ok: false, error: "a program needs at least one instruction", at: 0 };
  if (length > op.MOST_INSTRUCTIONS)
    return {
      ok: false,
      error: `${length} instructions where ${op.MOST_INSTRUCTIONS} are allowed`,
      at: op.MOST_INSTRUCTIONS,
    };
  for (const [at, each] of program.entries()) {
    const error = formError(each) ?? operandError(each) ?? jumpError(each, at, length);
    if (error !== undefined) return { ok: false, error, at };
  }
  const last = program[length - 1]!;
  if (last.code !== op.RET && last.code !== (op.RET | op.A))
    return { ok: false, error: "the last instruction does not return", at: length - 1 };
  return memoryVerdict(program);
}

function isUint(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= most;
}

function formError({ code, jt, jf, k }: BpfInstruction): string | undefined {
  if (!CODES.has(code)) return `the kernel knows no instruction 0x${code.toString(16).padStart(2, "0")}`;
  if (!isUint(k, 0xffff_ffff)) return `${k} is no unsigned number of 32 bits`;
  if (!isUint(jt, 0xff) || !isUint(jf, 0xff)) return `a jump over ${Math.max(jt, jf)} instructions; 255 fit`;
  return undefined;
}

/** chk_code_allowed. */
const CODES: ReadonlySet<number> = new Set([
  ...[op.ADD, op.SUB, op.MUL, op.DIV, op.MOD, op.AND, op.OR, op.XOR, op.LSH, op.RSH].flatMap((each) => [
    op.ALU | each,
    op.ALU | each | op.X,
  ]),
  op.ALU | op.NEG,
  ...[op.WORD, op.HALF, op.BYTE].flatMap((size) => [op.LD | size | op.ABS, op.LD | size | op.IND]),
  ...[op.LEN, op.IMM, op.MEM].flatMap((mode) => [op.LD | mode, op.LDX | mode]),
  op.LDX | op.BYTE | op.MSH,
  op.ST,
  op.STX,
  op.MISC | op.TAX,
  op.MISC | op.TXA,
  op.RET,
  op.RET | op.A,
  op.JMP | op.JA,
  ...[op.JEQ, op.JGT, op.JGE, op.JSET].flatMap((each) => [op.JMP | each, op.JMP | each | op.X]),
]);

function operandError({ code, k }: BpfInstruction): string | undefined {
  switch (code) {
    case op.ALU | op.DIV:
    case op.ALU | op.MOD:
      return k === 0 ? "a division by zero" : undefined;
    case op.ALU | op.LSH:
    case op.ALU | op.RSH:
      return k >= 32 ? `a shift of 32 bits by ${k}` : undefined;
    case op.LD | op.MEM:
    case op.LDX | op.MEM:
    case op.ST:
    case op.STX:
      return k >= op.MEMORY_WORDS ? `there is no M[${k}], only ${op.MEMORY_WORDS} words` : undefined;
    case op.LD | op.WORD | op.ABS:
    case op.LD | op.HALF | op.ABS:
    case op.LD | op.BYTE | op.ABS:
      return k >= op.ANCILLARY && !op.ANCILLARY_NAMES.has(k - op.ANCILLARY)
        ? `the kernel has no ancillary value ${k - op.ANCILLARY}`
        : undefined;
    default:
      return undefined;
  }
}

function jumpError({ code, jt, jf, k }: BpfInstruction, at: number, length: number): string | undefined {
  if ((code & 7) !== op.JMP) return undefined;
  const furthest = code === (op.JMP | op.JA) ? k : Math.max(jt, jf);
  return at + 1 + furthest >= length ? `a jump to ${at + 1 + furthest}, behind the program` : undefined;
}

/** Scratch memory has to be written on every way that leads to where it is read. */
function memoryVerdict(program: BpfProgram): BpfVerdict {
  const masks = new Uint16Array(program.length).fill(0xffff);
  let written = 0;
  for (const [at, { code, jt, jf, k }] of program.entries()) {
    written &= masks[at]!;
    if (code === op.ST || code === op.STX) written |= 1 << k;
    else if (code === (op.LD | op.MEM) || code === (op.LDX | op.MEM)) {
      if ((written & (1 << k)) === 0) return { ok: false, error: `M[${k}] is read before it is written`, at };
    } else if ((code & 7) === op.JMP) {
      const jumps = code === (op.JMP | op.JA) ? [k] : [jt, jf];
      for (const jump of jumps) masks[at + 1 + jump]! &= written;
      written = 0xffff;
    }
  }
  return { ok: true };
}
