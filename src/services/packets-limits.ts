/** Responders at once: each packet of an interface goes through all of its responders' filters. */
export const MOST_RESPONDERS = 64;
/** Captures for clients at once: each is a socket and a queue. */
export const MOST_CLIENT_CAPTURES = 16;

/** What may wait for one client; beyond it the newest packets are dropped and counted. */
export const QUEUE_PACKETS = 10_000;
export const QUEUE_BYTES = 8 * 1_024 * 1_024;
/** One message to a client: far below the 4 MiB that gRPC clients take, and no long turn for the node. */
export const BATCH_PACKETS = 256;
export const BATCH_BYTES = 512 * 1_024;
/** Columns of one line: what a packet says of itself may be long. */
export const COLUMN_CHARACTERS = 500;

/** What may wait for a slow disk; beyond it packets are dropped and counted. */
export const FILE_WAITING_BYTES = 16 * 1_024 * 1_024;
/** Written when so much has come, or this time after the first of it: whoever reads the file sees it soon. */
export const FILE_FLUSH_BYTES = 1_024 * 1_024;
export const FILE_FLUSH_MS = 1_000;

/** Pauses after failures in a row: the first, doubled each time up to the longest; forgotten after a run so long. */
export const RETRY_FIRST_MS = 1_000;
export const RETRY_LONGEST_MS = 60_000;
export const STABLE_MS = 60_000;

/** Options of a responder that a client starts. */
export const MOST_OPTIONS = 64;
export const OPTION_CHARACTERS = 1_024;
/** A display filter is a line that somebody typed. */
export const QUERY_CHARACTERS = 4_096;

/** What a responder tells is for the log: packets from outside must not push all else out of it. */
export const TOLD_PER_SECOND = 10;
/** Bytes shown of the packet at which a responder failed. */
export const SHOWN_BYTES = 64;
