/** One instruction of classic BPF, as `struct sock_filter` has it (linux/filter.h; McCanne and Jacobson 1993). */
export interface BpfInstruction {
  readonly code: number;
  /** Instructions to skip when the comparison holds, and when it does not. */
  readonly jt: number;
  readonly jf: number;
  /** An unsigned 32-bit number. */
  readonly k: number;
}

/** What runs in the kernel for each packet: it returns how many bytes to keep, 0 for none. */
export type BpfProgram = readonly BpfInstruction[];
