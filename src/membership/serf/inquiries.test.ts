import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { Timers } from "#machine/timers.ts";
import { Inquiries } from "#membership/serf/inquiries.ts";
import { LamportClock, LAST_TIME } from "#membership/serf/lamport-clock.ts";
import type { SerfParts } from "#membership/serf/parts.ts";
import { Roster } from "#membership/serf/roster.ts";
import { SerfStep } from "#membership/serf/serf-step.ts";
import { TestSerf } from "#membership/serf/testing/node.ts";
import { SETUP } from "#membership/testing/node.ts";

test("queries of one Lamport time, which is the last, are told apart and all end", () => {
  const clock = new LamportClock();
  clock.witness(LAST_TIME);
  const timers = new Timers();
  const parts = {
    ...{ setup: SETUP, random: seededRandom(1), step: new SerfStep(), timers },
    ...{ roster: new Roster(new TestSerf().core.member("self")!, 9, () => {}), present: () => 3 },
  } as unknown as SerfParts;
  const inquiries = new Inquiries(parts, clock);
  const said: string[] = [];
  const ask = (name: string) =>
    inquiries.begin({
      ...{ name, payload: new Uint8Array(0) },
      answered: (from) => said.push(`${name} answered by ${from}`),
      ended: (_, answers) => said.push(`${name} ended with ${answers}`),
    });
  for (const begun of [ask("a"), ask("b")]) {
    assert.ok(begun.ok);
    const { id, ltime } = begun.body;
    assert.equal(ltime, BigInt(LAST_TIME));
    inquiries.take({ ltime, id, flags: 0, from: "self" });
  }
  for (let name = timers.takeDue(1e9); name !== undefined; name = timers.takeDue(1e9))
    inquiries.due(Number(name.split(" ")[1]));
  assert.deepEqual(said, ["a answered by self", "b answered by self", "a ended with 1", "b ended with 1"]);
  assert.equal(inquiries.size, 0);
});
