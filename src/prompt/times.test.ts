import assert from "node:assert/strict";
import { test } from "node:test";
import { formatClock, isoTime, toMs } from "#prompt/times.ts";

const noon = new Date(2026, 10, 21, 12, 0, 0).getTime();

test("a time of today is a clock, any other has its date", () => {
  assert.equal(formatClock(noon + 3_000, noon), "12:00:03");
  assert.equal(formatClock(noon - 12 * 3_600_000 - 1_000, noon), "2026-11-20 23:59:59");
});

test("a time that is unset, or beyond all calendars, breaks nothing", () => {
  const absurd = { seconds: 1n << 60n, nanos: 0 };
  assert.equal(toMs(undefined), undefined);
  assert.equal(isoTime(undefined), undefined);
  assert.equal(isoTime(absurd), undefined);
  assert.equal(formatClock(toMs(absurd), noon), "--:--:--");
});

test("an API time is read to the millisecond", () => {
  assert.equal(toMs({ seconds: 1_700_000_000n, nanos: 999_999_999 }), 1_700_000_000_999);
  assert.equal(isoTime({ seconds: 0n, nanos: 120_000_000 }), "1970-01-01T00:00:00.120Z");
});
