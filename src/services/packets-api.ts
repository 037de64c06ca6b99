import { OperatorError } from "#base/operator-error.ts";

/** failed: it is tried again unless its own code or query is at fault; done: a machine has reached its end. */
export type PacketsState = "starting" | "running" | "failed" | "done" | "stopped";

/** How a responder or a capture stands. Times are ms since the Unix epoch. */
export interface RunStatus {
  readonly interface: string;
  readonly state: PacketsState;
  /** Since when it is in this state. */
  readonly since: number;
  /** Why it failed; empty when all is well. */
  readonly reason: string;
  /** When it will be tried again; absent also when it waits for its interface. */
  readonly nextAttempt?: number;
}

/** A capture to files, or to a client that asked for it. */
export interface CaptureStatus extends RunStatus {
  readonly query: string;
  /** Name of its files; empty for a client's. */
  readonly file: string;
  /** Packets and bytes that were captured, and packets for which there was no time or no room. */
  readonly packets: number;
  readonly bytes: number;
  readonly dropped: number;
}

export interface ResponderStatus extends RunStatus {
  readonly name: string;
  /** The configuration names it; otherwise an operator started it. */
  readonly configured: boolean;
  /** The state of its machine; empty while it does not run. */
  readonly position: string;
  /** Packets that it was shown, that its queries selected, that it sent; over all its runs. */
  readonly seen: number;
  readonly matched: number;
  readonly sent: number;
  /** Packets that came too fast to be shown to it. */
  readonly dropped: number;
  /** Failures, and packets that could not be sent. */
  readonly errors: number;
  /** What went wrong last; it stays when all is well again. */
  readonly lastError: string;
  readonly lastErrorAt?: number;
  /** The packet at which its own function failed: its summary and its first bytes; empty for other errors. */
  readonly lastErrorPacket: string;
}

export interface CaptureRequest {
  readonly interface: string;
  /** Empty: everything. */
  readonly query: string;
  /** Bytes kept of a packet at most; 0: all. */
  readonly snapLength: number;
  /** Also what is not addressed to this machine. */
  readonly promiscuous: boolean;
}

/** A packet that a client asked for, with what is to be seen of it in one line. */
export interface CapturedPacket {
  /** From 1. */
  readonly number: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Bytes on the wire. */
  readonly length: number;
  readonly bytes: Uint8Array;
  /** This machine sent it. */
  readonly outgoing: boolean;
  readonly source: string;
  readonly destination: string;
  readonly protocol: string;
  readonly info: string;
}

export interface CapturedBatch {
  readonly packets: readonly CapturedPacket[];
  /** Packets lost since the capture began, because the client or this node was too slow. */
  readonly dropped: number;
}

/** Packets as they come, until the client goes. Throws what ends it, such as an interface that is gone. */
export interface CaptureStream extends AsyncIterable<CapturedBatch> {
  /** LINKTYPE_ value of what the packets start with. */
  readonly linkType: number;
}

/** The API of the running packets service. What is refused is a PacketsError. */
export interface PacketsApi {
  captures(): readonly CaptureStatus[];
  /** Resolves once packets are captured, which ends with `signal`. */
  startCapture(request: CaptureRequest, signal: AbortSignal): Promise<CaptureStream>;
  responders(): readonly ResponderStatus[];
  /** The names in the folder of responders, sorted. */
  availableResponders(): Promise<readonly string[]>;
  /** Starts a responder of the folder; one that is configured or has failed is started again. */
  startResponder(
    name: string,
    interfaceName: string,
    options: Readonly<Record<string, string>>,
  ): Promise<ResponderStatus>;
  /** Stops it on this interface, or on all; returns what was stopped. */
  stopResponder(name: string, interfaceName?: string): Promise<readonly ResponderStatus[]>;
}

/** What is refused: invalid, the words are wrong; missing, what they name is not there; failed, it cannot be done. */
export class PacketsError extends OperatorError {
  readonly kind: "invalid" | "missing" | "failed";

  constructor(kind: PacketsError["kind"], message: string, remedy: string, cause?: unknown) {
    super(message, remedy, cause === undefined ? {} : { cause });
    this.kind = kind;
  }
}
