import type { Native } from "#system/linux/native.ts";

/** Calls back when a descriptor has something to read, without a thread and without polling. */
export class Poll {
  readonly #native: Native;
  readonly #handle: bigint;
  readonly #callback: bigint;
  readonly #closed: bigint;
  #open = true;

  /**
   * `readable` is called inside the event loop, outside any JavaScript task: what it defers must be deferred with
   * setImmediate, since promises would wait for the next task; what it throws ends the process. `error` is 0 or libuv's
   * (negative) number; the watch goes on.
   */
  constructor(native: Native, descriptor: number, readable: (error: number) => void) {
    this.#native = native;
    this.#handle = native.malloc(native.uv_handle_size(UV_POLL));
    const signature = { arguments: ["pointer", "i32", "i32"], return: "void" } as const;
    this.#callback = native.lib.registerCallback(signature, (_handle, status) => {
      if (!this.#open) return;
      // After an error (a full netlink buffer is one) libuv stops the handle for good, unless it is started again.
      if (status < 0) this.#start();
      readable(Math.min(status, 0));
    });
    this.#closed = native.lib.registerCallback({ arguments: ["pointer"], return: "void" }, () => {
      // Not from within the callback that is being freed.
      setImmediate(() => {
        native.free(this.#handle);
        native.lib.unregisterCallback(this.#callback);
        native.lib.unregisterCallback(this.#closed);
      });
    });
    native.uv_poll_init(native.loop, this.#handle, descriptor);
    this.#start();
  }

  /** No callback comes after this; the descriptor may be closed at once. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#native.uv_poll_stop(this.#handle);
    this.#native.uv_close(this.#handle, this.#closed);
  }

  #start(): void {
    this.#native.uv_poll_start(this.#handle, UV_READABLE, this.#callback);
  }
}

/** uv_handle_type: UV_POLL (include/uv.h, in order of UV_HANDLE_TYPE_MAP). */
const UV_POLL = 8;
const UV_READABLE = 1;
