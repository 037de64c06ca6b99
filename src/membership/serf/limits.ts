/** Every bound of Serf's layer: Serf's own numbers where it has some, so that its agents take what we send. */
export const SERF_LIMITS = {
  /** Bytes of an event on the wire (UserEventSizeLimit): it goes to everyone several times. */
  eventBytes: 512,
  /** The same for Parley's own events, which nobody types: as much as a packet holds beside other news. */
  ownEventBytes: 1_250,
  /** Bytes of a query, and of an answer, on the wire (QuerySizeLimit, QueryResponseSizeLimit). */
  queryBytes: 1_024,
  responseBytes: 1_024,
  /** Bytes of name and payload of an event or a query of another: no agent of Serf can be told to send more. */
  heardBytes: 9 * 1024,
  /** Lamport times of which events and queries are remembered (EventBuffer, QueryBuffer): what is older is dropped. */
  times: 512,
  /** Events, and queries, of one time: far above what members say at once. */
  perTime: 1_024,
  /** Bytes of all remembered events, which go into every push/pull: those of the oldest time go first. */
  rememberedBytes: 1024 * 1024,
  /** Joins and leaves of members that are not known yet, and how long they are remembered, ms (RecentIntentTimeout). */
  intents: 4_096,
  intentMs: 5 * 60_000,
  /** Members that failed or left are remembered for so long (ReconnectTimeout, TombstoneTimeout); looked at every, ms. */
  tombstoneMs: 24 * 60 * 60_000,
  reapMs: 15_000,
  /** Queries of ours that run, and queries of others that wait for our answer. */
  running: 256,
  waiting: 1_024,
  /** The longest that any query runs, ms: Serf has no bound, but each costs memory until its end. */
  queryMs: 10 * 60_000,
  /** A query runs for so many gossip intervals times the cluster's logarithm (QueryTimeoutMult). */
  queryIntervals: 16,
  /** Filters of one query that are looked at. */
  filters: 32,
  /** Answers in a minute to those whose name is disputed, and who therefore are no members. */
  strangers: 10,
  /** Members that pass an answer on (MaxRelayFactor). */
  relays: 5,
  /** How long a leave may take to reach others before the node itself goes, ms (BroadcastTimeout). */
  leaveMs: 5_000,
  /** Reasons that are counted. */
  reasons: 64,
} as const;

/** Queries with such names are Serf's own. */
export const INTERNAL_PREFIX = "_serf_";

/** The event that carries key-value messages of Parley's nodes. */
export const KEY_VALUE_EVENT = "_parley_kv";
/** Events with such names are Parley's own. */
export const OWN_EVENT_PREFIX = "_parley_";
