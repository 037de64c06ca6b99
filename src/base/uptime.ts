/** Milliseconds as routers show ages: "00:01:02", "3d04h05m", "02w3d04h". */
export function formatUptime(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1_000));
  const [minutes, hours, days] = [
    Math.floor(seconds / 60),
    Math.floor(seconds / 3_600),
    Math.floor(seconds / 86_400),
  ];
  if (days === 0) return `${twoDigits(hours)}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
  if (days < 7) return `${days}d${twoDigits(hours % 24)}h${twoDigits(minutes % 60)}m`;
  return `${twoDigits(Math.floor(days / 7))}w${days % 7}d${twoDigits(hours % 24)}h`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, "0");
}
