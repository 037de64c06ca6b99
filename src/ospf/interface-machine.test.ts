import assert from "node:assert/strict";
import { test } from "node:test";
import type { NetworkType } from "#ospf/config.ts";
import { stepInterface, type InterfaceEvent, type InterfaceState } from "#ospf/interface-machine.ts";

const STATES = ["Down", "Loopback", "Waiting", "Point-to-Point", "DROther", "Backup", "DR"] as const;

/** RFC 2328 9.3 as a table: states by events, on a broadcast network; "." stays as it is without effect. */
const TABLE: Readonly<Record<InterfaceEvent, readonly string[]>> = {
  //             Down                     Loopback  Waiting      Point-to-Point  DROther         Backup         DR
  InterfaceUp: ["Waiting hello neighbors wait", ".", ".", ".", ".", ".", "."],
  WaitTimer: [".", ".", "Waiting elect", ".", ".", ".", "."],
  BackupSeen: [".", ".", "Waiting elect", ".", ".", ".", "."],
  NeighborChange: [".", ".", ".", ".", "DROther elect", "Backup elect", "DR elect"],
  LoopInd: STATES.map(() => "Loopback reset"),
  UnloopInd: [".", "Down", ".", ".", ".", ".", "."],
  InterfaceDown: STATES.map(() => "Down reset"),
};

const WORDS: Readonly<Record<string, string>> = {
  hello: "start-hello-timer",
  neighbors: "start-neighbors",
  wait: "start-wait-timer",
};

for (const [event, row] of Object.entries(TABLE))
  for (const [i, cell] of row.entries())
    test(`an interface in ${STATES[i]} at ${event}: ${cell === "." ? "nothing" : cell}`, () => {
      const step = stepInterface(STATES[i]!, event as InterfaceEvent, { type: "broadcast", priority: 1 });
      const [state, ...effects] = cell === "." ? [STATES[i]!] : cell.split(" ");
      assert.deepEqual(step, { state, effects: effects.map((word) => WORDS[word] ?? word) });
    });

for (const [type, priority, state, waits] of [
  ["point-to-point", 1, "Point-to-Point", false],
  ["point-to-multipoint", 0, "Point-to-Point", false],
  ["broadcast", 0, "DROther", false],
  ["non-broadcast", 0, "DROther", false],
  ["non-broadcast", 1, "Waiting", true],
] as const satisfies readonly (readonly [NetworkType, number, InterfaceState, boolean])[])
  test(`a ${type} interface of priority ${priority} comes up as ${state}`, () => {
    const effects = ["start-hello-timer", "start-neighbors", ...(waits ? ["start-wait-timer"] : [])];
    assert.deepEqual(stepInterface("Down", "InterfaceUp", { type, priority }), { state, effects });
  });

test("a loopback speaks to nobody", () => {
  const step = stepInterface("Down", "InterfaceUp", { type: "loopback", priority: 1 });
  assert.deepEqual(step, { state: "Loopback", effects: [] });
});
