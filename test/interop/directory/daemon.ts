import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { connectTo, type ParleyConnection } from "#api/client.ts";

const PARLEYD = fileURLToPath(new URL("../../../bin/parleyd", import.meta.url));

/** A parleyd with a section `directory`. */
export class DirectoryDaemon {
  readonly child: ChildProcess;
  readonly socket: string;
  output = "";

  constructor(folder: string, name: string, settings: readonly string[]) {
    this.socket = join(folder, `${name}.sock`);
    const all = [
      `node.name=${name}`,
      `node.data=${join(folder, name)}`,
      `api.socket=${this.socket}`,
      ...settings,
    ];
    this.child = spawn(
      PARLEYD,
      all.flatMap((each) => ["-s", each]),
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on("data", (data: Buffer) => void (this.output += data.toString()));
  }

  /** Resolves when it serves. */
  async serving(): Promise<this> {
    await this.said(/serving the directory on (\S+),/);
    return this;
  }

  /** Resolves when its output has this. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found) return found;
      assert.equal(this.child.exitCode, null, this.output);
      await Promise.race([
        once(this.child.stdout!, "data"),
        once(this.child.stderr!, "data"),
        once(this.child, "exit"),
      ]);
    }
  }

  connect(): Promise<ParleyConnection> {
    return connectTo({ socket: this.socket });
  }

  async end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    this.child.kill(signal);
    await once(this.child, "exit");
  }
}

export interface Reply {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** One POST on a connection of its own from an address of ours, as the original's clients make it. */
export function post(
  url: string,
  body: string | Uint8Array = "",
  headers: Readonly<Record<string, string>> = {},
  localAddress?: string,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const type = { "content-type": "application/x-www-form-urlencoded" };
    const options = { method: "POST", agent: false, headers: { ...type, ...headers } } as const;
    const sent = request(
      url,
      localAddress === undefined ? options : { ...options, localAddress },
      (response) => {
        const parts: Buffer[] = [];
        response.on("data", (part: Buffer) => parts.push(part));
        response.once("error", reject);
        response.once("end", () => {
          const contentType = response.headers["content-type"] ?? "";
          resolve({ status: response.statusCode!, contentType, body: Buffer.concat(parts).toString("utf8") });
        });
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });
}

/** The ids of a list in the original's form. */
export function idsOf(body: string): string[] {
  return Object.keys((JSON.parse(body) as { Peers: Record<string, unknown> }).Peers);
}
