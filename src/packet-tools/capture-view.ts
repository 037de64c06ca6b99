import type { BpfProgram } from "#base/bpf.ts";
import type { ReceivedPacket } from "#host/packet-sockets.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { compileSure, type SureRun } from "#packet/bpf/sure.ts";
import type { Message } from "#packet/message.ts";
import type { Frame } from "#packet/query/frame.ts";
import type { Matcher, Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";
import { firstOf, loadQuery } from "#packet-tools/queries.ts";

/** The line of a packet that starts with this message. */
type Rows = (packet: ReceivedPacket, first: Message, frame: Frame) => string;

/** What a live capture must know of protocols: which packets are asked for, and how one is shown. */
export class CaptureView {
  readonly #registry: Registry;
  readonly #query: Query | undefined;
  readonly #rows: Rows | undefined;
  #first: Message;

  /** With no more protocols than the query asks for. Throws OperatorError that shows the place of a mistake. */
  static async forFile(words: readonly string[]): Promise<CaptureView> {
    const { registry, query } = await loadQuery(words);
    return new CaptureView(registry, query, undefined);
  }

  /** With all protocols, so that each packet can be shown. Throws as `forFile`. */
  static async forRows(words: readonly string[]): Promise<CaptureView> {
    const [{ standardRegistry }, { Packet }, { queryOf }, { rowOf, rowPrinter }] = await Promise.all([
      import("#wire/registry.ts"),
      import("#packet/dissect.ts"),
      import("#packet-tools/queries.ts"),
      import("#packet-tools/row.ts"),
    ]);
    const registry = standardRegistry();
    const print = rowPrinter();
    return new CaptureView(
      registry,
      queryOf(registry, words),
      ({ bytes, start, stop, originalLength }, first, frame) =>
        print(rowOf(new Packet(registry, first, bytes, { start, stop, originalLength }), frame)),
    );
  }

  private constructor(registry: Registry, query: Query | undefined, rows: Rows | undefined) {
    this.#registry = registry;
    this.#query = query;
    this.#rows = rows;
    this.#first = firstOf(registry, 1);
  }

  /** Packets start with what this LINKTYPE_ value says; with Ethernet until this is called. */
  useLinkType(linkType: number): void {
    this.#first = firstOf(this.#registry, linkType);
  }

  /** Whether there is a query, and not everything is wanted. */
  get asks(): boolean {
    return this.#query !== undefined;
  }

  matcher(): Matcher | undefined {
    return this.#query?.matcher(this.#first);
  }

  /** The short check before the matcher, for many packets at once. */
  sure(): SureRun | undefined {
    return this.#query && compileSure(this.#registry, this.#query, this.#first);
  }

  /** What the kernel may leave out. */
  filter(): BpfProgram | undefined {
    return this.#query && compileBpf(this.#registry, this.#query, this.#first);
  }

  row(packet: ReceivedPacket, frame: Frame): string {
    return this.#rows!(packet, this.#first, frame);
  }
}
