/** Neighbors on one interface; each costs timers and lists. Further ones take the place of who was only heard, or are named. */
export const MOST_NEIGHBORS = 1_000;
/** New neighbors on one interface that are answered with a Hello at once: all at first, then so many in each second. */
export const GREETINGS_AT_ONCE = 100;
export const GREETINGS_PER_SECOND = 20;
/** Senders whose mismatch is remembered on one interface. */
export const MOST_MISMATCHES = 32;
/** ms between two events about the same mismatch or limit. */
export const TELL_AGAIN_MS = 60_000;
/** A mismatch that was not seen for so long is forgotten, ms. */
export const MISMATCH_FORGOTTEN_MS = 120_000;
/** LSAs that are originated, or sent again to one neighbor, in one step: the peers' sockets hold only so many packets. */
export const LSAS_AT_ONCE = 400;
/** ms until the next such step. */
export const PACE_MS = 8;
/** ms that acknowledgments wait for others to come. */
export const ACKNOWLEDGMENT_DELAY_MS = 200;
/** More than MinLSArrival by what a way through a network may vary, ms. */
export const ARRIVAL_MARGIN_MS = 50;
/** ms before an LSA is originated for the first time. */
export const FIRST_DELAY_MS = 5;
/** Instances of one LSA that are taken from neighbors at once; then one in each MinLSArrival, as RFC 2328 13 has it. */
export const ARRIVAL_BURST = 4;
/** How long an LSA that has left is remembered, ms: as long as packets may overtake each other. */
export const TOMBSTONE_MS = 1_000;
/** Of how many it is. */
export const MOST_TOMBSTONES = 10_000;
/** ms that routes which need no new shortest paths wait for others to come. */
export const PARTIAL_DELAY_MS = 2;
/** LSAs that say to be this router's own and that no longer are: so many are taken beyond maximumLsas, to be ended. */
export const OWN_LSAS_BEYOND = 1_000;
/** Octets for each of maximumLsas that all LSAs together may have: few are longer, and none may fill the memory. */
export const LSA_OCTETS_ON_AVERAGE = 1_024;
/** How long an LSA of MaxAge waits at most for neighbors that neither acknowledge it nor come to an end of loading, ms. */
export const LEAVING_MS = 120_000;
/** ms in which a neighbor that asks for an LSA again does not get it again: its RxmtInterval is longer. */
export const REQUEST_INTERVAL_MS = 500;
/** Exchanges that a neighbor may begin at once, and in each second after that: each goes over all databases. */
export const EXCHANGES_AT_ONCE = 8;
export const EXCHANGES_PER_SECOND = 1;
/** Events about mismatches on one interface: at once, and in each second after that. */
export const MISMATCH_EVENTS_AT_ONCE = 20;
export const MISMATCH_EVENTS_PER_SECOND = 1 / 3;
/** Events about the states of one interface and its neighbors: enough for all of them to come up at once. */
export const CHANGE_EVENTS_AT_ONCE = 6 * MOST_NEIGHBORS;
export const CHANGE_EVENTS_PER_SECOND = 10;
/** Of these, those that an adjacency is there or has gone: enough for all of them to come, to go, and to come back. */
export const ADJACENCY_EVENTS_AT_ONCE = 3 * MOST_NEIGHBORS;
