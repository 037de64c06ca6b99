import { isDeepStrictEqual } from "node:util";
import { seededRandom, type Random } from "#base/random.ts";
import { CaptureReader, type CaptureBlock, type CaptureInterface } from "#packet/file/capture-reader.ts";
import type { CaptureOption, CaptureProblem } from "#packet/file/capture-types.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";
import { CaptureFrame } from "#packet-tools/capture-source.ts";
import { secondsText } from "#packet-tools/row.ts";
import { frameTime } from "#packet/query/frame.ts";
import { hashOf, must, type Target } from "./target.ts";

interface ReadPacket {
  readonly bytes: Uint8Array;
  readonly seconds: number;
  readonly nanoseconds: number;
  readonly timed: boolean;
  readonly originalLength: number;
  readonly interfaceIndex: number;
  readonly linkType: number;
  readonly comments: readonly string[];
  readonly options: readonly CaptureOption[];
  readonly order: "little" | "big";
}

/** What a file holds, in its order. */
interface ReadFile {
  readonly format: "pcap" | "pcapng" | undefined;
  readonly items: readonly (ReadPacket | CaptureBlock)[];
  readonly interfaces: readonly CaptureInterface[];
  readonly problem: CaptureProblem | undefined;
}

/** Capture files, broken and whole; what is read of them is written and read again. */
export function captureTarget(name: "pcap" | "pcapng"): Target {
  return {
    name,
    longest: 16_384,
    run(input) {
      const whole = readFile(input, () => input.length);
      const random = seededRandom(hashOf(input));
      const parts = readFile(input, () => chunkSize(random));
      must(isDeepStrictEqual(parts, whole), "chunks change what is read", brief(parts), brief(whole));
      if (whole.problem)
        must(
          0 <= whole.problem.at && whole.problem.at <= input.length,
          "a problem out of place",
          whole.problem,
        );
      checkCopies(whole);
      return outcomeOf(whole);
    },
  };
}

function chunkSize(random: Random): number {
  return 1 + random.below([1, 7, 40, 500][random.below(4)]!);
}

function readFile(file: Uint8Array, size: () => number): ReadFile {
  const items: (ReadPacket | CaptureBlock)[] = [];
  const reader = new CaptureReader({
    onBlock: (block) => items.push({ ...block, body: block.body.slice() }),
  });
  const frame = new CaptureFrame(reader);
  const take = (): void => {
    while (reader.next()) {
      items.push(packetOf(reader));
      frame.follow();
      must(frame.length >= frame.capturedLength && frame.capturedLength >= 0, "lengths of a frame");
      secondsText((frameTime(frame) ?? 0n) - frame.firstTime + frame.previousTime);
      const hasInterface = reader.format === "pcapng";
      must((typeof frame.interfaceName === "string") === hasInterface, "an interface's name");
      must((frame.interfaceIndex ?? -1) >= 0 === hasInterface, "an interface's number");
      frame.leave();
    }
  };
  for (let at = 0; at < file.length;) {
    const chunk = file.slice(at, at + size());
    at += chunk.length;
    reader.push(chunk);
    take();
    // Its owner may fill it again.
    chunk.fill(0xee);
  }
  reader.end();
  take();
  must(reader.done, "the reader is not done at the end");
  const { format, interfaces, problem } = reader;
  return { format, items, interfaces, problem };
}

function packetOf(reader: CaptureReader): ReadPacket {
  const { seconds, nanoseconds, timed, originalLength, interfaceIndex, linkType, order } = reader;
  must(reader.start <= reader.stop && reader.stop <= reader.bytes.length, "a packet out of place");
  must(Number.isInteger(seconds) && nanoseconds >= 0 && nanoseconds < 1e9, "no time", seconds, nanoseconds);
  must(Number.isInteger(nanoseconds), "no nanoseconds", nanoseconds);
  const bytes = reader.bytes.slice(reader.start, reader.stop);
  const [comments, options] = [reader.comments(), reader.options()];
  return {
    bytes,
    seconds,
    nanoseconds,
    timed,
    originalLength,
    interfaceIndex,
    linkType,
    comments,
    options,
    order,
  };
}

function isPacket(item: ReadPacket | CaptureBlock): item is ReadPacket {
  return "linkType" in item;
}

function checkCopies(file: ReadFile): void {
  if (file.interfaces.length === 0) return;
  for (const order of ["little", "big"] as const) {
    const ng = copyToPcapng(file, order);
    const again = readFile(ng.bytes, () => ng.bytes.length);
    must(again.problem === undefined, "a written pcapng file is broken", again.problem);
    comparePackets(file, again, ng.clamped > 0, "pcapng");
    const second = copyToPcapng(again, order);
    must(Buffer.compare(second.bytes, ng.bytes) === 0, "a copy of a copy differs", second.bytes, ng.bytes);
    checkPcap(file, order);
  }
}

function copyToPcapng(file: ReadFile, order: "little" | "big"): { bytes: Uint8Array; clamped: number } {
  const writer = new PcapngWriter({ order });
  if (file.format === "pcap") {
    writer.appendSection();
    for (const each of file.interfaces) writer.appendInterface(each);
  }
  for (const item of file.items)
    if (isPacket(item)) {
      const { bytes, seconds, nanoseconds, originalLength, interfaceIndex, options } = item;
      const extras = file.format === "pcap" ? {} : { options, order: item.order };
      writer.append(interfaceIndex, bytes, 0, bytes.length, seconds, nanoseconds, originalLength, extras);
    } else writer.appendBlock(item.type, item.body, item);
  return { bytes: writer.take(), clamped: writer.clampedTimes };
}

function checkPcap(file: ReadFile, order: "little" | "big"): void {
  const packets = file.items.filter(isPacket);
  const linkType = packets[0]?.linkType ?? 1;
  if (packets.some((each) => each.linkType !== linkType)) return;
  const writer = new PcapWriter({ linkType, nanoseconds: true, order });
  const parts = [writer.header()];
  for (const { bytes, seconds, nanoseconds, originalLength } of packets)
    parts.push(writer.packet(bytes, 0, bytes.length, seconds, nanoseconds, originalLength));
  const bytes = Buffer.concat(parts);
  const again = readFile(bytes, () => bytes.length);
  must(again.problem === undefined, "a written pcap file is broken", again.problem);
  comparePackets(file, again, writer.clampedTimes > 0, "pcap");
}

/** The same packets; a simple packet block has no time, and a time that cannot be told is another one. */
function comparePackets(file: ReadFile, again: ReadFile, isClamped: boolean, to: "pcap" | "pcapng"): void {
  const plain = (each: ReadPacket): unknown => ({
    bytes: each.bytes,
    originalLength: each.originalLength,
    linkType: each.linkType,
    ...(!isClamped && each.timed && { seconds: each.seconds, nanoseconds: each.nanoseconds }),
    ...(to === "pcapng" && { interfaceIndex: each.interfaceIndex, comments: each.comments }),
  });
  const before = file.items.filter(isPacket);
  const after = again.items.filter(isPacket);
  must(after.length === before.length, `packets are lost in ${to}`, before.length, after.length);
  for (const [i, packet] of before.entries()) {
    const [a, b] = [plain(packet), plain({ ...after[i]!, timed: packet.timed })];
    must(isDeepStrictEqual(a, b), `a packet differs once written to ${to}`, a, b);
  }
}

function brief({ items, problem, interfaces }: ReadFile): unknown {
  return {
    packets: items.filter(isPacket).length,
    items: items.length,
    interfaces: interfaces.length,
    problem,
  };
}

function outcomeOf({ format, items, interfaces, problem }: ReadFile): string {
  const kinds = new Set(items.map((each) => (isPacket(each) ? `p${each.options.length}` : `b${each.type}`)));
  const counts = [items.length, interfaces.length].map((each) => Math.min(each, 8)).join("/");
  return `${format} ${counts} ${[...kinds].sort().join(" ")} ${problem?.message.replaceAll(/\d+/g, "0") ?? ""}`;
}
