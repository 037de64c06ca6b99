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

/**
 * What a responder tells, and its changes of state, go into the log: packets from outside must not push all else out of
 * it. So many of either at once, then so many each second; and so many of all responders together.
 */
export const TOLD_AT_ONCE = 20;
export const TOLD_PER_SECOND = 1;
export const ALL_TOLD_AT_ONCE = 100;
export const ALL_TOLD_PER_SECOND = 10;
/** Characters shown of what was told, and of its details; a whole event's line has a thousand. */
export const TOLD_CHARACTERS = 400;
/** Details in JSON that are longer are left out of the event's typed part. */
export const DETAIL_CHARACTERS = 2_000;

/** Packets that a responder sends: two that answer each other must leave time to the rest of the node. */
export const SENT_PER_SECOND = 10_000;
/** One call of a responder's functions, in which all of the node waits; so many longer ones end the responder. */
export const LONGEST_CALL_MS = 1_000;
export const MOST_LONG_CALLS = 3;
/** A file may wait for something while it is loaded, and must not for ever. */
export const LOADING_MS = 10_000;

/** Of why something failed. */
export const REASON_CHARACTERS = 2_000;
/** Bytes shown of the packet at which a responder failed. */
export const SHOWN_BYTES = 64;
