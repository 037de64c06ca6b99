import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { notifySystemd } from "#daemon/service-manager.ts";

test("systemd is told when it asked, by its own program", async (context) => {
  const folder = mkdtempSync(join(tmpdir(), "parley-notify-"));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const said = join(folder, "said");
  writeFileSync(
    join(folder, "systemd-notify"),
    `#!/bin/sh\necho "$@ on $NOTIFY_SOCKET" > ${said}.new\nmv ${said}.new ${said}\n`,
  );
  chmodSync(join(folder, "systemd-notify"), 0o755);
  const environment = { PATH: `${folder}:/usr/bin:/bin` };
  notifySystemd("stopping", environment);
  notifySystemd("ready", { ...environment, NOTIFY_SOCKET: "/run/notify" });
  for (let i = 0; i < 200 && !existsSync(said); i++) await sleep(10);
  assert.equal(readFileSync(said, "utf8"), "--no-block --ready on /run/notify\n");
});

test("a machine without systemd-notify is no trouble", async () => {
  notifySystemd("ready", { PATH: "/nowhere", NOTIFY_SOCKET: "/run/notify" });
  await sleep(50);
});
