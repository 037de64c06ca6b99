import type { BpfProgram } from "#base/bpf.ts";
import { OperatorError } from "#base/operator-error.ts";
import type {
  KernelRoute,
  KernelRouteChange,
  KernelTable,
  RouteChange,
  RouteFailure,
  RouteHandlers,
  Routes,
  RouteTableOptions,
} from "#host/routes.ts";
import { ERRNO, errnoName, loadNative, type Native } from "#system/linux/native.ts";
import { NetlinkSocket } from "#system/linux/netlink-socket.ts";
import {
  impossibleRequest,
  readRouteMessages,
  routeDumpRequest,
  RouteWriter,
  type RouteMessage,
  type RouteMessageHeader,
} from "#system/linux/route-messages.ts";

export function linuxRoutes(): Routes {
  return {
    open: async (options, handlers) => {
      const table = new LinuxKernelTable(native, options, handlers);
      try {
        if (!options.readOnly) await table.probe();
        return table;
      } catch (error) {
        table.close();
        throw error;
      }
    },
  };
}

// Once: loading makes machine code that is never given back.
const native = loadNative();

/** What waits for an answer. */
interface Request {
  message(message: RouteMessage, about: RouteMessageHeader): void;
  fail(error: Error): void;
}

/**
 * One table, by two sockets: what is asked and answered goes over one, one request at a time; announcements come over the
 * other, where the kernel keeps our own changes back.
 */
export class LinuxKernelTable implements KernelTable {
  readonly #options: RouteTableOptions;
  readonly #handlers: RouteHandlers;
  readonly #requests: NetlinkSocket;
  readonly #announcements: NetlinkSocket;
  readonly #writer = new RouteWriter(new Uint8Array(BATCH * CHANGE_BYTES));
  #request: Request | undefined;
  #patience: NodeJS.Timeout | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #sequence = 0;
  #changes: KernelRouteChange[] = [];
  #isLost = false;
  #open = true;

  /** `bufferBytes` is for tests of the overflow. */
  constructor(native: Native, options: RouteTableOptions, handlers: RouteHandlers, bufferBytes?: number) {
    this.#options = options;
    this.#handlers = handlers;
    const read = { received: (bytes: Uint8Array) => this.#answered(bytes), drained: () => {} };
    const overflowed = (): void => this.#fail(new Error("the kernel's answer was lost"));
    // In small portions: a list of many routes takes a while to read.
    this.#requests = new NetlinkSocket(native, 0, { ...read, overflowed }, undefined, PORTION);
    for (const option of [NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK]) this.#requests.enable(option);
    const heard = {
      received: (bytes: Uint8Array) => this.#announced(bytes),
      overflowed: () => void (this.#isLost = true),
      drained: () => this.#tell(),
    };
    this.#announcements = new NetlinkSocket(native, GROUPS, heard, bufferBytes, PORTION);
    // Fifty thousand changes would be as many announcements.
    this.#announcements.setFilter(notFrom(this.#requests.port));
  }

  /** Rejects with an OperatorError when this process may not change routes. */
  probe(): Promise<void> {
    return this.#inTurn(async () => {
      const code = await this.#ask<number>((resolve) => {
        const expected = ++this.#sequence;
        this.#send(impossibleRequest(expected));
        return (message, { sequence }) => {
          if (message.type === "done" && sequence === expected) resolve(message.code);
        };
      });
      if (code === ERRNO.EPERM) throw notPermitted();
    });
  }

  list(protocol = 0): Promise<readonly KernelRoute[]> {
    return this.#inTurn(async () => {
      for (let attempt = 1; ; attempt++) {
        const { routes, interrupted } = await this.#list(protocol);
        // A table that never rests is listed as well as it can be; its changes are announced besides.
        if (!interrupted || attempt === MOST_LISTINGS) return routes;
      }
    });
  }

  apply(changes: readonly RouteChange[]): Promise<readonly RouteFailure[]> {
    return this.#inTurn(async () => {
      const failures: RouteFailure[] = [];
      for (let at = 0; at < changes.length; at += BATCH)
        failures.push(...(await this.#applyBatch(changes.slice(at, at + BATCH))));
      return failures;
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#requests.close();
    this.#announcements.close();
    this.#fail(new Error("the routing table was closed"));
  }

  /** One call at a time; each waits for those before it. */
  #inTurn<Result>(run: () => Promise<Result>): Promise<Result> {
    const result = this.#queue.then(run);
    this.#queue = result.catch(() => {});
    return result;
  }

  #list(protocol: number): Promise<{ routes: KernelRoute[]; interrupted: boolean }> {
    const { table } = this.#options;
    return this.#ask((resolve, reject) => {
      const routes: KernelRoute[] = [];
      let interrupted = false;
      const expected = ++this.#sequence;
      this.#send(routeDumpRequest(table, protocol, expected));
      return (message, about) => {
        // What is left of a request that was given up.
        if (about.sequence !== expected) return;
        interrupted ||= about.interrupted;
        // Without strict checking the kernel lists everything.
        if (message.type === "route") {
          const isWanted = protocol === 0 || message.route.protocol === protocol;
          if (message.table === table && isWanted) routes.push(message.route);
        } else if (message.type === "done") {
          // A table comes to be with its first route.
          if (message.code === 0 || message.code === ERRNO.ENOENT) resolve({ routes, interrupted });
          else reject(new Error(`the routes cannot be listed: ${errnoName(message.code)}`));
        }
      };
    });
  }

  #applyBatch(changes: readonly RouteChange[]): Promise<readonly RouteFailure[]> {
    const first = this.#sequence + 1;
    this.#sequence += changes.length;
    const last = this.#sequence;
    return this.#ask((resolve, reject) => {
      for (const [i, change] of changes.entries())
        this.#writer.put(change, this.#options, first + i, first + i === last);
      // The kernel makes the changes before this returns.
      this.#send(this.#writer.written());
      const failures: RouteFailure[] = [];
      return (message, { sequence }) => {
        if (message.type !== "done" || sequence < first || sequence > last) return;
        if (message.code === ERRNO.EPERM) return reject(notPermitted());
        if (message.code !== 0)
          failures.push({ change: changes[sequence - first]!, error: errnoName(message.code) });
        if (sequence === last) resolve(failures);
      };
    });
  }

  /** `send` sends, and says what is to be done with each message of the answer. */
  #ask<Result>(
    send: (resolve: (result: Result) => void, reject: (error: Error) => void) => Request["message"],
  ): Promise<Result> {
    if (!this.#open) return Promise.reject(new Error("the routing table was closed"));
    return new Promise((resolve, reject) => {
      const end = (then: () => void): void => {
        this.#request = undefined;
        clearTimeout(this.#patience);
        // As soon as JavaScript runs again: see Poll.
        setImmediate(then);
      };
      const fail = (error: Error): void => end(() => reject(error));
      try {
        const message = send((result) => end(() => resolve(result)), fail);
        this.#request = { message, fail };
      } catch (error) {
        return fail(error instanceof Error ? error : new Error(String(error)));
      }
      this.#patience = setTimeout(() => this.#fail(new Error("the kernel does not answer")), PATIENCE_MS);
    });
  }

  #send(bytes: Uint8Array): void {
    if (!this.#requests.send(bytes)) throw new Error("the kernel took no request about routes");
  }

  #fail(error: Error): void {
    this.#request?.fail(error);
  }

  #answered(bytes: Uint8Array): void {
    readRouteMessages(bytes, (message, about) => this.#request?.message(message, about));
  }

  #announced(bytes: Uint8Array): void {
    readRouteMessages(bytes, (message, { port }) => {
      if (port === this.#requests.port) return;
      // Told here and not by whoever follows the interfaces: they may see the end of a short failure only.
      if (message.type === "interface-lost") this.#isLost = true;
      if (message.type !== "route" || message.table !== this.#options.table) return;
      const { removed, replaced, route } = message;
      this.#changes.push({ removed, replaced, route });
    });
  }

  #tell(): void {
    const [changes, isLost] = [this.#changes, this.#isLost];
    this.#changes = [];
    this.#isLost = false;
    if (changes.length === 0 && !isLost) return;
    // Not from within libuv's callback: see Poll.
    setImmediate(() => {
      if (!this.#open) return;
      if (changes.length > 0) this.#handlers.changed(changes);
      if (isLost) this.#handlers.lost();
    });
  }
}

/** Drops what a socket has caused: nlmsg_pid, which filters load in network order. */
function notFrom(port: number): BpfProgram {
  const swapped = new DataView(Uint32Array.of(port).buffer).getUint32(0, false);
  return [
    { code: 0x20, jt: 0, jf: 0, k: 12 },
    { code: 0x15, jt: 0, jf: 1, k: swapped },
    { code: 0x06, jt: 0, jf: 0, k: 0 },
    { code: 0x06, jt: 0, jf: 0, k: 0xffff_ffff },
  ];
}

function notPermitted(): OperatorError {
  return new OperatorError(
    "cannot change the routes of this machine: this needs the capability CAP_NET_ADMIN",
    "run it as root, or as a systemd service with AmbientCapabilities=CAP_NET_ADMIN, or set routes.install to false",
  );
}

/** RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV4_ROUTE. */
const GROUPS = 1 | 0x10 | 0x40;
const [NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK] = [10, 12];
/** Changes in one system call, which makes them at once: some tenths of a millisecond, seldom more. */
const BATCH = 256;
/** With 16 next hops; together below the usual send buffer. */
const CHANGE_BYTES = 512;
/** Datagrams of up to 32 KiB, some 500 routes each, that are read in one turn. */
const PORTION = 16;
const MOST_LISTINGS = 5;
/** The kernel answers at once; only a machine that is out of memory loses an answer. */
const PATIENCE_MS = 5_000;
