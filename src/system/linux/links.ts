import { equalBytes } from "#base/bytes.ts";
import type { Link, LinkAddress, LinkChange, LinkMonitor } from "#host/links.ts";
import { loadNative, type Native } from "#system/linux/native.ts";
import { NetlinkSocket } from "#system/linux/netlink-socket.ts";
import { dumpRequest, parseNetlink, type LinkAttributes, type Netlink } from "#system/linux/rtnetlink.ts";

interface Entry {
  attributes: LinkAttributes;
  addresses: LinkAddress[];
  /** As it was told last; undefined until then. */
  told: Link | undefined;
}

/**
 * The interfaces of this machine by rtnetlink: listed once, then kept true by what the kernel announces. When the
 * announcements overflow the buffer, or a listing was interrupted by changes, everything is listed again and whatever
 * differs is told as a change.
 */
export class NetlinkMonitor implements LinkMonitor {
  readonly #changed: (changes: readonly LinkChange[]) => void;
  readonly #socket: NetlinkSocket;
  readonly #entries = new Map<number, Entry>();
  /** What a listing has not mentioned yet, nor an announcement since it began: gone, when it ends. */
  #unseenLinks = new Set<number>();
  #unseenAddresses = new Map<number, Set<LinkAddress>>();
  readonly #touched = new Set<number>();
  readonly #removed: Link[] = [];
  #sequence = 0;
  #listing: "links" | "addresses" | undefined;
  #interrupted = false;
  /** Announcements were lost: everything must be listed again. */
  #isStale = false;
  /** Set while an answer of the kernel is due. */
  #patience: NodeJS.Timeout | undefined;
  #ready = false;
  #open = true;
  /** Resolved at the end of the listing that began after they came. */
  #waiting: (() => void)[] = [];
  #served: (() => void)[] = [];
  /** Times that everything had to be listed again because announcements were lost. */
  resyncs = 0;

  private constructor(
    native: Native,
    changed: (changes: readonly LinkChange[]) => void,
    bufferBytes: number | undefined,
  ) {
    this.#changed = changed;
    this.#socket = new NetlinkSocket(
      native,
      GROUPS,
      {
        received: (bytes) => {
          for (const message of parseNetlink(bytes)) this.#take(message);
        },
        overflowed: () => {
          this.resyncs++;
          this.#isStale = true;
          this.#sequence++; // what is left of a listing under way may have gaps
        },
        drained: (isEmpty) => {
          // Not before: while the buffer is full the kernel cannot even refuse to list.
          if (isEmpty && this.#isStale) this.#list();
          this.#tell();
        },
      },
      bufferBytes,
    );
  }

  /** Resolves once all interfaces are known. `bufferBytes` is for tests of the overflow. */
  static async open(
    changed: (changes: readonly LinkChange[]) => void,
    bufferBytes?: number,
  ): Promise<NetlinkMonitor> {
    const monitor = new NetlinkMonitor(loadNative(), changed, bufferBytes);
    await monitor.refresh();
    monitor.#ready = true;
    return monitor;
  }

  links(): readonly Link[] {
    const entries = [...this.#entries.values()].sort((a, b) => a.attributes.index - b.attributes.index);
    return entries.map(linkOf);
  }

  refresh(): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      if (this.#listing === undefined) this.#list();
    });
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    clearTimeout(this.#patience);
    this.#socket.close();
    for (const resolve of [...this.#served, ...this.#waiting]) resolve();
  }

  #list(): void {
    this.#interrupted = false;
    this.#isStale = false;
    this.#served.push(...this.#waiting.splice(0));
    this.#unseenLinks = new Set(this.#entries.keys());
    this.#unseenAddresses = new Map(
      [...this.#entries].map(([index, { addresses }]) => [index, new Set(addresses)]),
    );
    this.#ask("links");
  }

  #ask(what: "links" | "addresses"): void {
    this.#listing = what;
    if (!this.#socket.send(dumpRequest(what, ++this.#sequence))) return this.#listLater(RETRY_MS);
    // An answer that the kernel had no room for is lost without a word.
    this.#listLater(PATIENCE_MS);
  }

  #listLater(afterMs: number): void {
    clearTimeout(this.#patience);
    this.#patience = setTimeout(() => this.#open && this.#list(), afterMs);
  }

  #take(message: Netlink): void {
    const isAnswer = message.port === this.#socket.port;
    // What is left of a listing that was given up says nothing about the present.
    if (isAnswer && message.sequence !== this.#sequence) return;
    if (message.interrupted) this.#interrupted = true;
    switch (message.type) {
      case "link":
        return message.removed ? this.#removeLink(message.link.index) : this.#putLink(message.link);
      case "address":
        return message.removed
          ? this.#removeAddress(message.index, message.address)
          : this.#putAddress(message.index, message.address);
      case "done":
        if (isAnswer) this.#listed(message.code);
        return;
      case "other":
        return;
    }
  }

  #listed(code: number): void {
    // Busy with a listing that was given up, or without room for the answer.
    if (code !== 0) return this.#listLater(RETRY_MS);
    clearTimeout(this.#patience);
    if (this.#interrupted) return this.#list();
    if (this.#listing === "links") {
      for (const index of this.#unseenLinks) this.#removeLink(index);
      return this.#ask("addresses");
    }
    for (const [index, addresses] of this.#unseenAddresses) {
      for (const address of addresses) this.#removeAddress(index, address);
    }
    this.#unseenAddresses.clear();
    this.#listing = undefined;
    // As soon as JavaScript runs again: see Poll.
    for (const resolve of this.#served.splice(0)) setImmediate(resolve);
    if (this.#waiting.length > 0) this.#list();
  }

  #putLink(attributes: LinkAttributes): void {
    this.#unseenLinks.delete(attributes.index);
    const entry = this.#entries.get(attributes.index);
    if (entry) entry.attributes = attributes;
    else this.#entries.set(attributes.index, { attributes, addresses: [], told: undefined });
    this.#touched.add(attributes.index);
  }

  #removeLink(index: number): void {
    this.#unseenLinks.delete(index);
    this.#unseenAddresses.delete(index);
    const entry = this.#entries.get(index);
    if (!entry) return;
    this.#entries.delete(index);
    this.#touched.delete(index);
    if (entry.told) this.#removed.push(entry.told);
  }

  #putAddress(index: number, address: LinkAddress): void {
    const entry = this.#entries.get(index);
    if (!entry) return;
    const at = entry.addresses.findIndex((known) => isSame(known, address));
    if (at < 0) entry.addresses.push(address);
    else {
      this.#unseenAddresses.get(index)?.delete(entry.addresses[at]!);
      entry.addresses[at] = address;
    }
    this.#touched.add(index);
  }

  #removeAddress(index: number, address: LinkAddress): void {
    const entry = this.#entries.get(index);
    if (!entry) return;
    entry.addresses = entry.addresses.filter((known) => !isSame(known, address));
    this.#touched.add(index);
  }

  #tell(): void {
    // During a listing an interface may be known without its addresses yet.
    if (this.#listing !== undefined) return;
    const changes: LinkChange[] = this.#removed.splice(0).map((link) => ({ type: "removed", link }));
    for (const index of this.#touched) {
      const entry = this.#entries.get(index);
      if (!entry) continue;
      const link = linkOf(entry);
      const differs = entry.told === undefined || differ(entry.told, link);
      entry.told = link;
      if (differs) changes.push({ type: "link", link });
    }
    this.#touched.clear();
    if (!this.#ready || changes.length === 0) return;
    // Not from within libuv's callback: see Poll.
    setImmediate(() => this.#open && this.#changed(changes));
  }
}

function linkOf({ attributes, addresses }: Entry): Link {
  return { ...attributes, addresses: [...addresses] };
}

/** The kernel's own notion: the same prefix and address; lifetimes and flags may change. */
function isSame(a: LinkAddress, b: LinkAddress): boolean {
  if (a.prefixLength !== b.prefixLength || !equalBytes(a.address.bytes, b.address.bytes)) return false;
  return equalBytes(a.peer?.bytes ?? a.address.bytes, b.peer?.bytes ?? b.address.bytes);
}

/** Whether anything but the counters differs: those change all the time. */
function differ(a: Link, b: Link): boolean {
  const essence = ({ counters: _, ...rest }: Link): string => JSON.stringify(rest);
  return essence(a) !== essence(b);
}

/** RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. */
const GROUPS = 1 | 0x10 | 0x100;
const RETRY_MS = 10;
/** A thousand interfaces take some milliseconds. */
const PATIENCE_MS = 1_000;
