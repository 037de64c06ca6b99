import { getInt32 } from "node:ffi";
import { dlopen, getCurrentEventLoop } from "node:ffi";

/**
 * The functions of the C library and of libuv (both are part of the running process) that netlink and raw sockets need.
 * Everything unsafe goes through this file: an argument of a wrong type or a freed pointer ends the process.
 */
export function loadNative() {
  const { lib, functions } = dlopen(null, {
    socket: { arguments: ["i32", "i32", "i32"], return: "i32" },
    bind: { arguments: ["i32", "buffer", "u32"], return: "i32" },
    setsockopt: { arguments: ["i32", "i32", "i32", "buffer", "u32"], return: "i32" },
    getsockname: { arguments: ["i32", "buffer", "buffer"], return: "i32" },
    sendto: { arguments: ["i32", "buffer", "u32", "i32", "buffer", "u32"], return: "i32" },
    recv: { arguments: ["i32", "pointer", "u32", "i32"], return: "i32" },
    close: { arguments: ["i32"], return: "i32" },
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
export const ERRNO = { EPERM: 1, EINTR: 4, EAGAIN: 11, EBUSY: 16, ENOBUFS: 105 } as const;
