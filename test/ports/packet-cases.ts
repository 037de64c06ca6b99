import assert from "node:assert/strict";
import type { BpfProgram } from "#base/bpf.ts";
import { OperatorError } from "#base/operator-error.ts";
import { Box, frame, hardwareAddress, type Mode, type PacketPlace } from "./packet-place.ts";

/** What packet sockets promise, on the real machine and in a World. */
export const PACKET_CASES: Readonly<Record<string, (place: PacketPlace, mode: Mode) => Promise<void>>> = {
  "a frame comes whole, with its time and direction, and not to who sent it": async (place, mode) => {
    const [a, b] = [await Box.open(place.a, mode), await Box.open(place.b, mode)];
    const both = await Box.open(place.b, mode, { outgoing: true });
    assert.equal(a.socket.linkType, 1);
    const early = place.a.host.clock.wallTime();
    assert.equal(b.socket.send([frame(1), frame(2), frame(3)]), 3);
    await place.until(() => a.kept.length === 3 && both.kept.length === 3, "three frames on both sides");
    assert.deepEqual(
      a.kept.map(({ bytes, length, outgoing }) => ({ bytes, length, outgoing })),
      [1, 2, 3].map((mark) => ({ bytes: frame(mark), length: 60, outgoing: false })),
    );
    const late = place.a.host.clock.wallTime() + 2;
    for (const { timeMs } of a.kept) assert.ok(timeMs >= early - 2 && timeMs <= late, `${timeMs}`);
    assert.deepEqual([both.kept[0]!.outgoing, b.kept.length], [true, 0]);
    assert.deepEqual(a.socket.statistics(), { received: 3, dropped: 0 });
    for (const { socket } of [a, b, both]) socket.close();
  },

  "stored packets may go straight to the driver, and keep their order": async (place, mode) => {
    const a = await Box.open(place.a, mode);
    const sender = await Box.open(place.b, mode, { directBytes: 100 });
    // More than one batch; some are too long for this way.
    const long = Uint8Array.from([...frame(1), ...new Uint8Array(200)]);
    const frames = Array.from({ length: 1_402 }, (_, i) => (i % 600 === 599 ? long : frame(i)));
    const store = { bytes: Uint8Array.from(frames.flatMap((each) => [...each])), starts: startsOf(frames) };
    for (let next = 1, calls = 0; next < 1_401; calls++) {
      assert.ok(calls < 1_000, `${next - 1} packets taken`);
      next += sender.socket.sendStored!(store, next, 1_401);
    }
    await place.until(() => a.kept.length === 1_400, "all but two");
    assert.deepEqual(
      a.kept.map(({ bytes }) => bytes),
      frames.slice(1, -1),
    );
    assert.equal(sender.socket.statistics().lost ?? 0, 0);
    for (const { socket } of [a, sender]) socket.close();
  },

  "stored packets leave in their order, and come together as they come one by one": async (place, mode) => {
    const [a, b] = [await Box.open(place.a, mode), await Box.open(place.b, mode)];
    const together: { bytes: Uint8Array; length: number; timeMs: number }[] = [];
    const keep = (bytes: Uint8Array, length: number, seconds: number, nanoseconds: number): void =>
      void together.push({ bytes, length, timeMs: seconds * 1_000 + nanoseconds / 1_000_000 });
    const many = await place.a.host.packetSockets.open(
      { interface: place.a.interface, mode },
      {
        received: ({ bytes, start, stop, originalLength, seconds, nanoseconds }) =>
          keep(bytes.slice(start, stop), originalLength, seconds, nanoseconds),
        receivedMany: ({ count, bytes, starts, words, heads }) => {
          for (let i = 0; i < count; i++) {
            const [seconds, nanoseconds, kept, length] = words.subarray(heads[i], heads[i]! + 4);
            keep(bytes.slice(starts[i], starts[i]! + kept!), length!, seconds!, nanoseconds!);
          }
        },
        failed: (error) => a.errors.push(error),
      },
    );
    // More than one batch of them, some with a tag.
    const tagged = Uint8Array.from([...frame(1).slice(0, 12), 0x81, 0, 0x20, 7, ...frame(1).slice(12)]);
    const frames = Array.from({ length: 1_402 }, (_, i) => (i % 7 === 3 ? tagged : frame(i)));
    const store = { bytes: Uint8Array.from(frames.flatMap((each) => [...each])), starts: startsOf(frames) };
    assert.equal(b.socket.sendStored!(store, 1, 1_401), 1_400);
    await place.until(() => a.kept.length === 1_400 && together.length === 1_400, "all but two");
    assert.deepEqual(
      a.kept.map(({ bytes }) => bytes),
      frames.slice(1, -1),
    );
    assert.deepEqual(
      together.map(({ bytes, length }) => ({ bytes, length })),
      a.kept.map(({ bytes, length }) => ({ bytes, length })),
    );
    // Each socket looks at the clock for itself.
    const apartMs = together.map(({ timeMs }, i) => Math.abs(timeMs - a.kept[i]!.timeMs));
    assert.ok(Math.max(...apartMs) < 500, `${Math.max(...apartMs)} ms apart`);
    assert.deepEqual(a.errors, []);
    for (const socket of [a.socket, b.socket, many]) socket.close();
  },

  "a filter chooses; another one later throws away what the first let through": async (place, mode) => {
    const a = await Box.open(place.a, mode, { filter: typeIs(0x806), snapLength: 20 });
    const [all, b] = [await Box.open(place.a, mode), await Box.open(place.b, mode)];
    b.socket.send([frame(1), frame(2, 0x806)]);
    await place.until(() => a.kept.length === 1 && all.kept.length === 2, "one frame of two");
    assert.deepEqual([a.kept[0]!.bytes, a.kept[0]!.length], [frame(2, 0x806).slice(0, 20), 60]);
    a.socket.setFilter(typeIs(0x88b5));
    b.socket.send([frame(3, 0x806), frame(4)]);
    await place.until(() => a.kept.length === 2 && all.kept.length === 4, "one frame of the other two");
    assert.deepEqual(a.kept[1]!.bytes, frame(4).slice(0, 20));
    a.socket.setFilter(undefined);
    b.socket.send([frame(5, 0x806), frame(6)]);
    await place.until(() => a.kept.length === 4, "both");
    for (const { socket } of [a, all, b]) socket.close();
  },

  "a tag is in the bytes, and not in what a filter sees": async (place, mode) => {
    const tagged = Uint8Array.from([...frame(1).slice(0, 12), 0x81, 0, 0x20, 7, ...frame(1).slice(12)]);
    const a = await Box.open(place.a, mode, { filter: typeIs(0x88b5) });
    const cut = await Box.open(place.a, mode, { snapLength: 30 });
    // SKF_AD_VLAN_TAG_PRESENT.
    const present: BpfProgram = [{ code: 0x20, jt: 0, jf: 0, k: 0xffff_f030 }, ...accept(0x15, 1)];
    const only = await Box.open(place.a, mode, { filter: present });
    const b = await Box.open(place.b, mode);
    b.socket.send([frame(2), tagged]);
    await place.until(
      () => a.kept.length === 2 && cut.kept.length === 2 && only.kept.length === 1,
      "two frames",
    );
    assert.deepEqual([a.kept[1]!.bytes, a.kept[1]!.length], [tagged, 64]);
    assert.deepEqual([cut.kept[1]!.bytes, cut.kept[1]!.length], [tagged.slice(0, 30), 64]);
    assert.deepEqual(only.kept[0]!.bytes, tagged);
    for (const { socket } of [a, cut, only, b]) socket.close();
  },

  "what is for another machine comes to the promiscuous only": async (place, mode) => {
    const [plain, promiscuous] = [
      await Box.open(place.a, mode),
      await Box.open(place.a, mode, { promiscuous: true }),
    ];
    const b = await Box.open(place.b, mode);
    const own = await hardwareAddress(place.a);
    b.socket.send([
      frame(1, 0x88b5, [2, 0, 0, 0, 0, 77]),
      frame(2, 0x88b5, own),
      frame(3, 0x88b5, [1, 0, 0x5e, 0, 0, 5]),
    ]);
    await place.until(() => promiscuous.kept.length === 3 && plain.kept.length === 2, "three frames and two");
    assert.deepEqual(
      [plain.marks, promiscuous.marks],
      [
        [2, 3],
        [1, 2, 3],
      ],
    );
    for (const { socket } of [plain, promiscuous, b]) socket.close();
  },

  "after close nothing comes and nothing goes, also when it is closed at a packet": async (place, mode) => {
    const [a, b] = [await Box.open(place.a, mode), await Box.open(place.b, mode)];
    const early = await Box.open(place.a, mode);
    early.after = () => early.socket.close();
    b.socket.send([frame(1), frame(2)]);
    // Rings are read when their own time has come: the early one may be the later.
    await place.until(() => a.kept.length === 2 && early.kept.length > 0, "two frames and one");
    a.socket.close();
    a.socket.close();
    b.socket.send([frame(3)]);
    await place.pass(30);
    assert.deepEqual([a.kept.length, early.kept.length, a.errors, early.errors], [2, 1, [], []]);
    assert.equal(a.socket.send([frame(4)]), 0);
    a.socket.setFilter(undefined);
    assert.equal(a.socket.statistics().received, 2);
    b.socket.close();
  },

  "what a handler throws ends its socket and no other": async (place, mode) => {
    const [a, b] = [await Box.open(place.a, mode), await Box.open(place.b, mode)];
    const other = await Box.open(place.a, mode);
    a.after = () => {
      throw new Error("broken");
    };
    b.socket.send([frame(1), frame(2)]);
    await place.until(() => a.errors.length === 1 && other.kept.length === 2, "the error");
    assert.deepEqual([a.errors[0]!.message, a.kept.length], ["broken", 1]);
    for (const { socket } of [a, b, other]) socket.close();
  },

  "what no link carries is refused, and what is before it is sent": async (place, mode) => {
    const [a, b] = [await Box.open(place.a, mode), await Box.open(place.b, mode)];
    assert.equal(b.socket.send([frame(1), new Uint8Array(1_600), frame(2)]), 1);
    assert.throws(() => b.socket.send([new Uint8Array(1_600)]), /1600 bytes is longer than the link carries/);
    assert.throws(() => b.socket.send([new Uint8Array(13)]), /13 bytes is shorter than a link header/);
    assert.equal(b.socket.send([]), 0);
    await place.until(() => a.kept.length === 1, "the first");
    for (const { socket } of [a, b]) socket.close();
  },

  "a group shares what comes": async (place, mode) => {
    const options = { fanoutGroup: 9 };
    const boxes = [await Box.open(place.a, mode, options), await Box.open(place.a, mode, options)];
    const b = await Box.open(place.b, mode);
    const frames = Array.from({ length: 100 }, (_, i) => {
      const header = [
        0x45,
        0,
        0,
        28,
        0,
        0,
        0,
        0,
        64,
        17,
        0,
        0,
        10,
        0,
        0,
        i,
        10,
        1,
        1,
        1,
        0,
        i,
        0,
        7,
        0,
        8,
        0,
        0,
      ];
      return Uint8Array.from([...frame(0).slice(0, 12), 8, 0, ...header]);
    });
    assert.equal(b.socket.send(frames), 100);
    await place.until(() => boxes[0]!.kept.length + boxes[1]!.kept.length === 100, "a hundred in all");
    await place.pass(30);
    const counts = boxes.map(({ kept }) => kept.length);
    assert.ok(counts[0]! > 10 && counts[1]! > 10 && counts[0]! + counts[1]! === 100, `${counts}`);
    for (const { socket } of [...boxes, b]) socket.close();
  },

  "an interface that is not there, or goes away, is an error that names it": async (place, mode) => {
    await assert.rejects(
      place.a.host.packetSockets.open(
        { interface: "nowhere0", mode },
        { received: () => {}, failed: () => {} },
      ),
      (error) => error instanceof OperatorError && /no interface nowhere0/.test(error.message),
    );
    await assert.rejects(Box.open(place.a, mode, { snapLength: 0 }), RangeError);
    const [a, b] = [await Box.open(place.a, mode), await Box.open(place.b, mode)];
    const left = await Box.open(place.a, mode);
    b.socket.send([frame(1)]);
    await place.until(() => a.kept.length === 1, "a frame");
    left.socket.close();
    place.removeA();
    await place.until(() => a.errors.length === 1, "the end of the interface");
    assert.ok(a.errors[0] instanceof OperatorError);
    assert.match(a.errors[0].message, new RegExp(`interface ${place.a.interface} is gone`));
    assert.deepEqual([left.errors, a.socket.send([frame(2)])], [[], 0]);
    b.socket.close();
  },
};

function typeIs(type: number): BpfProgram {
  return [{ code: 0x28, jt: 0, jf: 0, k: 12 }, ...accept(0x15, type)];
}

/** Keeps everything of a packet when the comparison holds. */
function accept(code: number, k: number): BpfProgram {
  const keep = (length: number) => ({ code: 0x06, jt: 0, jf: 0, k: length });
  return [{ code, jt: 0, jf: 1, k }, keep(0xffff_ffff), keep(0)];
}

/** Where each begins when they lie one behind the other, and where the last one ends. */
function startsOf(packets: readonly Uint8Array[]): Float64Array {
  const starts = new Float64Array(packets.length + 1);
  for (const [i, { length }] of packets.entries()) starts[i + 1] = starts[i]! + length;
  return starts;
}
