/** A point of time as the API has it: whole seconds since the Unix epoch, and nanoseconds. */
export interface ApiTime {
  readonly seconds: bigint;
  readonly nanos: number;
}

/** ms since the Unix epoch; undefined when the API left the time unset. */
export function toMs(time: ApiTime | undefined): number | undefined {
  return time && Number(time.seconds) * 1_000 + Math.floor(time.nanos / 1_000_000);
}

/** "2026-11-21T10:05:03.120Z", for JSON; undefined (so left out) for a time that is unset or beyond all calendars. */
export function isoTime(time: ApiTime | undefined): string | undefined {
  const date = dateOf(toMs(time));
  return date?.toISOString();
}

/** "10:05:03" in local time; with the date before it when that is not today's. */
export function formatClock(timeMs: number | undefined, now: number): string {
  const date = dateOf(timeMs);
  if (!date) return "--:--:--";
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(":");
  const day = dayOf(date);
  return day === dayOf(new Date(now)) ? clock : `${day} ${clock}`;
}

function dateOf(timeMs: number | undefined): Date | undefined {
  if (timeMs === undefined) return undefined;
  const date = new Date(timeMs);
  return Number.isNaN(date.getTime()) ? undefined : date; // a peer's clock may say anything
}

function dayOf(date: Date): string {
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
