// Makes test/fuzz/corpus of the captures and queries under test/: node tools/fuzz/make-corpus.ts
import { globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import { textOption } from "#packet/file/options.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";
import { Packet } from "#packet/dissect.ts";
import { factsOf } from "#packet/facts.ts";
import {
  enhancedPacket,
  interfaceBlock,
  pcapngBlock,
  pcapngOption,
  sectionHeader,
  words,
} from "#packet/file/testing/make-capture.ts";
import { standardRegistry } from "#wire/registry.ts";
import { QUERIES } from "../../test/interop/tshark/queries.ts";
import { frameIn, inputOf } from "./packets.ts";
import { hex } from "./target.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url));
const MOST_HEX = 130_000;
const LONGEST_FRAME = 700;
const PACKETS = [5, 0, 60, 33].map((size, i) => Uint8Array.from({ length: size }, (_, at) => at * i));

const frames = pickFrames();
save(
  "packets/frames.hex",
  `# link type, bytes that were not captured, frame\n${frames.map(hex).join("\n")}\n`,
);
save("query/queries.txt", `${QUERIES.join("\n")}\n`);
for (const [name, bytes] of pcapFiles()) save(`pcap/${name}`, bytes);
for (const [name, bytes] of pcapngFiles()) save(`pcapng/${name}`, bytes);

function save(path: string, content: string | Uint8Array): void {
  const full = join(ROOT, "test/fuzz/corpus", path);
  mkdirSync(join(full, ".."), { recursive: true });
  writeFileSync(full, content);
}

/** Frames that hold something which those before do not: a name of a query, a stack of protocols. */
function pickFrames(): Uint8Array[] {
  const registry = standardRegistry();
  const seen = new Set<string>();
  const picked: Uint8Array[] = [];
  let size = 0;
  const files = globSync("test/captures/**/*.pcap", { cwd: ROOT }).sort();
  for (const file of files) {
    const reader = new CaptureReader();
    reader.push(new Uint8Array(readFileSync(join(ROOT, file))));
    reader.end();
    while (reader.next()) {
      const bytes = reader.bytes.slice(reader.start, reader.stop);
      const input = inputOf(reader.linkType, Math.max(0, reader.originalLength - bytes.length), bytes);
      if (input.length > LONGEST_FRAME || size + 2 * input.length > MOST_HEX) continue;
      const { first, missing } = frameIn(registry, input);
      const packet = new Packet(registry, first, bytes, { originalLength: bytes.length + missing });
      const words = new Set([
        ...factsOf(packet).map(({ query }) => query),
        ...packet.problems.map(({ error }) => error.replaceAll(/\d+/g, "0")),
        packet.layers.map(({ message }) => message.name).join(" "),
      ]);
      const fresh = [...words].filter((each) => !seen.has(each));
      if (fresh.length === 0) continue;
      for (const each of fresh) seen.add(each);
      picked.push(input);
      size += 2 * input.length + 1;
    }
  }
  return picked;
}

function pcapFiles(): [string, Uint8Array][] {
  return (["little", "big"] as const).flatMap((order) =>
    [true, false].map((nanoseconds): [string, Uint8Array] => {
      const writer = new PcapWriter({ linkType: 1, nanoseconds, order });
      const packets = PACKETS.map((bytes, i) =>
        writer.packet(bytes, 0, bytes.length, 1_700_000_000 + i, 123_456_789, bytes.length + i),
      );
      return [
        `${order}${nanoseconds ? "-nanoseconds" : ""}.pcap`,
        Buffer.concat([writer.header(), ...packets]),
      ];
    }),
  );
}

/** Two sections of different orders, interfaces of several clocks, blocks and options of every kind. */
function pcapngFiles(): [string, Uint8Array][] {
  const plain = new PcapngWriter();
  plain.appendSection([textOption(4, "parley")]);
  plain.appendInterface({ linkType: 1, name: "eth0" });
  for (const [i, bytes] of PACKETS.entries())
    plain.append(
      0,
      bytes,
      0,
      bytes.length,
      1_700_000_000 + i,
      5,
      bytes.length,
      i === 2 ? { comments: ["one"] } : {},
    );
  const rich = [true, false].flatMap((little) => [
    sectionHeader(
      little,
      pcapngOption(little, 1, Buffer.from("a comment")),
      pcapngOption(little, 0, new Uint8Array(0)),
    ),
    interfaceBlock(
      little,
      1,
      0,
      pcapngOption(little, 2, Buffer.from("eth0")),
      pcapngOption(little, 9, Uint8Array.of(9)),
    ),
    interfaceBlock(
      little,
      101,
      40,
      pcapngOption(little, 9, Uint8Array.of(0x8a)),
      pcapngOption(little, 14, new Uint8Array(8).fill(0, 0, 8)),
    ),
    enhancedPacket(
      little,
      0,
      [0x17_97_9c, 0x1234_5678],
      PACKETS[2]!,
      pcapngOption(little, 2, words(little, 1)),
      pcapngOption(little, 1, Buffer.from("x")),
    ),
    enhancedPacket(little, 1, [0, 1_500], PACKETS[3]!),
    pcapngBlock(little, 3, words(little, 60), PACKETS[2]!),
    pcapngBlock(little, 4, words(little, 0)),
    pcapngBlock(
      little,
      5,
      words(little, 0, 0x17_97_9c, 0x1234_5678),
      pcapngOption(little, 4, new Uint8Array(8).fill(7)),
    ),
    pcapngBlock(little, 10, words(little, 0x544c_534b, 5), Buffer.from("abcde")),
    pcapngBlock(little, 0xbad, words(little, 32_473), Buffer.from("custom")),
    pcapngBlock(little, 2, words(little, 0, 0, 77, 5, 5), PACKETS[0]!),
  ]);
  return [
    ["plain.pcapng", plain.take()],
    ["rich.pcapng", Buffer.concat(rich)],
  ];
}
