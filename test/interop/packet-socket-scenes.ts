// Runs inside a network namespace: the scene named by its argument. Prints what came of it as JSON.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import type { BpfInstruction } from "#base/bpf.ts";
import { seededRandom, type Random } from "#base/random.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { runBpf } from "#packet/bpf/run.ts";
import { filteredFacts } from "#sim/packet-sockets.ts";
import {
  Box,
  frame,
  ip,
  makePair,
  MODES,
  numberOf,
  sendAll,
  typeFilter,
  until,
  whenUp,
  type Mode,
} from "./packet-socket-frames.ts";

const hex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("hex");
const numbers = (count: number, from = 0): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => frame(from + i));

/** Frames of every length, one after the other and many at once. */
async function everything(mode: Mode) {
  makePair(65_535);
  const [a, b] = [await Box.open("va", mode), await Box.open("vb", mode)];
  const began = Date.now();
  const lengths = [14, 15, 60, 64, 1_514, 9_000, 65_000, 65_549];
  const sent = lengths.map((length, i) => frame(i, Math.max(length, 18)).subarray(0, length));
  const taken = b.socket.send(sent);
  await until(() => a.kept.length === sent.length, "frames of every length");
  const isSame = a.kept.every(({ bytes }, i) => hex(bytes) === hex(sent[i]));
  const [first] = a.kept;
  const skewMs = first!.time - began;
  await sendAll(b.socket, numbers(5_000, 100));
  await until(() => a.kept.length === 5_000 + sent.length, "5,000 frames");
  const ordered = a.kept.slice(sent.length).every(({ bytes }, i) => numberOf(bytes) === 100 + i);
  const problems = [frame(1, 65_600), frame(1, 18).subarray(0, 10)].map((bad) => {
    try {
      return `taken: ${b.socket.send([bad])}`;
    } catch (error) {
      return (error as Error).message;
    }
  });
  const partly = b.socket.send([frame(1), frame(2), frame(3, 65_600), frame(4)]);
  const statistics = b.socket.statistics();
  a.socket.close();
  b.socket.close();
  return {
    taken,
    isSame,
    skewMs,
    ordered,
    problems,
    partly,
    own: b.kept.length,
    statistics,
    type: a.socket.linkType,
  };
}

/** Tags that the kernel takes out of what comes. */
async function tags(mode: Mode) {
  makePair();
  const all = await Box.open("va", mode);
  const short = await Box.open("va", mode, { snapLength: 40 });
  const tiny = await Box.open("va", mode, { snapLength: 10 });
  const b = await Box.open("vb", mode);
  const expected = [
    [0x81, 0, 0x60, 9],
    [0x88, 0xa8, 0, 5, 0x81, 0, 0, 6],
  ].map((tag) => Uint8Array.from([...frame(1).subarray(0, 12), ...tag, ...frame(1).subarray(12)]));
  // That the kernel has taken the tag out is what the filter shows: the type it finds is the one behind the tag.
  const behind = await Box.open("va", mode, { filter: typeFilter(0x88b5) });
  b.socket.send(expected);
  await until(() => [all, short, tiny].every(({ kept }) => kept.length === 2), "two tagged frames");
  await until(() => behind.kept.length === 1, "the frame with one tag");
  const result = {
    expected: expected.map(hex),
    whole: all.kept.map(({ bytes }) => hex(bytes)),
    lengths: [all, short, tiny].map(({ kept }) => kept.map(({ length }) => length)),
    short: short.kept.map(({ bytes }) => hex(bytes)),
    tiny: tiny.kept.map(({ bytes }) => hex(bytes)),
    behind: behind.kept.map(({ bytes }) => hex(bytes)),
  };
  for (const { socket } of [all, short, tiny, behind, b]) socket.close();
  return result;
}

/** What a filter lets through, from the start and after it was changed; a snap length; addresses and directions. */
async function filters(mode: Mode) {
  makePair();
  const options = { filter: typeFilter(0x806), snapLength: 30 };
  const [arp, cut] = [await Box.open("va", mode, options), await Box.open("va", mode, { snapLength: 30 })];
  const [whole, both] = [
    await Box.open("va", mode, { promiscuous: true }),
    await Box.open("vb", mode, { outgoing: true }),
  ];
  const sender = await Box.open("vb", mode);
  const other = [2, 0, 0, 0, 0, 77];
  await sendAll(sender.socket, [
    frame(1),
    frame(2, 64, 0x806),
    frame(3, 64, 0x88b5, other),
    frame(4, 64, 0x806),
  ]);
  await until(
    () => whole.kept.length === 4 && arp.kept.length === 2 && both.kept.length === 4,
    "four frames",
  );
  // What waits when the filter changes is not wanted any more.
  sender.socket.send([frame(5, 64, 0x806), frame(6, 64, 0x806)]);
  arp.socket.setFilter(typeFilter(0x88b5));
  sender.socket.send([frame(7, 64, 0x806), frame(8)]);
  await until(() => arp.kept.length === 3, "a frame by the new filter");
  const refused = await Box.open("va", mode, { filter: [{ code: 0x28, jt: 0, jf: 0, k: 12 }] }).catch(
    (error: Error) => error.message,
  );
  let kept = "";
  try {
    arp.socket.setFilter([]);
  } catch (error) {
    kept = (error as Error).message;
  }
  arp.socket.setFilter(undefined);
  sender.socket.send([frame(9, 64, 0x806), frame(10)]);
  await until(() => arp.kept.length === 5, "everything again");
  const result = {
    arp: arp.numbers,
    lengths: arp.kept.map(({ bytes, length }) => [bytes.length, length]),
    cut: cut.kept.slice(0, 3).map(({ bytes, length }) => [numberOf(bytes), bytes.length, length]),
    whole: whole.numbers.slice(0, 4),
    outgoing: both.kept.slice(0, 4).map(({ outgoing }) => outgoing),
    own: sender.kept.length,
    refused,
    kept,
  };
  for (const { socket } of [arp, cut, whole, both, sender]) socket.close();
  return result;
}

/** Nobody reads while more comes than there is room for. */
async function drops(mode: Mode) {
  makePair();
  const [a, b] = [await Box.open("va", mode, { bufferBytes: 512 * 1024 }), await Box.open("vb", mode)];
  const packets = numbers(512);
  let sent = 0;
  for (let i = 0; i < 40; i++) sent += b.socket.send(packets);
  const early = a.socket.statistics();
  let last = -1;
  while (last !== a.kept.length) {
    last = a.kept.length;
    await sleep(30);
  }
  const late = a.socket.statistics();
  a.socket.close();
  b.socket.close();
  return { sent, early, late, again: a.socket.statistics(), kept: a.kept.length };
}

/** The interface goes down, comes up, and goes away. */
async function removal(mode: Mode) {
  makePair();
  ip("link set va down");
  const [a, b] = [await Box.open("va", mode), await Box.open("vb", mode)];
  const down = b.socket.send([frame(0)]);
  ip("link set va up");
  await whenUp();
  b.socket.send([frame(1)]);
  await until(() => a.kept.length === 1, "a frame on an interface that was down at first");
  for (let i = 0; i < 3; i++) {
    ip("link set va down");
    if (i > 0) await sleep(150);
    ip("link set va up");
  }
  await whenUp();
  b.socket.send([frame(2)]);
  await until(() => a.kept.length === 2, "a frame after it was down");
  const flapped = [...a.errors];
  b.socket.send([frame(3)]);
  ip("link del va");
  const began = performance.now();
  await until(() => a.errors.length > 0 && b.errors.length > 0, "the end");
  const toldMs = performance.now() - began;
  const before = process.cpuUsage();
  await sleep(200);
  const { user, system } = process.cpuUsage(before);
  const after = b.socket.send([frame(4)]);
  a.socket.close();
  b.socket.close();
  const errors = [...a.errors, ...b.errors].map((error) => [error.name, error.message]);
  return { down, flapped, errors, toldMs, numbers: a.numbers, after, idleCpuMs: (user + system) / 1_000 };
}

/** What is sent is what tcpdump sees. */
async function tcpdump() {
  makePair();
  const child = spawn("tcpdump", ["-i", "va", "-w", "-", "-U", "-B", "16384"]);
  const chunks: Buffer[] = [];
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
  await until(() => errors.includes("listening"), "tcpdump");
  const b = await Box.open("vb", "latency");
  const sent = Array.from({ length: 2_000 }, (_, i) => frame(i, 60 + (i % 1_400)));
  await sendAll(b.socket, sent);
  const ended = new Promise((resolve) => child.on("close", resolve));
  // Its own buffer is handed over after a second.
  await sleep(1_200);
  child.kill("SIGINT");
  await ended;
  b.socket.close();
  const reader = new CaptureReader();
  reader.push(Buffer.concat(chunks));
  reader.end();
  let same = 0;
  for (let i = 0; reader.next(); i++) {
    if (hex(reader.bytes.subarray(reader.start, reader.stop)) === hex(sent[i])) same++;
  }
  return { same, said: errors.trim().split("\n").at(-1) };
}

/** Two sockets of a group get each frame once. */
async function fanout(mode: Mode) {
  makePair();
  const boxes = [
    await Box.open("va", mode, { fanoutGroup: 5 }),
    await Box.open("va", mode, { fanoutGroup: 5 }),
  ];
  const b = await Box.open("vb", mode);
  await sendAll(
    b.socket,
    Array.from({ length: 400 }, (_, i) => ipv4(i)),
  );
  await until(() => boxes.reduce((sum, { kept }) => sum + kept.length, 0) >= 400, "400 frames");
  await sleep(20);
  for (const { socket } of [...boxes, b]) socket.close();
  return { counts: boxes.map(({ kept }) => kept.length) };
}

/** An empty UDP datagram of a flow of its own. */
function ipv4(i: number): Uint8Array {
  const header = [0x45, 0, 0, 28, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, i >> 8, i & 255, 10, 1, 1, 1];
  return Uint8Array.from([...frame(i).subarray(0, 12), 8, 0, ...header, i >> 8, i & 255, 0, 7, 0, 8, 0, 0]);
}

/** What loopback and a tunnel give. */
async function media(mode: Mode) {
  ip("tuntap add dev t0 mode tun");
  ip("link set t0 up");
  const [lo, tunnel] = [await Box.open("lo", mode), await Box.open("t0", mode)];
  const udp = createSocket("udp4");
  udp.send("once", 9, "127.0.0.1");
  // The datagram, and that nobody wants it.
  await until(() => lo.kept.length >= 2, "both packets");
  await sleep(20);
  for (const { socket } of [lo, tunnel]) socket.close();
  udp.close();
  ip("link del t0");
  const ends = lo.kept.map(({ bytes }) => Buffer.from(bytes.subarray(-4)).toString());
  return { types: [lo, tunnel].map(({ socket }) => socket.linkType), ends };
}

/** Random programs: whether the kernel keeps what the simulator's interpreter says. */
async function programs(mode: Mode) {
  makePair();
  const [a, all, b] = [await Box.open("va", mode), await Box.open("va", mode), await Box.open("vb", mode)];
  const random = seededRandom(7);
  const frames = [60, 14, 200].map((length, i) => frame(0x01020304 + i, Math.max(18, length)));
  let [kept, dropped] = [0, 0];
  const different: string[] = [];
  for (let i = 0; i < 300; i++) {
    const program = randomProgram(random);
    try {
      a.socket.setFilter(program);
    } catch {
      continue;
    }
    [a.kept.length, all.kept.length] = [0, 0];
    b.socket.send(frames);
    const expected = frames
      .map((bytes) => Math.min(runBpf(program, bytes, filteredFacts(bytes, undefined, 1, 1)), bytes.length))
      .filter((length) => length > 0);
    await until(() => all.kept.length === frames.length && a.kept.length >= expected.length, "frames");
    const lengths = a.kept.map(({ bytes }) => bytes.length);
    if (`${lengths}` !== `${expected}`)
      different.push(`${JSON.stringify(program)}: ${lengths}, not ${expected}`);
    kept += lengths.length;
    dropped += frames.length - lengths.length;
  }
  for (const { socket } of [a, all, b]) socket.close();
  return { kept, dropped, different };
}

function randomProgram(random: Random): BpfInstruction[] {
  const pick = (...values: readonly number[]): number => values[random.below(values.length)]!;
  const length = 4 + random.below(12);
  // Memory must be written before it is read.
  const steps: BpfInstruction[] = [0, 1].map((k) => ({ code: 0x02, jt: 0, jf: 0, k }));
  for (let i = 0; i < length; i++) {
    const code = pick(
      ...[
        0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03, 0x07, 0x87,
      ],
      ...[
        0x04, 0x0c, 0x14, 0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c, 0x84,
      ],
      ...[0x94, 0x9c, 0xa4, 0xac, 0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d],
    );
    const rest = length - i;
    const isMemory = [0x60, 0x61, 0x02, 0x03].includes(code);
    const isShift = [0x64, 0x74].includes(code);
    const isLoad = (code & 7) <= 1 && !isMemory;
    const number = isLoad ? pick(0, 1, 12, 14, 17, 40, 0xffff_f000, 0xffff_f004, 0xffff_f030) : random.next();
    const k = isMemory
      ? random.below(2)
      : isShift
        ? random.below(32)
        : code === 0x05
          ? random.below(rest)
          : number;
    steps.push({ code, jt: random.below(rest), jf: random.below(rest), k: pick(k, isLoad ? k : k & 31) });
  }
  return [...steps, { code: pick(0x06, 0x16), jt: 0, jf: 0, k: pick(0, 20, 0xffff) }];
}

const scenes = { media, programs, everything, tags, filters, drops, removal, fanout };
const name = process.argv[2]!;
const results: unknown[] = [];
if (name === "tcpdump") results.push(await tcpdump());
else {
  // Who carries the filters out is the same in both modes.
  for (const mode of name === "programs" ? MODES.slice(0, 1) : MODES) {
    results.push(await scenes[name as keyof typeof scenes](mode));
    // Not there any more after the scene of the removal.
    try {
      ip("link del va");
    } catch {}
  }
}
process.stdout.write(`${JSON.stringify(results)}\n`);
