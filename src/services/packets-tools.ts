import type { Packet } from "#packet/dissect.ts";
import type { ExchangeDefinition } from "#packet/exchange/definition.ts";
import type { Frame } from "#packet/query/frame.ts";

/** What the packets service needs of the world beside the Host's ports; the daemon provides it. */
export interface PacketsTools {
  /** Loads NAME.ts or NAME.mjs of a folder, as it is now. Rejects with an OperatorError that says what is wrong with it. */
  loadResponder(
    folder: string,
    name: string,
    options: Readonly<Record<string, string>>,
  ): Promise<ExchangeDefinition>;
  /** Names of the responders in a folder, sorted. */
  listResponders(folder: string): Promise<readonly string[]>;
  /** Files NAME_00001.pcapng, … below the data folder; at most `keep` of them stay. Makes none yet. */
  openFiles(dataFolder: string, name: string, keep: number): Promise<CaptureFiles>;
  /** Loads what shows a packet in one line. */
  loadRows(): Promise<RowMaker>;
}

/** Files that one capture writes, one after the other. Calls must not overlap. */
export interface CaptureFiles {
  /** Begins another file and removes the oldest. */
  next(): Promise<void>;
  /** To the file that was begun last. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

export type RowMaker = (packet: Packet, frame: Frame) => PacketRow;

export interface PacketRow {
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly info: string;
}
