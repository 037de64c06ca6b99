import assert from "node:assert/strict";
import { test } from "node:test";
import { formatUptime } from "#base/uptime.ts";

test("ages are shown as routers do", () => {
  const [second, hour, day] = [1_000, 3_600_000, 86_400_000];
  for (const [ms, text] of [
    [-5, "00:00:00"],
    [62_900, "00:01:02"],
    [day - 1, "23:59:59"],
    [day, "1d00h00m"],
    [3 * day + 4 * hour + 300 * second, "3d04h05m"],
    [7 * day, "01w0d00h"],
    [17 * day + 4 * hour, "02w3d04h"],
  ] as const)
    assert.equal(formatUptime(ms), text);
});
