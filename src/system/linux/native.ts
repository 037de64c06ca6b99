import { dlopen, getCurrentEventLoop, getInt32, toArrayBuffer } from "node:ffi";

/**
 * The functions of the C library and of libuv (both are part of the running process) that netlink, packet and raw sockets need.
 * Everything unsafe goes through this file: an argument of a wrong type or a freed pointer ends the process.
 */
export function loadNative() {
  const { lib, functions } = dlopen(null, {
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    setsockopt: { arguments: ["i32", "i32", "i32", "buffer", "u32"], return: "i32" },
    getsockopt: { arguments: ["i32", "i32", "i32", "buffer", "buffer"], return: "i32" },
    getsockname: { arguments: ["i32", "buffer", "buffer"], return: "i32" },
    sendto: { arguments: ["i32", "buffer", "u32", "i32", "buffer", "u32"], return: "i32" },
    recv: { arguments: ["i32", "pointer", "u32", "i32"], return: "i32" },
    recvmsg: { arguments: ["i32", "pointer", "i32"], return: "i32" },
    sendmsg: { arguments: ["i32", "pointer", "i32"], return: "i32" },
    sendmmsg: { arguments: ["i32", "pointer", "u32", "i32"], return: "i32" },
    writev: { arguments: ["i32", "pointer", "i32"], return: "i32" },
    close: { arguments: ["i32"], return: "i32" },
    if_nametoindex: { arguments: ["buffer"], return: "u32" },
    clock_gettime: { arguments: ["i32", "buffer"], return: "i32" },
    mmap: { arguments: ["u64", "u64", "i32", "i32", "i32", "i64"], return: "pointer" },
    munmap: { arguments: ["pointer", "u64"], return: "i32" },
    malloc: { arguments: ["u64"], return: "pointer" },
    free: { arguments: ["pointer"], return: "void" },
    __errno_location: { arguments: [], return: "pointer" },
    uv_handle_size: { arguments: ["i32"], return: "u64" },
    uv_poll_init: { arguments: ["pointer", "pointer", "i32"], return: "i32" },
    uv_poll_start: { arguments: ["pointer", "i32", "pointer"], return: "i32" },
    uv_poll_stop: { arguments: ["pointer"], return: "i32" },
    uv_close: { arguments: ["pointer", "pointer"], return: "void" },
  });
  const errnoAt = functions.__errno_location();
  return {
    ...functions,
    lib,
    loop: getCurrentEventLoop(),
    /** The error of the call just made; anything between may change it. */
    errno: (): number => getInt32(errnoAt),
  };
}

export type Native = ReturnType<typeof loadNative>;

/** Linux numbers, the same on x86-64 and arm64 (include/uapi/asm-generic/errno-base.h, errno.h). */
export const ERRNO = {
  EPERM: 1,
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  ENXIO: 6,
  EAGAIN: 11,
  ENOMEM: 12,
  EBUSY: 16,
  EEXIST: 17,
  ENODEV: 19,
  EINVAL: 22,
  EMSGSIZE: 90,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENETDOWN: 100,
  ENETUNREACH: 101,
  ENOBUFS: 105,
  EHOSTUNREACH: 113,
} as const;

/** The system's word for an error number, or the number where it has none here. */
export function errnoName(errno: number): string {
  return Object.entries(ERRNO).find(([, number]) => number === errno)?.[0] ?? `system error ${errno}`;
}

/** Memory outside of JavaScript, which never moves, for what the kernel reads and writes. */
export class NativeMemory {
  readonly address: bigint;
  readonly buffer: ArrayBuffer;
  readonly #native: Native;

  constructor(native: Native, bytes: number) {
    this.#native = native;
    this.address = native.malloc(BigInt(bytes));
    this.buffer = toArrayBuffer(this.address, bytes, false);
    // What is never touched costs nothing, and is cleared only where it is small.
    if (bytes <= CLEARED_BYTES) new Uint8Array(this.buffer).fill(0);
  }

  /** Every view on it is empty afterwards: whoever kept one reads nothing rather than foreign memory. */
  free(): void {
    if (this.buffer.detached) return;
    this.buffer.transfer(0);
    this.#native.free(this.address);
  }
}

const CLEARED_BYTES = 128 * 1024;
