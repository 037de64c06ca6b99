/** How an interface of a pcapng file counts time (draft-ietf-opsawg-pcapng 4.2, if_tsresol and if_tsoffset). */
export interface Clock {
  /** 1e6 and 1e9 take the quick way; 0 for every other resolution. */
  readonly quick: number;
  readonly perSecond: bigint;
  /** Ticks are binary fractions of a second, which nanoseconds cannot always tell. */
  readonly binary: boolean;
  /** Seconds to add to every timestamp. */
  readonly offset: number;
}

/** What a clock writes its result into. */
export interface Time {
  seconds: number;
  nanoseconds: number;
}

/** A timestamp as a block has it: two unsigned halves of 32 bits. */
export interface Ticks {
  high: number;
  low: number;
}

export const MICROSECONDS = 6;
export const NANOSECONDS = 9;

const HALF = 0x1_0000_0000;
const NANOS = 1_000_000_000;
const MICROS = 1_000_000;

/** The clock of if_tsresol's byte: a power of ten, or of two with the highest bit. */
export function clockOf(resolution: number, offset: number): Clock {
  const binary = (resolution & 0x80) !== 0;
  const perSecond = (binary ? 2n : 10n) ** BigInt(resolution & 0x7f);
  const quick = resolution === MICROSECONDS ? MICROS : resolution === NANOSECONDS ? NANOS : 0;
  return { quick, perSecond, binary, offset };
}

/** The byte of if_tsresol for so many ticks in a second; undefined when they are neither a power of 10 nor of 2. */
export function resolutionOf(ticksPerSecond: number): number | undefined {
  for (let power = 0; power < 128; power++) {
    if (Number(10n ** BigInt(power)) === ticksPerSecond) return power;
    if (2 ** power === ticksPerSecond) return 0x80 | power;
  }
  return undefined;
}

/** Writes the time of `high` and `low` into `time`; allocates nothing for micro- and nanoseconds. */
export function setTime(time: Time, clock: Clock, high: number, low: number): void {
  const quick = clock.quick;
  if (quick !== 0) {
    // The double may be inexact, so that its quotient is one too many or too few; the low 32 bits of what remains are
    // exact, and they are all of it.
    let seconds = Math.floor((high * HALF + low) / quick);
    let rest = (low - Math.imul(seconds, quick)) | 0;
    if (rest < 0) {
      seconds--;
      rest += quick;
    } else if (rest >= quick) {
      seconds++;
      rest -= quick;
    }
    time.seconds = seconds + clock.offset;
    time.nanoseconds = quick === MICROS ? rest * 1_000 : rest;
  } else {
    const ticks = (BigInt(high) << 32n) | BigInt(low);
    time.seconds = Number(ticks / clock.perSecond) + clock.offset;
    time.nanoseconds = Number(((ticks % clock.perSecond) * BigInt(NANOS)) / clock.perSecond);
  }
}

/**
 * Writes into `ticks` what stands for a time. Decimal clocks round down. Binary ones round up: reading rounds down, so
 * that a time that was read becomes the same ticks again. False when 64 bits cannot hold it: then it is the nearest.
 */
export function setTicks(ticks: Ticks, clock: Clock, seconds: number, nanoseconds: number): boolean {
  const whole = seconds - clock.offset;
  if (whole < 0) return nearest(ticks, 0);
  if (clock.quick === MICROS && whole < 9_000_000_000) {
    const sum = whole * MICROS + Math.floor(nanoseconds / 1_000);
    ticks.high = Math.floor(sum / HALF);
    ticks.low = sum >>> 0;
    return true;
  }
  if (clock.quick === NANOS && whole < 18_000_000_000) {
    const upper = Math.floor(whole / 0x10000) * NANOS;
    const sum = (upper % 0x10000) * 0x10000 + (whole % 0x10000) * NANOS + nanoseconds;
    ticks.high = Math.floor(upper / 0x10000) + Math.floor(sum / HALF);
    ticks.low = sum >>> 0;
    return true;
  }
  const fraction = BigInt(nanoseconds) * clock.perSecond + (clock.binary ? BigInt(NANOS - 1) : 0n);
  const sum = BigInt(whole) * clock.perSecond + fraction / BigInt(NANOS);
  if (sum >> 64n !== 0n) return nearest(ticks, HALF - 1);
  ticks.high = Number(sum >> 32n);
  ticks.low = Number(sum & 0xffff_ffffn);
  return true;
}

function nearest(ticks: Ticks, half: number): false {
  ticks.high = half;
  ticks.low = half;
  return false;
}
