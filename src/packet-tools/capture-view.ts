import type { BpfProgram } from "#base/bpf.ts";
import type { ReceivedPacket } from "#host/packet-sockets.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import type { Frame } from "#packet/query/frame.ts";
import type { Matcher, Query } from "#packet/query/query.ts";
import { standardRegistry } from "#wire/registry.ts";
import { firstOf, queryOf } from "#packet-tools/queries.ts";
import { rowOf, rowPrinter } from "#packet-tools/row.ts";

/** What a live capture must know of protocols: which packets are asked for, and how one is shown. */
export class CaptureView {
  readonly #registry = standardRegistry();
  readonly #rows = rowPrinter();
  readonly #query: Query | undefined;
  #first: Message = firstOf(this.#registry, 1);

  /** Throws OperatorError that shows the place of a mistake. */
  constructor(words: readonly string[]) {
    this.#query = queryOf(this.#registry, words);
  }

  /** Packets start with what this LINKTYPE_ value says; with Ethernet until this is called. */
  useLinkType(linkType: number): void {
    this.#first = firstOf(this.#registry, linkType);
  }

  matcher(): Matcher | undefined {
    return this.#query?.matcher(this.#first);
  }

  /** What the kernel may leave out. */
  filter(): BpfProgram | undefined {
    return this.#query && compileBpf(this.#registry, this.#query, this.#first);
  }

  row({ bytes, start, stop, originalLength }: ReceivedPacket, frame: Frame): string {
    const packet = new Packet(this.#registry, this.#first, bytes, { start, stop, originalLength });
    return this.#rows(rowOf(packet, frame));
  }
}
