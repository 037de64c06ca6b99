import { timestampFromMs, timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";

/**
 * A moment as a Timestamp, to the millisecond; undefined for what Timestamp cannot say (it ends with the years 1 and
 * 9999): such times come from the clocks of remote peers.
 */
export function timestampOf(timeMs: number | undefined): Timestamp | undefined {
  if (timeMs === undefined || !(timeMs >= FIRST_MS && timeMs <= LAST_MS)) return undefined;
  return timestampFromMs(Math.round(timeMs));
}

/** The moment of a Timestamp in ms; undefined for an unset one. */
export function msOf(timestamp: Timestamp | undefined): number | undefined {
  return timestamp && timestampMs(timestamp);
}

// The range of google.protobuf.Timestamp.
const FIRST_MS = Date.parse("0001-01-01T00:00:00Z");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999Z");
