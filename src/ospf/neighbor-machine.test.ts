import assert from "node:assert/strict";
import { test } from "node:test";
import {
  isAtLeast,
  NEIGHBOR_STATES,
  stepNeighbor,
  type NeighborEvent,
  type NeighborQuestions,
} from "#ospf/neighbor-machine.ts";

const ALL = { wantsAdjacency: true, hasRequests: true };
const NO_ADJACENCY = { ...ALL, wantsAdjacency: false };
const NO_REQUESTS = { ...ALL, hasRequests: false };

const BEGIN = "ExStart start-exchange";
const AGAIN = "ExStart clear-lists start-exchange";
const END = "Down clear-lists stop-inactivity-timer";
const HEARD = "start-inactivity-timer";

/** RFC 2328 10.3: what becomes of each state; "." stays as it is without effect, and "=" stays with an effect. */
const TABLE: readonly (readonly [NeighborEvent, NeighborQuestions, readonly string[]])[] = [
  //                      Down       Attempt    Init       2-Way     ExStart    Exchange   Loading    Full
  ["Start", ALL, ["Attempt send-hello start-inactivity-timer", ".", ".", ".", ".", ".", ".", "."]],
  ["HelloReceived", ALL, [`Init ${HEARD}`, `Init ${HEARD}`, ...Array<string>(6).fill(`= ${HEARD}`)]],
  ["2-WayReceived", ALL, [".", ".", BEGIN, ".", ".", ".", ".", "."]],
  ["2-WayReceived", NO_ADJACENCY, [".", ".", "2-Way", ".", ".", ".", ".", "."]],
  ["NegotiationDone", ALL, [".", ".", ".", ".", "Exchange list-database", ".", ".", "."]],
  ["ExchangeDone", ALL, [".", ".", ".", ".", ".", "Loading", ".", "."]],
  ["ExchangeDone", NO_REQUESTS, [".", ".", ".", ".", ".", "Full", ".", "."]],
  ["BadLSReq", ALL, [".", ".", ".", ".", ".", AGAIN, AGAIN, AGAIN]],
  ["LoadingDone", ALL, [".", ".", ".", ".", ".", ".", "Full", "."]],
  ["AdjOK?", ALL, [".", ".", ".", BEGIN, ".", ".", ".", "."]],
  ["AdjOK?", NO_ADJACENCY, [".", ".", ".", ".", ...Array<string>(4).fill("2-Way clear-lists")]],
  ["SeqNumberMismatch", ALL, [".", ".", ".", ".", ".", AGAIN, AGAIN, AGAIN]],
  ["1-Way", ALL, [".", ".", ".", ...Array<string>(5).fill("Init clear-lists")]],
  ["KillNbr", ALL, Array<string>(8).fill(END)],
  ["LLDown", ALL, Array<string>(8).fill(END)],
  ["InactivityTimer", ALL, Array<string>(8).fill(END)],
];

for (const [event, questions, row] of TABLE)
  for (const [i, cell] of row.entries()) {
    const from = NEIGHBOR_STATES[i]!;
    const about = Object.entries(questions).flatMap(([name, is]) => (is ? [] : [`not ${name}`]));
    test(`a neighbor in ${[from, ...about].join(", ")} at ${event}: ${cell}`, () => {
      const [to, ...effects] = cell.split(" ");
      const state = to === "." || to === "=" ? from : to;
      assert.deepEqual(stepNeighbor(from, event, questions), { state, effects });
    });
  }

test("states have an order", () => {
  assert.deepEqual(
    NEIGHBOR_STATES.filter((state) => isAtLeast(state, "Exchange")),
    ["Exchange", "Loading", "Full"],
  );
});
