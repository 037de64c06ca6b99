import { explain, OperatorError } from "#base/operator-error.ts";
import { loadConfiguration } from "#config/load.ts";
import { ConfigurationError } from "#config/problem.ts";
import { formatVersion } from "#base/format-version.ts";
import { readVersion } from "#config/version.ts";
import { configurationSchema, Daemon } from "#daemon/daemon.ts";
import { DAEMON_USAGE, readDaemonOptions, type DaemonOptions } from "#daemon/options.ts";
import { notifySystemd } from "#daemon/service-manager.ts";
import { safeText } from "#base/safe-text.ts";
import type { NodeEvent } from "#services/events.ts";
import { systemHost } from "#system/host.ts";

/** The program `parleyd`. Resolves with its exit status. */
async function main(args: readonly string[]): Promise<number> {
  // A reader of our output that goes away must not end the daemon.
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});
  try {
    return await act(readDaemonOptions(args));
  } catch (error) {
    const lines = error instanceof ConfigurationError ? error.message.split("\n") : [explain(error)];
    for (const line of lines) process.stderr.write(`parleyd: ${safeText(line)}\n`);
    return error instanceof OperatorError ? error.exitStatus : 1;
  }
}

async function act(options: DaemonOptions): Promise<number> {
  const source = { settings: options.settings, folder: process.cwd(), ...given(options) };
  switch (options.action) {
    case "help":
      process.stdout.write(DAEMON_USAGE);
      return 0;
    case "version":
      process.stdout.write(`parleyd ${formatVersion(await readVersion())}\n`);
      return 0;
    case "check":
    case "print-config": {
      const configuration = await loadConfiguration(source, configurationSchema());
      process.stdout.write(
        options.action === "check" ? "the configuration is good\n" : configuration.print(),
      );
      return 0;
    }
    case "run": {
      const signals = new EndSignals();
      const daemon = await Daemon.start({
        host: systemHost(),
        source,
        version: await readVersion(),
        follow: print,
      });
      return live(daemon, signals, options.untilStdinEnds);
    }
  }
}

/** Until a signal, a command or the end of the standard input asks for the end. */
async function live(daemon: Daemon, signals: EndSignals, untilStdinEnds: boolean): Promise<number> {
  const failing = (error: unknown): void => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    daemon.log.publish("node", "error", `unexpected: ${text.replaceAll(/\s*\n\s*/g, " ")}`);
  };
  // One service's mistake must not end the others.
  process.on("uncaughtException", failing);
  process.on("unhandledRejection", failing);
  process.on("SIGHUP", () => void daemon.reload().catch(() => {}));
  signals.tell((signal) => {
    daemon.log.publish("node", "info", `received ${signal}`);
    daemon.shutdown();
  });
  if (untilStdinEnds)
    process.stdin
      .on("end", () => daemon.shutdown())
      .on("error", () => daemon.shutdown())
      .resume();
  notifySystemd("ready");
  await daemon.ending;
  notifySystemd("stopping");
  const late = setTimeout(() => process.exit(1), STOP_LIMIT_MS);
  late.unref();
  await daemon.stop();
  return 0;
}

/**
 * Heard from the start on: what is asked while services start is done in order as soon as they have, so that none leaves
 * routes or locks behind.
 */
class EndSignals {
  #asked: NodeJS.Signals | undefined;
  #listener: (signal: NodeJS.Signals) => void = () => {};

  constructor() {
    const hear = (signal: NodeJS.Signals): void => {
      if (this.#asked) process.exit(1); // asked twice: at once
      this.#asked = signal;
      this.#listener(signal);
    };
    process.on("SIGINT", hear);
    process.on("SIGTERM", hear);
  }

  tell(listener: (signal: NodeJS.Signals) => void): void {
    this.#listener = listener;
    if (this.#asked) listener(this.#asked);
  }
}

function given({ config, profile }: DaemonOptions) {
  return { ...(config !== undefined && { path: config }), ...(profile !== undefined && { profile }) };
}

function print({ service, level, text }: NodeEvent): void {
  const prefix = level === "info" ? "" : `${level}: `;
  process.stdout.write(
    `${safeText(service === "node" ? `${prefix}${text}` : `${prefix}${service}: ${text}`)}\n`,
  );
}

/** Each service has a limit of its own; this one is for all together. */
const STOP_LIMIT_MS = 10_000;

// Sockets of clients that linger must not keep the process.
process.exit(await main(process.argv.slice(2)));
