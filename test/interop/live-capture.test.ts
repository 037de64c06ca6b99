import assert from "node:assert/strict";
import { readdirSync, statSync, writeFileSync } from "node:fs";
import { concatBytes } from "#base/bytes.ts";
import type { CapturedPacket } from "#packet/file/packets.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { bytesIn, capinfos, captureCounts, packetsIn } from "./live-files.ts";
import { liveTest } from "./live.ts";

liveTest(
  "files of both formats open in tshark and capinfos, with the same packets",
  ["ping", "tshark", "capinfos"],
  async (lab) => {
    const other = await lab.neighbor();
    const [plain, ng] = [lab.file("all.pcap"), lab.file("all.pcapng")];
    const [toPlain, toNg, shown] = await Promise.all([
      lab.capture("p0", "icmp", "-w", plain),
      lab.capture("p0", "icmp", "-w", ng, "--count", "60"),
      lab.capture("p0", "icmp.type == 8", "and", "ip.len", ">", "1000", "--count", "2"),
    ]);
    const small = await lab.run(other, "ping", "-q", "-c28", "-i0.01", "-s64", "-W5", "10.77.0.1");
    const large = await lab.run(other, "ping", "-q", "-c2", "-i0.01", "-s1472", "-W5", "10.77.0.1");
    assert.deepEqual([small.status, large.status], [0, 0]);
    // What has come when Ctrl-C is pressed is in the file.
    const ends = [await toPlain.interrupt(), await toNg.ended(), await shown.ended()];
    assert.deepEqual(
      ends.map(({ status }) => status),
      [0, 0, 0],
    );
    for (const end of ends.slice(0, 2)) assert.deepEqual(captureCounts(end), [60, 60, 0]);
    assert.equal(captureCounts(ends[2]!)[0], 2);
    const rows = ends[2]!.stdout.trim().split("\n");
    for (const row of rows)
      assert.match(row, /10\.77\.0\.2 +10\.77\.0\.1 +ICMP +echo request, id \d+, seq [12]/);
    assert.equal(rows.length, 2);

    const bytes = 56 * (14 + 20 + 8 + 64) + 4 * 1514;
    assert.deepEqual(capinfos(lab, plain), [60, bytes]);
    assert.deepEqual(capinfos(lab, ng), [60, bytes]);
    assert.deepEqual(bytesIn(plain), bytesIn(ng));
    // tshark writes what it read: the same packets, at the same times to the nanosecond.
    for (const file of [plain, ng]) {
      const again = lab.file("again.pcap");
      await lab.run(lab.home, "tshark", "-r", file, "-F", "nsecpcap", "-w", again);
      const kept = ({ bytes, seconds, nanoseconds }: CapturedPacket) => [bytes, seconds, nanoseconds];
      assert.deepEqual(packetsIn(again).map(kept), packetsIn(file).map(kept));
      const times = packetsIn(file).map((each) => each.seconds * 1e9 + each.nanoseconds);
      assert.ok(times.every((time, i) => i === 0 || time >= times[i - 1]!));
      assert.ok(Math.abs(times[0]! / 1e6 - Date.now()) < 60_000);
    }
    assert.match(lab.home.run("capinfos", "-I", ng), /Name = p0/);
  },
);

liveTest(
  "--rotate begins another file, --seconds ends; no file is larger, no packet lost",
  ["ping", "capinfos"],
  async (lab) => {
    const other = await lab.neighbor();
    const capture = await lab.capture(
      "p0",
      "icmp",
      "-w",
      lab.file("r.pcapng"),
      "--rotate",
      "4k",
      "--seconds",
      "2",
    );
    const ping = await lab.run(other, "ping", "-q", "-c40", "-i0.01", "-s200", "-W5", "10.77.0.1");
    assert.equal(ping.status, 0);
    const end = await capture.ended();
    assert.equal(end.status, 0);
    assert.deepEqual(captureCounts(end), [80, 80, 0]);
    const files = readdirSync(lab.folder).sort();
    assert.ok(files.length >= 5, files.join(" "));
    assert.deepEqual(files.slice(0, 2), ["r_00001.pcapng", "r_00002.pcapng"]);
    const sums = files.map((name) => capinfos(lab, lab.file(name)));
    assert.deepEqual(
      sums.reduce(([count, bytes], [more, others]) => [count! + more!, bytes! + others!]),
      [80, 80 * 242],
    );
    for (const name of files) assert.ok(statSync(lab.file(name)).size <= 4_000, name);
  },
);

liveTest("promiscuous or not: what is for another machine", [], async (lab) => {
  const other = await lab.neighbor();
  const [all, own] = await Promise.all([
    lab.capture("p0", "eth.dst[0:2] == 02:00", "--count", "2"),
    lab.capture("p0", "--no-promiscuous", "eth.dst[0:2] == 02:00"),
  ]);
  const promiscuity = () => /promiscuity (\d)/.exec(lab.home.run("ip", "-d", "link", "show", "p0"))![1];
  assert.equal(promiscuity(), "1");
  const [{ address }] = JSON.parse(lab.home.run("ip", "-j", "link", "show", "p0")) as [{ address: string }];
  lab.home.run("ip", "link", "set", "p0", "address", "02:00:00:00:00:01");
  assert.notEqual(address, "02:00:00:00:00:01");
  const send = (to: string) =>
    lab.run(other, "bin/parley", "packets", "send", "p0", `ether(dst="${to}", type=0x88b5)/"x"`);
  assert.equal((await send("02:00:00:00:00:77")).status, 0);
  assert.equal((await send("02:00:00:00:00:01")).status, 0);
  await own.saw(/02:00:00:00:00:01/);
  const ends = [await all.ended(), await own.interrupt()];
  assert.equal(promiscuity(), "0");
  assert.deepEqual(
    ends.map((end) => captureCounts(end)[0]),
    [2, 1],
  );
});

liveTest("tagged and plain frames of all lengths are written whole, in their order", [], async (lab) => {
  const other = await lab.neighbor();
  const writer = new PcapWriter({ linkType: 1 });
  const parts = [writer.header()];
  const sent: Uint8Array[] = [];
  // For others, for everybody, with one tag, with two.
  const kinds = [
    [0x02, 0, 0, 0, 0, 0x77, 0x02, 0, 0, 0, 0, 0x01, 0x88, 0xb5],
    [255, 255, 255, 255, 255, 255, 0x02, 0, 0, 0, 0, 0x01, 0x88, 0xb5],
    [255, 255, 255, 255, 255, 255, 0x02, 0, 0, 0, 0, 0x01, 0x81, 0, 0x20, 7, 0x88, 0xb5],
    [255, 255, 255, 255, 255, 255, 0x02, 0, 0, 0, 0, 0x01, 0x88, 0xa8, 0, 8, 0x81, 0, 0, 9, 0x88, 0xb5],
  ];
  for (let i = 0; i < 3_000; i++) {
    const bytes = new Uint8Array(60 + ((i * 37) % 1_400)).fill(i & 255);
    bytes.set(kinds[(i * 7 + (i >> 4)) % kinds.length]!);
    sent.push(bytes);
    parts.push(writer.packet(bytes, 0, bytes.length, i, 0, bytes.length));
  }
  const source = lab.file("sent.pcap");
  writeFileSync(source, concatBytes(parts));
  const [all, own, asked] = await Promise.all([
    lab.capture("p0", "-w", lab.file("all.pcap"), "--count", "3000"),
    lab.capture("p0", "--no-promiscuous", "-w", lab.file("own.pcap")),
    lab.capture(
      "p0",
      "-w",
      lab.file("asked.pcap"),
      "vlan.id",
      "==",
      "7",
      "and",
      "frame.time_relative",
      "<",
      "60",
    ),
  ]);
  const replay = await lab.run(other, "bin/parley", "packets", "replay", source, "p0", "--pps", "30000");
  assert.equal(replay.status, 0, replay.stderr);
  assert.equal((await all.ended()).status, 0);
  assert.deepEqual([(await own.interrupt()).status, (await asked.interrupt()).status], [0, 0]);
  const written = (name: string) =>
    packetsIn(lab.file(name)).map(({ bytes }) => Buffer.from(bytes).toString("hex"));
  const expected = sent.map((bytes) => Buffer.from(bytes).toString("hex"));
  assert.deepEqual(written("all.pcap"), expected);
  assert.deepEqual(
    written("own.pcap"),
    expected.filter((hex) => hex.startsWith("ffff")),
  );
  assert.deepEqual(
    written("asked.pcap"),
    expected.filter((hex) => hex.startsWith("81002007", 24)),
  );
});

liveTest("a live query knows how many packets came, and how long after the first", ["ping"], async (lab) => {
  const other = await lab.neighbor();
  const captures = await Promise.all([
    lab.capture("p0", "icmp.type == 8 and frame.time_relative < 0.5"),
    lab.capture("p0", "icmp.type == 8 and frame.time_relative >= 0.5"),
    lab.capture("p0", "icmp.type == 8 and frame.number >= 2"),
    lab.capture("p0", "icmp.type == 8 and frame.number >= 2", "-w", lab.file("late.pcap")),
  ]);
  const ping = await lab.run(other, "ping", "-q", "-c3", "-i0.4", "-W5", "10.77.0.1");
  assert.equal(ping.status, 0);
  await captures[1].saw(/seq 3/);
  const ends = await Promise.all(captures.map((each) => each.interrupt()));
  assert.deepEqual(
    ends.map((end) => captureCounts(end)[0]),
    [2, 1, 2, 2],
  );
  assert.match(ends[2]!.stdout, /^ +1 +0\.4\d+ .*seq 2\n +2 +0\.8\d+ .*seq 3\n$/);
});
