import { safeText } from "#base/safe-text.ts";
import type { BpfProgram } from "#base/bpf.ts";
import type {
  PacketHandlers,
  PacketSocket,
  PacketSocketOptions,
  PacketSockets,
} from "#host/packet-sockets.ts";
import { Packet } from "#packet/dissect.ts";
import type { Message } from "#packet/message.ts";
import { hexText } from "#packet/primitive.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Query } from "#packet/query/query.ts";
import type { Frame } from "#packet/query/frame.ts";
import { PacketsError } from "#services/packets-api.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { COLUMN_CHARACTERS, QUERY_CHARACTERS, SHOWN_BYTES } from "#services/packets-limits.ts";
import type { PacketRow, RowMaker } from "#services/packets-tools.ts";
import { standardRegistry } from "#wire/registry.ts";

/** What packets mean: loaded, with all protocols, when the first responder or capture needs it. */
export class PacketsToolkit {
  readonly registry = standardRegistry();
  readonly #rows: RowMaker;

  constructor(rows: RowMaker) {
    this.#rows = rows;
  }

  /** The message that packets of a link type start with. */
  first(linkType: number): Message {
    return this.registry.find("linktype", linkType) ?? this.registry.fallback;
  }

  /** Undefined for a query that asks nothing. Throws PacketsError that shows the place of a mistake. */
  query(text: string): Query | undefined {
    if (text.trim() === "") return undefined;
    if (text.length > QUERY_CHARACTERS)
      throw new PacketsError("invalid", `the query has more than ${QUERY_CHARACTERS} letters`, "shorten it");
    try {
      return new Query(this.registry, text);
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      const help = error.remedy === "" ? "`parley packets protocols` lists the names" : error.remedy;
      throw new PacketsError("invalid", `${error.message}: ${error.marked(text)}`, help, error);
    }
  }

  /**
   * Opens a socket that gets what `queries` may select (none: everything); `ready` is told what the packets start with,
   * before the first of them.
   */
  async open(
    sockets: PacketSockets,
    options: Omit<PacketSocketOptions, "filter">,
    queries: readonly Query[],
    handlers: PacketHandlers,
  ): Promise<OpenSocket> {
    const filterFor = (first: Message): BpfProgram | undefined =>
      queries.length === 0 ? undefined : compileBpf(this.registry, queries, first);
    // The link type is known once the socket is open; until then it is what it nearly always is.
    const guess = this.first(ETHERNET);
    const filter = filterFor(guess);
    const socket = await sockets.open({ ...options, ...(filter && { filter }) }, handlers);
    const first = this.first(socket.linkType);
    try {
      if (first !== guess) socket.setFilter(filterFor(first));
    } catch (error) {
      socket.close();
      throw error;
    }
    return { socket, first, dropped: kernelDrops(socket) };
  }

  row(packet: Packet, frame: Frame): PacketRow {
    const { source, destination, protocol, info } = this.#rows(packet, frame);
    return {
      source: column(source),
      destination: column(destination),
      protocol: column(protocol),
      info: column(info),
    };
  }

  /** "192.0.2.1 192.0.2.2 DNS …; 64 of 90 bytes: 0200…", for an error at this packet. */
  summary(first: Message, bytes: Uint8Array): string {
    const frame = { length: bytes.length, capturedLength: bytes.length };
    const { source, destination, protocol, info } = this.row(new Packet(this.registry, first, bytes), frame);
    const words = [source, destination, protocol, info].filter((text) => text !== "").join(" ");
    const shown = Math.min(bytes.length, SHOWN_BYTES);
    const count = shown === bytes.length ? `${shown} bytes` : `${shown} of ${bytes.length} bytes`;
    return `${words}; ${count}: ${hexText(bytes, 0, shown)}`;
  }
}

export interface OpenSocket {
  readonly socket: PacketSocket;
  readonly first: Message;
  /** Packets that found no room in the socket; the last known number once that is closed. */
  readonly dropped: () => number;
}

function kernelDrops(socket: PacketSocket): () => number {
  let known = 0;
  return () => {
    try {
      known = socket.statistics().dropped;
    } catch {
      // Closed.
    }
    return known;
  };
}

function column(text: string): string {
  const safe = safeText(text);
  return safe.length > COLUMN_CHARACTERS ? `${safe.slice(0, COLUMN_CHARACTERS).toWellFormed()}…` : safe;
}

const ETHERNET = 1;
