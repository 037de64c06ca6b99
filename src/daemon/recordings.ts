import { createWriteStream, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { explain } from "#base/operator-error.ts";
import { Recorder } from "#machine/record.ts";
import type { EventLog } from "#services/event-log.ts";

/** Gives each run of a service's core a file of its own in `folder`: SERVICE-TIME.jsonl. A full disk ends only it. */
export function recordingsIn(folder: string, log: EventLog) {
  return (service: string, core: string, setup: unknown): Recorder | undefined => {
    const file = join(
      resolve(folder),
      `${service}-${new Date().toISOString().replaceAll(/[:.]/g, "-")}.jsonl`,
    );
    try {
      mkdirSync(resolve(folder), { recursive: true, mode: 0o700 });
    } catch (error) {
      log.publish(
        "node",
        "error",
        `cannot record ${service}: ${explain(error)}; set node.recordings to another folder`,
      );
      return undefined;
    }
    // Messages are private, and configurations have keys: nobody else reads the file.
    const stream = createWriteStream(file, { mode: 0o600 });
    stream.on("error", (error) =>
      log.publish("node", "error", `the recording ${file} ended: ${explain(error)}`),
    );
    log.publish("node", "info", `recording ${service} to ${file}`);
    return new Recorder({ recording: 1, core, setup }, (line) => void stream.write(`${line}\n`));
  };
}
