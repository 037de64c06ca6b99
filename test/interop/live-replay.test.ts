import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { bytesIn, capinfos } from "./live-files.ts";
import { liveTest, until, type Ended, type Lab, type Program } from "./live.ts";
import type { Namespace } from "./namespace.ts";

/** Packets of the captures here that fit on a link of 1,500 bytes. */
const SOURCES = ["dns", "tcp", "ipv6", "dhcp", "app"].map((name) => `test/captures/${name}.pcap`);

interface Summary {
  readonly packets: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly rate: number;
}

function summary({ status, stdout, stderr }: Ended): Summary {
  const numbers = /^(\d+) packets, (\d+) bytes in ([\d.]+) s: (\d+) packets\/s, [\d.]+ Mbit\/s/.exec(stdout);
  assert.ok(numbers, stderr);
  assert.equal(status, 0, stderr);
  const [packets, bytes, seconds, rate] = numbers.slice(1).map(Number) as [number, number, number, number];
  return { packets, bytes, seconds, rate };
}

interface Counters {
  readonly stats64: { readonly rx: { readonly packets: number } };
}

/** tcpdump on the other end, whose kernel says nothing and hears nothing. */
async function listening(lab: Lab, other: Namespace, file: string, count: number): Promise<Program> {
  // In this mode each packet takes as much of the 8 MiB as the longest one could.
  const room = ["--immediate-mode", "-s", "2000", "-B", "8192"];
  const flags = ["-i", "p0", "-Q", "in", "-c", `${count}`, ...room, "-w", file];
  const program = lab.start(other, "tcpdump", ...flags);
  await program.saw(/listening on p0/);
  return program;
}

async function silentCable(lab: Lab): Promise<Namespace> {
  const other = lab.space();
  await lab.cable([lab.home, "p0"], [other, "p0"]);
  for (const space of [lab.home, other]) space.run("ip", "link", "set", "p0", "arp", "off");
  return other;
}

/** A file with the packets of all sources, so far apart that it takes `seconds`. */
function writeAll(file: string, seconds: number): string[] {
  const packets = SOURCES.flatMap(bytesIn);
  const writer = new PcapWriter({ linkType: 1, nanoseconds: true });
  const parts = [writer.header()];
  for (const [i, hex] of packets.entries()) {
    const bytes = Buffer.from(hex, "hex");
    const time = (i * seconds * 1e9) / (packets.length - 1);
    const [whole, rest] = [Math.floor(time / 1e9), Math.floor(time % 1e9)];
    parts.push(writer.packet(bytes, 0, bytes.length, 1_700_000_000 + whole, rest, bytes.length));
  }
  writeFileSync(file, Buffer.concat(parts));
  return packets;
}

liveTest(
  "what tcpdump hears of a replay is the file, packet by packet",
  ["tcpdump", "capinfos"],
  async (lab) => {
    const other = await silentCable(lab);
    const [file, heard] = [lab.file("all.pcap"), lab.file("heard.pcap")];
    const packets = writeAll(file, 1);
    assert.ok(packets.length > 200, `${packets.length} packets`);
    const [count, bytes] = capinfos(lab, file);
    const pace = async (loops: number, ...options: readonly string[]): Promise<Summary> => {
      const tcpdump = await listening(lab, other, heard, packets.length * loops);
      const sent = summary(await lab.packets("replay", file, "p0", ...options));
      await tcpdump.ended();
      assert.deepEqual(bytesIn(heard), Array.from({ length: loops }, () => packets).flat());
      assert.deepEqual([sent.packets, sent.bytes], [count! * loops, bytes! * loops]);
      assert.ok(Math.abs(sent.rate * sent.seconds - sent.packets) <= sent.rate / 500 + 1);
      return sent;
    };
    // In the file's own time, twice as fast, at a rate: never sooner than that, and not much later either.
    const own = await pace(1);
    assert.ok(own.seconds >= 0.99 && own.seconds < 3, `${own.seconds} s`);
    const twice = await pace(1, "--speed", "4");
    assert.ok(twice.seconds >= 0.24 && twice.seconds < 1.5, `${twice.seconds} s`);
    const paced = await pace(1, "--pps", "1000");
    assert.ok(paced.rate > 200 && paced.rate < 1_020, `${paced.rate} packets/s`);
    const top = await pace(3, "--top", "--loop", "3");
    assert.ok(top.rate > 2 * paced.rate, `${top.rate} packets/s`);
  },
);

liveTest("what cannot be replayed is refused, or left out and counted", ["tcpdump"], async (lab) => {
  const other = await silentCable(lab);
  const replay = (...args: readonly string[]) => lab.packets("replay", ...args);
  const raw = await replay("test/captures/raw.pcap", "p0");
  assert.equal(raw.status, 1);
  assert.match(raw.stderr, /^parley: packet 1 of \S+ has link type 101, those on p0 have 1; /);
  const both = await replay("test/captures/dns.pcap", "p0", "--top", "--pps", "3");
  assert.deepEqual(
    [both.status, both.stderr.split(";")[0]],
    [2, "parley: --top, --pps and --speed exclude each other"],
  );

  // Two packets of three fit; one of them was cut.
  const [file, heard] = [lab.file("long.pcap"), lab.file("heard.pcap")];
  const writer = new PcapWriter({ linkType: 1 });
  const parts = [writer.header()];
  for (const [i, length] of [60, 3_000, 80].entries()) {
    const bytes = new Uint8Array(length).fill(0xff, 0, 6).fill(i + 1, 20);
    parts.push(writer.packet(bytes, 0, length, 1, i, i === 2 ? 1_500 : length));
  }
  writeFileSync(file, Buffer.concat(parts));
  const tcpdump = await listening(lab, other, heard, 2);
  const { status, stdout, stderr } = await replay(file, "p0");
  await tcpdump.ended();
  assert.equal(status, 1);
  assert.match(stdout, /^2 packets, 140 bytes in /);
  assert.match(stderr, /^1 packets were cut when they were captured/m);
  assert.match(
    stderr,
    /^parley: 1 packets were not sent: a packet of 3000 bytes is longer than the link carries$/m,
  );
  assert.deepEqual(
    bytesIn(heard).map((hex) => hex.length / 2),
    [60, 80],
  );

  // Days between its packets: it ends when it is asked to, all the same.
  writeAll(file, 1e9);
  const received = (): number => {
    const [link] = JSON.parse(other.run("ip", "-j", "-s", "link", "show", "p0")) as [Counters];
    return link.stats64.rx.packets;
  };
  const before = received();
  const endless = lab.start(lab.home, "bin/parley", "packets", "replay", file, "p0");
  await endless.saw(/replaying/);
  await until(() => received() > before, "the first packet");
  const ended = await endless.interrupt();
  assert.equal(ended.status, 0);
  assert.match(ended.stdout, /^1 packets, /);
  other.run("ip", "link", "set", "p0", "down");
  // The other end of the cable is off: nothing of it leaves, and it is said.
  writeAll(file, 1);
  const dark = await replay(file, "p0", "--top");
  assert.equal(dark.status, 1);
  const taken = /^(\d+) packets, /.exec(dark.stdout)?.[1];
  assert.equal(
    dark.stderr.split("\n").at(-2),
    `parley: ${taken} packets were lost: p0 had no carrier, or was down`,
  );
  lab.home.run("ip", "link", "set", "p0", "down");
  const down = await replay("test/captures/dns.pcap", "p0");
  assert.deepEqual([down.status, down.stderr], [1, "parley: the interface p0 is down; ip link set p0 up\n"]);
});
