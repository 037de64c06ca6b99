import type { Clock } from "#host/clock.ts";

/** The machine's own time. */
export function systemClock(): Clock {
  const now = () => performance.now();
  return { now, wallTime: () => Date.now(), at: (at, run) => alarm(now, at, run) };
}

function alarm(now: () => number, at: number, run: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    // Timers of Node may fire a little early and cannot wait longer than 2^31 - 1 ms: look again.
    timer = setTimeout(
      () => (now() >= at ? run() : arm()),
      Math.min(Math.max(0, Math.ceil(at - now())), LONGEST_MS),
    );
  };
  arm();
  return () => clearTimeout(timer);
}

const LONGEST_MS = 2 ** 31 - 1;
