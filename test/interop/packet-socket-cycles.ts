// Runs inside a network namespace, with --expose-gc: sockets opened and closed again and again while packets pour in.
// With the argument "flood" it is what pours them.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { PacketSocket, ReceivedPacket } from "#host/packet-sockets.ts";
import { frame, makePair, MODES, packetSockets, rawIp, typeFilter, until } from "./packet-socket-frames.ts";

const CYCLES = 200;
/** Calls of handlers after close, and whatever else must not be. */
let late = 0;

if (process.argv[2] === "flood") await flood();
else await cycles();

async function flood(): Promise<void> {
  const socket = await packetSockets.open(
    { interface: "vb", mode: "latency" },
    { received: () => {}, failed: () => process.exit(0) },
  );
  const packets = Array.from({ length: 64 }, (_, i) => frame(i, 60 + i * 20));
  // Not longer than who started it, however that ends.
  const parent = process.ppid;
  while (process.ppid === parent) {
    socket.send(packets);
    await sleep(0);
  }
  socket.close();
}

async function cycles(): Promise<void> {
  makePair();
  const child = spawn(process.execPath, [...process.execArgv, import.meta.filename, "flood"], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  // What the first ones load once, for good.
  for (let i = 0; i < 10; i++) await cycle(i);
  await settle();
  const before = resources();
  let packets = 0;
  for (let i = 0; i < CYCLES; i++) packets += await cycle(i);
  await settle();
  const after = resources();
  child.kill("SIGKILL");
  process.stdout.write(`${JSON.stringify({ before, after, packets, late })}\n`);
}

async function cycle(i: number): Promise<number> {
  let [count, closed] = [0, false];
  let kept: ReceivedPacket | undefined;
  const how = i % 4;
  const socket: PacketSocket = await packetSockets.open(
    { interface: "va", mode: MODES[i % 2]!, ...(i % 3 === 0 && { filter: typeFilter(0x88b5) }) },
    {
      received: (packet) => {
        if (closed) late++;
        count++;
        kept = packet;
        if (how === 0 && count === 20) end();
        if (how === 1 && count % 10 === 0) socket.setFilter(typeFilter(0x88b5));
      },
      drained: () => {
        if (closed) late++;
        // Promises go on after packets.
        if (how === 2 && count >= 20) void Promise.resolve().then(end);
      },
      failed: () => late++,
    },
  );
  const end = (): void => {
    closed = true;
    socket.close();
  };
  if (i % 2 === 0) (globalThis as { gc?: () => void }).gc!();
  await until(() => closed || count >= 30, "packets");
  if (i % 8 === 0) (globalThis as { gc?: () => void }).gc!();
  end();
  socket.close();
  // Whoever keeps a packet too long reads nothing.
  if (kept!.bytes.length !== 0) late++;
  socket.send([frame(1)]);
  socket.setFilter(undefined);
  if (i % 10 === 0) {
    const raw = await rawIp.open(
      { interface: "va", protocol: 89 },
      { received: () => {}, failed: () => late++ },
    );
    raw.join({ bytes: Uint8Array.of(224, 0, 0, 5) });
    raw.close();
    (await rawIp.openSender({ protocol: 89 })).close();
  }
  return count;
}

/** What is freed later is freed now. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await sleep(20);
    (globalThis as { gc?: () => void }).gc!();
  }
}

function resources() {
  const maps = readFileSync("/proc/self/maps", "utf8").trim().split("\n");
  const status = readFileSync("/proc/self/status", "utf8");
  return {
    descriptors: readdirSync("/proc/self/fd").length,
    rings: maps.filter((line) => line.includes("socket:")).length,
    maps: maps.length,
    residentKiB: Number(/VmRSS:\s+(\d+)/.exec(status)![1]),
  };
}
