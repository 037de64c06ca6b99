import type { WorldInput, WorldOutput } from "#machine/io.ts";
import type { WhisperLimits } from "#whisper/limits.ts";
import type { WhisperMessage } from "#whisper/message.ts";

/** All that the core is made from, besides its random numbers. */
export interface WhisperSetup {
  /** "IP:port" where peers reach us, the Addr of our messages; empty when we do not listen. */
  readonly address: string;
  readonly nick: string;
  /** Addresses the operator configured, dialled for ever; host names are allowed. */
  readonly peers: readonly string[];
  readonly limits: WhisperLimits;
}

/** What the operator asks of the core. */
export type WhisperCommand =
  /** `time`: ms since the Unix epoch. */
  | { readonly type: "say"; readonly body: string; readonly time: number }
  | { readonly type: "connect"; readonly address: string }
  | { readonly type: "disconnect"; readonly address: string }
  /** The configured addresses are now these. */
  | { readonly type: "configure"; readonly peers: readonly string[] }
  /** Others that the node has heard of, best first; for the limits one more remote that names addresses. */
  | { readonly type: "suggest"; readonly peers: readonly string[] };

export type WhisperEvent =
  /** A message to show; `own` when it was said here. */
  | { readonly type: "message"; readonly message: WhisperMessage; readonly own: boolean }
  /** Our connection to a peer came up or ended, or dialling it failed for the first time. */
  | { readonly type: "linked"; readonly address: string; readonly nick: string }
  | { readonly type: "lost"; readonly address: string; readonly nick: string; readonly reason: string }
  | { readonly type: "unreachable"; readonly address: string; readonly reason: string }
  /** A connection to us was closed for what came on it. */
  | { readonly type: "refused"; readonly from: string; readonly reason: string };

export type WhisperInput = WhisperCommand | WorldInput;
export type WhisperOutput = WorldOutput<WhisperEvent>;
