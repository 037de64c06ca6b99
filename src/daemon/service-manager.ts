import { execFile } from "node:child_process";

/**
 * Tells systemd how the daemon stands, when systemd asked for it (Type=notify). Its own program is used, since Node has
 * no Unix datagrams; the unit therefore needs NotifyAccess=all. What goes wrong there must not trouble the daemon.
 */
export function notifySystemd(state: "ready" | "stopping", environment = process.env): void {
  if (!environment["NOTIFY_SOCKET"]) return;
  execFile("systemd-notify", ["--no-block", `--${state}`], { env: environment, timeout: LIMIT_MS }, () => {});
}

const LIMIT_MS = 5_000;
