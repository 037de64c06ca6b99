import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { clockOf, resolutionOf, setTicks, setTime } from "#packet/file/clock.ts";

/** All of 64 bits, small ones as often as great ones, and those beside a whole second. */
const someTicks = fc.oneof(
  fc.bigInt(0n, (1n << 64n) - 1n),
  fc.bigInt(0n, 1n << 53n),
  fc
    .tuple(fc.bigInt(0n, 18_446_744_072n), fc.bigInt(-1n, 1n))
    .map(([s, by]) => max0(s * 1_000_000_000n + by)),
  fc
    .tuple(fc.bigInt(0n, 18_446_744_073_708n), fc.bigInt(-1n, 1n))
    .map(([s, by]) => max0(s * 1_000_000n + by)),
);

function max0(value: bigint): bigint {
  return value < 0n ? 0n : value;
}

test("a time is what exact arithmetic makes of the ticks", () => {
  const resolution = fc.oneof(fc.constantFrom(6, 9), fc.nat(255));
  fc.assert(
    fc.property(resolution, someTicks, (byte, ticks) => {
      const clock = clockOf(byte, 0);
      const time = { seconds: 0, nanoseconds: 0 };
      setTime(time, clock, Number(ticks >> 32n), Number(ticks & 0xffff_ffffn));
      const rest = ticks % clock.perSecond;
      assert.equal(time.seconds, Number(ticks / clock.perSecond));
      assert.equal(time.nanoseconds, Number((rest * 1_000_000_000n) / clock.perSecond));
    }),
    { numRuns: 2_000 },
  );
});

test("ticks that were read are written again, unless they are finer than nanoseconds", () => {
  const resolution = fc.oneof(fc.constantFrom(6, 9), fc.nat(9), fc.integer({ min: 0x80, max: 0x80 + 29 }));
  fc.assert(
    fc.property(resolution, someTicks, (byte, ticks) => {
      const clock = clockOf(byte, 0);
      const time = { seconds: 0, nanoseconds: 0 };
      const again = { high: 0, low: 0 };
      setTime(time, clock, Number(ticks >> 32n), Number(ticks & 0xffff_ffffn));
      if (!Number.isSafeInteger(time.seconds)) return;
      assert.equal(setTicks(again, clock, time.seconds, time.nanoseconds), true);
      assert.equal((BigInt(again.high) << 32n) | BigInt(again.low), ticks);
    }),
    { numRuns: 2_000 },
  );
});

test("a time that 64 bits cannot hold becomes the nearest", () => {
  for (const byte of [6, 9, 3, 0x80 | 20]) {
    const clock = clockOf(byte, 0);
    const ticks = { high: 1, low: 1 };
    assert.equal(setTicks(ticks, clock, -1, 5), false);
    assert.deepEqual(ticks, { high: 0, low: 0 });
    assert.equal(setTicks(ticks, clock, 2 ** 64, 5), false);
    assert.deepEqual(ticks, { high: 0xffff_ffff, low: 0xffff_ffff });
  }
});

test("a resolution is found for powers of ten and two only", () => {
  assert.equal(resolutionOf(1), 0);
  assert.equal(resolutionOf(1e6), 6);
  assert.equal(resolutionOf(1e9), 9);
  assert.equal(resolutionOf(2 ** 30), 0x80 | 30);
  assert.equal(resolutionOf(3), undefined);
  assert.equal(resolutionOf(0), undefined);
});
