import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { median } from "./median.ts";

const PARLEYD = fileURLToPath(new URL("../bin/parleyd", import.meta.url));
const PEERS = 10_000;
/** Clients at the same time, each with a connection that it keeps. */
const CLIENTS = 64;
const ROUNDS = 3;

/**
 * Registrations per second over HTTP, each answered when it is kept: in a file of SQLite, and in NATS where nats-server is
 * installed; by the JSON API, and by the original's, whose every answer is the whole list.
 */
export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "parley-bench-"));
  const children: ChildProcess[] = [];
  try {
    process.stdout.write(`registrations/s over HTTP on loopback, ${CLIENTS} clients, median of ${ROUNDS}\n`);
    await rows("sqlite", (round) => join(folder, `${round}.sqlite`), folder, children);
    if (spawnSync("sh", ["-c", "command -v nats-server"]).status !== 0) {
      process.stdout.write("nats     left out: nats-server is not installed\n");
      return;
    }
    const nats = spawn("nats-server", ["-a", "127.84.9.1", "-p", "4222", "-js", "-sd", folder], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    children.push(nats);
    await heard(nats, nats.stderr, "Server is ready");
    await rows("nats", (round) => `nats://127.84.9.1:4222/bench-${round}`, folder, children);
  } finally {
    for (const child of children) child.kill("SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  }
}

async function rows(
  name: string,
  storeOf: (round: number) => string,
  folder: string,
  children: ChildProcess[],
): Promise<void> {
  const json: number[] = [];
  const original: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    json.push(await measure(storeOf(round), `${folder}/${name}-${round}-json`, PEERS, children, jsonCall));
    original.push(
      await measure(storeOf(ROUNDS + round), `${folder}/${name}-${round}`, 1_000, children, originalCall),
    );
  }
  const figure = (rates: readonly number[]) => Math.round(median(rates)).toLocaleString("en").padStart(7);
  process.stdout.write(
    `${name.padEnd(8)} ${PEERS} peers, JSON API ${figure(json)}   1000 peers, original ${figure(original)}\n`,
  );
}

async function measure(
  store: string,
  data: string,
  peers: number,
  children: ChildProcess[],
  call: (i: number) => { path: string; body: string },
): Promise<number> {
  const settings = [
    "directory.serve=127.84.9.2:8080",
    `directory.store=${store}`,
    `directory.max-peers=${peers}`,
    `node.data=${data}`,
    `api.socket=${data}.sock`,
  ];
  const daemon = spawn(
    PARLEYD,
    settings.flatMap((each) => ["-s", each]),
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  children.push(daemon);
  await heard(daemon, daemon.stdout, "serving the directory");
  const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
  let next = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async () => {
      while (next < peers) {
        const { path, body } = call(next++);
        await post(agent, path, body);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1_000;
  agent.destroy();
  daemon.kill("SIGTERM");
  await once(daemon, "exit");
  return peers / seconds;
}

function jsonCall(i: number) {
  const peer = {
    id: `peer-${i}`,
    name: `node-${i}`,
    ip: "192.0.2.1",
    port: "7946",
    protocol: "tcp",
    status: "0",
    timestamp: "1",
  };
  return { path: "/v1/join", body: JSON.stringify({ ...peer, limit: 0 }) };
}

function originalCall(i: number) {
  return { path: "/join", body: `peer-${i} node-${i} 192.0.2.1 7946 tcp 0 1` };
}

function post(agent: Agent, path: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.84.9.2", port: 8080, path, method: "POST", agent }, (response) => {
      response.resume();
      response.once("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(`status ${response.statusCode}`)),
      );
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

async function heard(child: ChildProcess, stream: NodeJS.ReadableStream, words: string): Promise<void> {
  let said = "";
  const ended = once(child, "exit").then(() => {
    throw new Error(`${child.spawnfile} ended: ${said}`);
  });
  while (!said.includes(words)) said += String(await Promise.race([once(stream, "data"), ended]));
  ended.catch(() => {}); // it is to end some time
  stream.resume();
}
