import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { elect, type Candidate, type Elected } from "#ospf/election.ts";

/** "2 p=1 dr=3 bdr=2": router 2 with priority 1 says 3 leads and it is the backup. Addresses are router ids plus 100. */
function candidate(text: string): Candidate {
  const value = (name: string) => Number(new RegExp(`\\b${name}=(\\d+)`).exec(text)?.[1] ?? NaN);
  const address = (name: string) => (value(name) > 0 ? value(name) + 100 : 0);
  const routerId = parseInt(text, 10);
  return {
    routerId,
    address: routerId + 100,
    priority: Number.isNaN(value("p")) ? 1 : value("p"),
    designated: address("dr"),
    backup: address("bdr"),
  };
}

// The first of each line is this router itself.
const CASES: readonly (readonly [what: string, routers: readonly string[], dr: number, bdr: number])[] = [
  ["alone it leads", ["1"], 1, 0],
  ["alone it does not lead when it may not", ["1 p=0"], 0, 0],
  ["the highest id leads among equals, and is the backup until it says that it leads", ["1", "2", "3"], 3, 3],
  ["the highest priority leads", ["1 p=9", "2 p=5", "3 p=1"], 1, 2],
  ["whoever leads stays, also against a higher priority", ["9 p=9", "1 dr=1", "2 dr=1 bdr=2"], 1, 2],
  ["of two that claim to lead the better one does", ["5", "1 dr=1 p=1", "2 dr=2 p=3"], 2, 5],
  ["of two that claim to be the backup the better one is", ["9 p=9", "1 dr=1", "2 bdr=2", "3 bdr=3"], 1, 3],
  ["the backup takes over", ["2 dr=1 bdr=2", "3 dr=1 bdr=2"], 2, 3],
  [
    "another backup takes over, and stays the backup until it says so",
    ["3 dr=1 bdr=2", "2 dr=1 bdr=2"],
    2,
    2,
  ],
  ["who may not lead does not, whatever it claims", ["1", "2 p=0 dr=2 bdr=2"], 1, 0],
  ["one that leads is no backup", ["1 dr=2", "2 dr=2 bdr=2"], 2, 1],
  ["a leader that may no longer lead steps down", ["1 p=0 dr=1 bdr=2", "2 dr=1 bdr=2"], 2, 2],
  ["a leader that meets a better one is not its backup in the same breath", ["1 dr=1", "2 dr=2"], 2, 1],
];

for (const [what, routers, dr, bdr] of CASES)
  test(`election: ${what}`, () => {
    const [self, ...neighbors] = routers.map(candidate);
    const { designated, backup } = elect(self!, neighbors);
    assert.deepEqual([designated && designated - 100, backup && backup - 100], [dr, bdr]);
  });

const candidates = fc
  .uniqueArray(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 })
  .chain((ids) =>
    fc.tuple(
      ...ids.map((id) =>
        fc.record({
          routerId: fc.constant(id),
          address: fc.constant(id + 100),
          priority: fc.integer({ min: 0, max: 3 }),
          designated: fc.constantFrom(0, ...ids.map((each) => each + 100)),
          backup: fc.constantFrom(0, ...ids.map((each) => each + 100)),
        }),
      ),
    ),
  );

function better(a: Candidate, b: Candidate): boolean {
  return a.priority > b.priority || (a.priority === b.priority && a.routerId > b.routerId);
}

test("nobody is both, and who is chosen may be", () => {
  fc.assert(
    fc.property(candidates, ([self, ...neighbors]) => {
      const all = [self!, ...neighbors];
      const { designated, backup } = elect(self!, neighbors);
      // A neighbor that says to be the backup becomes both, as in RFC 2328 9.4 (3), until it says to lead.
      if (designated === self!.address) assert.notEqual(backup, self!.address);
      for (const chosen of [designated, backup])
        if (chosen !== 0) assert.ok(all.find(({ address }) => address === chosen)!.priority > 0);
      assert.equal(
        designated === 0,
        all.every(({ priority }) => priority === 0),
      );
    }),
    { numRuns: 2_000 },
  );
});

test("the best of those that claim to lead does", () => {
  fc.assert(
    fc.property(candidates, ([self, ...neighbors]) => {
      const claimants = neighbors.filter((each) => each.priority > 0 && each.designated === each.address);
      const { designated } = elect(self!, neighbors);
      for (const claimant of claimants) {
        const chosen = [self!, ...neighbors].find(({ address }) => address === designated)!;
        assert.ok(chosen === claimant || better(chosen, claimant));
      }
    }),
    { numRuns: 2_000 },
  );
});

test("routers that hear each other come to agree, and then nothing changes", () => {
  fc.assert(
    fc.property(candidates, (routers) => {
      let all: readonly Candidate[] = routers;
      const electAll = (): Elected[] =>
        all.map((self) =>
          elect(
            self,
            all.filter((each) => each !== self),
          ),
        );
      let chosen: Elected[] = [];
      for (let round = 0; round < 8; round++) {
        chosen = electAll();
        all = all.map((each, i) => ({ ...each, ...chosen[i]! }));
      }
      for (const each of chosen) assert.deepEqual(each, chosen[0]);
      assert.deepEqual(electAll(), chosen);
      if (chosen[0]!.designated !== 0) assert.notEqual(chosen[0]!.designated, chosen[0]!.backup);
    }),
    { numRuns: 2_000 },
  );
});
