import type { BpfInstruction } from "#base/bpf.ts";

/** Parts of an instruction's code (linux/bpf_common.h). */
export const LD = 0x00;
export const LDX = 0x01;
export const ST = 0x02;
export const STX = 0x03;
export const ALU = 0x04;
export const JMP = 0x05;
export const RET = 0x06;
export const MISC = 0x07;

export const [WORD, HALF, BYTE] = [0x00, 0x08, 0x10];
export const [IMM, ABS, IND, MEM, LEN, MSH] = [0x00, 0x20, 0x40, 0x60, 0x80, 0xa0];

export const [ADD, SUB, MUL, DIV, OR, AND] = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50];
export const [LSH, RSH, NEG, MOD, XOR] = [0x60, 0x70, 0x80, 0x90, 0xa0];
export const [JA, JEQ, JGT, JGE, JSET] = [0x00, 0x10, 0x20, 0x30, 0x40];

/** The operand is X instead of k; of a ret: it is A. */
export const X = 0x08;
export const A = 0x10;
export const [TAX, TXA] = [0x00, 0x80];

/** BPF_MAXINSNS and BPF_MEMWORDS. */
export const MOST_INSTRUCTIONS = 4_096;
export const MEMORY_WORDS = 16;

/** Loads from here on ask for something beside the packet's bytes (SKF_AD_OFF, SKF_NET_OFF, SKF_LL_OFF). */
export const ANCILLARY = 0xffff_f000;
export const NETWORK_HEADER = 0xfff0_0000;
export const LINK_HEADER = 0xffe0_0000;

/** SKF_AD_*: what may be asked, and what tcpdump calls it. */
export const ANCILLARY_NAMES: ReadonlyMap<number, string> = new Map([
  [0, "proto"],
  [4, "type"],
  [8, "ifidx"],
  [12, "nla"],
  [16, "nlan"],
  [20, "mark"],
  [24, "queue"],
  [28, "hatype"],
  [32, "rxhash"],
  [36, "cpu"],
  [40, "xor_x"],
  [44, "vlan_tci"],
  [48, "vlanp"],
  [52, "poff"],
  [56, "rand"],
  [60, "vlan_tpid"],
]);

export const VLAN_TAG = ANCILLARY + 44;
export const VLAN_TAG_PRESENT = ANCILLARY + 48;
export const VLAN_TPID = ANCILLARY + 60;

export function instruction(code: number, k = 0, jt = 0, jf = 0): BpfInstruction {
  return { code, jt, jf, k: k >>> 0 };
}
