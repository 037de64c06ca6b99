import assert from "node:assert/strict";
import { onEveryHost } from "./places.ts";

onEveryHost("an alarm fires once, not before its time, and later ones after earlier ones", async (place) => {
  const { clock } = place.a;
  const began = clock.now();
  const fired: { readonly name: string; readonly at: number }[] = [];
  for (const [name, after] of [
    ["third", 40],
    ["first", 10],
    ["second", 25],
  ] as const) {
    clock.at(began + after, () => fired.push({ name, at: clock.now() - began }));
  }
  assert.equal(fired.length, 0);
  await place.until(() => fired.length === 3, "three alarms");
  await place.pass(30);
  assert.deepEqual(
    fired.map(({ name }) => name),
    ["first", "second", "third"],
  );
  for (const [i, least] of [10, 25, 40].entries()) assert.ok(fired[i]!.at >= least, `${fired[i]!.at} ms`);
});

onEveryHost("an alarm in the past fires soon, but not within the call that sets it", async (place) => {
  const { clock } = place.a;
  let fired = false;
  clock.at(clock.now() - 1_000, () => (fired = true));
  assert.equal(fired, false);
  await place.until(() => fired, "the alarm");
});

onEveryHost(
  "a cancelled alarm stays silent, and cancelling twice or too late does no harm",
  async (place) => {
    const { clock } = place.a;
    let fired = 0;
    const cancel = clock.at(clock.now() + 10, () => fired++);
    const late = clock.at(clock.now() + 5, () => (fired += 10));
    cancel();
    cancel();
    await place.pass(40);
    assert.equal(fired, 10);
    late();
    assert.equal(fired, 10);
  },
);

onEveryHost("an alarm beyond what a timer of Node can wait does not fire at once", async (place) => {
  const { clock } = place.a;
  let fired = false;
  const cancel = clock.at(clock.now() + 2 ** 32, () => (fired = true));
  await place.pass(20);
  assert.equal(fired, false);
  cancel();
});

onEveryHost("now() goes on and wallTime() is the time of the day", async (place) => {
  const { clock } = place.a;
  const [now, wall] = [clock.now(), clock.wallTime()];
  await place.pass(20);
  assert.ok(clock.now() >= now + 15);
  assert.ok(clock.wallTime() >= wall + 15);
  assert.ok(clock.wallTime() > Date.UTC(2025, 0, 1));
});
