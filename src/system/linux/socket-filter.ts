import type { BpfProgram } from "#base/bpf.ts";
import { NativeMemory, type Native } from "#system/linux/native.ts";
import { setBytes, SOL_SOCKET } from "#system/linux/socket-options.ts";

/** Accepts nothing. */
export const REJECT: BpfProgram = [{ code: 0x06, jt: 0, jf: 0, k: 0 }];

/**
 * `program` (absent: one that accepts everything) so that it keeps at most `snapLength` bytes. What returns a length
 * that it worked out is left as it is: whoever reads cuts again.
 */
export function limitFilter(program: BpfProgram | undefined, snapLength: number | undefined): BpfProgram {
  const most = snapLength ?? 0xffff_ffff;
  if (program === undefined) return [{ code: RETURN_CONSTANT, jt: 0, jf: 0, k: most }];
  return program.map((step) =>
    step.code === RETURN_CONSTANT && step.k > most ? { ...step, k: most } : step,
  );
}

/** Puts a filter in the place of the one before. Throws Error when the kernel refuses it, and then keeps that. */
export function attachFilter(native: Native, descriptor: number, program: BpfProgram): void {
  if (program.length === 0 || program.length > MOST_INSTRUCTIONS) {
    throw new Error(`a filter has 1 to ${MOST_INSTRUCTIONS} instructions, not ${program.length}`);
  }
  const memory = new NativeMemory(native, program.length * 8);
  try {
    const view = new DataView(memory.buffer);
    for (const [i, { code, jt, jf, k }] of program.entries()) {
      view.setUint16(i * 8, code, true);
      view.setUint8(i * 8 + 2, jt);
      view.setUint8(i * 8 + 3, jf);
      view.setUint32(i * 8 + 4, k, true);
    }
    // struct sock_fprog: how many, and where.
    const header = new DataView(new ArrayBuffer(16));
    header.setUint16(0, program.length, true);
    header.setBigUint64(8, memory.address, true);
    if (setBytes(native, descriptor, SOL_SOCKET, SO_ATTACH_FILTER, new Uint8Array(header.buffer))) return;
    throw new Error(
      `the kernel refused a filter of ${program.length} instructions: system error ${native.errno()}`,
    );
  } finally {
    memory.free();
  }
}

const SO_ATTACH_FILTER = 26;
/** BPF_RET | BPF_K. */
const RETURN_CONSTANT = 0x06;
/** BPF_MAXINSNS. */
const MOST_INSTRUCTIONS = 4_096;
