import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { FakeControl } from "#api/fake-control.ts";
import type { ApiLimits } from "#api/limits.ts";
import { openApiServer, type ApiServer } from "#api/server.ts";
import type { Endpoint } from "#base/endpoint.ts";

export interface TestServer {
  readonly control: FakeControl;
  readonly api: ApiServer;
  readonly socket: string;
  readonly listen: Endpoint;
  readonly failures: unknown[];
}

export const TOKENS = { read: "read-token", write: "write-token", admin: "admin-token" };

/** An API server on a socket and a TCP port of its own, over a fake node; both are gone when the test ends. */
export async function startServer(test: TestContext, limits: Partial<ApiLimits> = {}): Promise<TestServer> {
  const control = new FakeControl();
  const failures: unknown[] = [];
  const socket = join(temporaryFolder(test), "parleyd.sock");
  const listen = { host: "127.0.0.1", port: 0 };
  const failed = (error: unknown) => failures.push(error);
  const api = await openApiServer({ control, socket, listen, tokens: TOKENS, limits, failed });
  test.after(() => api.close());
  return { control, api, socket, listen: api.listen!, failures };
}

export function temporaryFolder(test: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "parley-api-"));
  test.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Waits until `condition` holds, looking once per turn of the event loop; fails after some seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5_000;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
