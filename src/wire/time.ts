import type { Codec, FactValue } from "#packet/codec.ts";
import { coded, type Field, type FieldOptions } from "#packet/field.ts";
import { readUint, writeUint } from "#packet/primitive.ts";

/** Nanoseconds in a second: times in queries are whole nanoseconds since 1970. */
const NANOSECONDS = 1_000_000_000n;

/** "2023-11-14 22:13:20" of seconds since 1970, in UTC. */
export function utcText(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const [hour, minute, second] = [3_600, 60, 1].map(
    (unit) => Math.floor((seconds - days * 86_400) / unit) % 60,
  );
  const [year, month, day] = civilDate(days);
  return `${year}-${two(month)}-${two(day)} ${two(hour!)}:${two(minute!)}:${two(second!)}`;
}

/** Year, month and day of a day counted from 1970-01-01, in the Gregorian calendar; years start in March for it. */
function civilDate(days: number): [year: number, month: number, day: number] {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const leaps = Math.floor(dayOfEra / 1_460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leaps) / 365);
  const dayOfYear = dayOfEra - 365 * yearOfEra - Math.floor(yearOfEra / 4) + Math.floor(yearOfEra / 100);
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  return [yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day];
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}

/** Four bytes of seconds since 1970, a point in time for queries. */
export function unixTime(query: string, options: FieldOptions = {}): Field<number> {
  const title = options.title ?? "Time";
  const codec: Codec<number> = {
    name: "seconds since 1970",
    read: (bytes, at, end) =>
      at + 4 > end
        ? { error: "the time is cut off", at }
        : { value: readUint(bytes, at, 4, false), next: at + 4 },
    write(value) {
      if (!Number.isInteger(value) || value < 0 || value > 0xffff_ffff)
        throw new TypeError(`${query} takes seconds since 1970, from 0 to 4294967295, not ${value}`);
      const bytes = new Uint8Array(4);
      writeUint(bytes, 0, 4, value, false);
      return bytes;
    },
    random: (random) => random.next(),
    initial: 0,
    show: utcText,
    facts: [{ query, type: "time", title }],
    factsOf: (value: number, found: (query: string, value: FactValue) => void) =>
      found(query, BigInt(value) * NANOSECONDS),
  };
  return coded(codec, { title });
}

/** A point in time as NTP has it: the era is not said, so a time before 1968 is one after 2036. RFC 5905 6. */
export interface NtpTime {
  /** Since 1900. */
  readonly seconds: number;
  /** In units of 2^-32 seconds. */
  readonly fraction: number;
}

const FROM_1900_TO_1970 = 2_208_988_800;
const ERA = 0x1_0000_0000;

/** Eight bytes of NTP's time; all zeros are no time, which queries see as the start of 1970. */
export function ntpTime(query: string, options: FieldOptions = {}): Field<NtpTime> {
  const title = options.title ?? "Time";
  const codec: Codec<NtpTime> = {
    name: "NTP time",
    read: (bytes, at, end) =>
      at + 8 > end
        ? { error: "the time is cut off", at }
        : {
            value: { seconds: readUint(bytes, at, 4, false), fraction: readUint(bytes, at + 4, 4, false) },
            next: at + 8,
          },
    write({ seconds, fraction }) {
      const bytes = new Uint8Array(8);
      for (const [i, value] of [seconds, fraction].entries()) {
        if (!Number.isInteger(value) || value < 0 || value >= ERA)
          throw new TypeError(`${query} takes integers from 0 to 4294967295, not ${value}`);
        writeUint(bytes, i * 4, 4, value, false);
      }
      return bytes;
    },
    random: (random) => ({ seconds: random.next(), fraction: random.next() }),
    initial: { seconds: 0, fraction: 0 },
    show(time) {
      if (isZero(time)) return "none";
      const nanoseconds = Math.floor((time.fraction * 1e9) / ERA);
      return `${utcText(unixSeconds(time))}.${String(nanoseconds).padStart(9, "0")}`;
    },
    facts: [{ query, type: "time", title }],
    factsOf(time: NtpTime, found: (query: string, value: FactValue) => void): void {
      const nanoseconds = (BigInt(time.fraction) * NANOSECONDS) >> 32n;
      found(query, isZero(time) ? 0n : BigInt(unixSeconds(time)) * NANOSECONDS + nanoseconds);
    },
  };
  return coded(codec, { title });
}

function isZero({ seconds, fraction }: NtpTime): boolean {
  return seconds === 0 && fraction === 0;
}

function unixSeconds({ seconds }: NtpTime): number {
  return (seconds >= 0x8000_0000 ? seconds : seconds + ERA) - FROM_1900_TO_1970;
}
