import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { encodeUtf8 } from "#base/utf8.ts";
import { Recorder } from "#machine/record.ts";
import { capturedPackets } from "#packet/file/packets.ts";
import { PcapngWriter } from "#packet/file/pcapng-writer.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const DNS = join(ROOT, "test/captures/dns.pcap");
const folder = mkdtempSync(join(tmpdir(), "parley-tools-"));
after(() => rmSync(folder, { recursive: true }));

function packets(args: readonly string[], input?: Uint8Array) {
  const main = join(ROOT, "src/cli/main.ts");
  const flags = ["--disable-warning=ExperimentalWarning", main, "packets", ...args];
  const ran = spawnSync(process.execPath, flags, { input, encoding: "utf8", maxBuffer: 1 << 26 });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

function lines(text: string): string[] {
  return text.replace(/\n$/, "").split("\n");
}

test("read: a line for each packet that the query selects", () => {
  const { status, out } = packets(["read", DNS, "dns.flags.response", "==", "0", "--count", "2"]);
  assert.equal(status, 0);
  assert.equal(lines(out).length, 2);
  assert.match(lines(out)[0]!, /^ +1 +0\.000000 192\.0\.2\.1 +192\.0\.2\.2 +DNS .*www\.example\.com/);
});

test("read: fields by tabs, JSON by lines, a tree", () => {
  const fields = packets([
    "read",
    DNS,
    "--fields",
    "frame.number,ip.src,udp.port,dns.qry.name",
    "--count",
    "1",
  ]);
  assert.equal(fields.out, "1\t192.0.2.1\t50001,53\twww.example.com\n");
  const { number, layers } = JSON.parse(packets(["read", DNS, "--json", "--count", "1"]).out) as {
    number: number;
    layers: readonly { protocol: string; bytes: readonly number[]; values: Record<string, unknown> }[];
  };
  assert.equal(number, 1);
  assert.deepEqual(
    layers.map(({ protocol }) => protocol),
    ["eth", "ip", "udp", "dns"],
  );
  assert.deepEqual(layers[1]!.bytes, [14, 34]);
  assert.equal(layers[1]!.values["ttl"], 64);
  assert.match(packets(["read", DNS, "--tree", "--count", "1"]).out, /^Packet 1: 75 bytes\n {2}Ethernet/);
});

test("filter: the count, the numbers, and another file in the format of its name", () => {
  assert.equal(packets(["filter", DNS, "udp.port == 5353"]).out, "7\n");
  const numbers = lines(packets(["filter", DNS, "mdns", "--numbers"]).out).map(Number);
  assert.equal(numbers.length, 7);
  const copy = join(folder, "mdns.pcapng.gz");
  assert.equal(packets(["filter", DNS, "mdns", "-w", copy]).out, "7\n");
  assert.equal(packets(["filter", copy, "mdns and eth"]).out, "7\n");
  const plain = join(folder, "mdns.pcap");
  assert.equal(packets(["convert", copy, plain]).status, 0);
  const original = [...capturedPackets(readFileSync(DNS))];
  assert.deepEqual(
    [...capturedPackets(readFileSync(plain))].map(({ bytes, seconds, nanoseconds }) => ({
      bytes,
      seconds,
      nanoseconds,
    })),
    numbers.map((number) => {
      const { bytes, seconds, nanoseconds } = original[number - 1]!;
      return { bytes, seconds, nanoseconds };
    }),
  );
});

test("standard input, and gzip there too", () => {
  const file = readFileSync(DNS);
  assert.equal(packets(["filter", "-", "dns"], file).out, "74\n");
  assert.equal(packets(["filter", "-", "dns"], gzipSync(file)).out, "74\n");
});

test("a file that was cut gives every whole packet, then says so", () => {
  const cut = join(folder, "cut.pcap");
  writeFileSync(cut, readFileSync(DNS).subarray(0, 3_000));
  const { status, out, err } = packets(["filter", cut, "eth"]);
  assert.equal(status, 1);
  assert.equal(out, "24\n");
  assert.match(err, /ends inside packet 25 \(byte 2939\)/);
  const zipped = join(folder, "cut.gz");
  writeFileSync(zipped, gzipSync(readFileSync(DNS)).subarray(0, 2_000));
  const broken = packets(["filter", zipped, "eth"]);
  assert.equal(broken.status, 1);
  assert.ok(Number(broken.out) > 10);
  assert.match(broken.err, /compressed file is broken/);
});

test("a file may be written over itself, and is left alone when there is nothing to write", () => {
  const file = join(folder, "own.pcap");
  writeFileSync(file, readFileSync(DNS));
  assert.equal(packets(["filter", file, "mdns", "-w", file]).out, "7\n");
  assert.equal(packets(["filter", file, "eth"]).out, "7\n");
  assert.equal(packets(["convert", file, join(folder, "..", basename(folder), "own.pcap")]).status, 0);
  assert.equal(packets(["filter", file, "eth"]).out, "7\n");
  for (const input of [join(folder, "nothing"), join(ROOT, "package.json")]) {
    assert.equal(packets(["convert", input, file]).status, 1);
    assert.equal(packets(["filter", input, "eth", "-w", file]).status, 1);
  }
  assert.equal(packets(["filter", file, "eth"]).out, "7\n");
  assert.deepEqual(
    readdirSync(folder).filter((name) => name.endsWith(".part")),
    [],
  );
});

test("show: the fields with their bytes, a field's marked", () => {
  const { out } = packets(["show", DNS, "1", "--field", "ip.ttl"]);
  assert.match(out, /Time to live: 64 \(ip\.ttl\) \[22\]/);
  assert.match(out, /\[40\]/);
  const missing = packets(["show", DNS, "9999"]);
  assert.equal(missing.status, 1);
  assert.match(missing.err, /has no packet 9999/);
});

test("protocols: all of them, and the fields of one", () => {
  assert.ok(lines(packets(["protocols"]).out).length > 30);
  assert.match(packets(["protocols", "udp"]).out, /udp\.dstport +number/);
  assert.match(packets(["protocols", "upd"]).err, /did you mean .*udp/);
});

test("mistakes have a place, a remedy and status 2", () => {
  for (const [args, expected] of [
    [["filter", DNS, "udp.prt == 53"], /»udp\.prt« == 53; did you mean .*udp\.port/],
    [["filter", DNS, "udp and (ip"], /ends too early/],
    [["read", DNS, "--fields", "ip.sorce"], /did you mean .*ip\./],
    [["read", DNS, "--tree", "--json"], /exclude each other/],
    [["read", DNS, "--count", "none"], /--count needs a whole number/],
    [["read", DNS, "--fields", ","], /--fields names no field/],
    [["show", DNS, "0"], /"0" is no packet's number/],
    [["filter", DNS], /a file and a query are needed/],
    [["filter", DNS, "dns", "-w", "x.txt"], /name it \.pcap or \.pcapng/],
    [["melt"], /there is no tool "melt"/],
  ] as const) {
    const { status, err } = packets(args);
    assert.match(err, expected);
    assert.equal(status, 2, err);
  }
  assert.match(packets(["read", join(folder, "nothing")]).err, /there is no file/);
  assert.match(packets(["read", join(ROOT, "package.json")]).err, /is no capture file/);
  for (const args of [
    ["read", folder],
    ["convert", folder, join(folder, "none.pcap")],
  ])
    assert.match(packets(args).err, /is a folder; name one of the files in it/);
  const broken = join(folder, "broken.pcap.gz");
  writeFileSync(broken, Buffer.concat([gzipSync(readFileSync(DNS)), Buffer.from("no member")]));
  assert.match(packets(["read", broken]).err, /the compressed file is broken/);
});

test("a named pipe is read like a file", () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const out = join(folder, "of-pipe.pcap");
  for (const args of [
    ["filter", pipe, "dns"],
    ["convert", pipe, out],
  ]) {
    const writer = spawn("sh", ["-c", 'exec cat "$0" > "$1"', DNS, pipe], { stdio: "ignore" });
    const { status, err } = packets(args);
    writer.kill();
    assert.equal(status, 0, err);
  }
  assert.deepEqual(readFileSync(out), readFileSync(DNS));
});

test("read: interfaces by the numbers of their sections, and packets without a time", () => {
  const writer = new PcapngWriter();
  const bytes = Uint8Array.from({ length: 20 }, (_, i) => i);
  writer.appendSection();
  writer.appendInterface({ linkType: 101, name: "lo" });
  writer.appendInterface({ linkType: 1, name: "eth0", description: "the first" });
  writer.append(1, bytes, 0, 20, 1_700_000_000, 0, 20);
  writer.appendSection();
  writer.appendInterface({ linkType: 1 });
  writer.append(2, bytes, 0, 20, 1_700_000_001, 500_000_000, 20);
  const file = join(folder, "sections.pcapng");
  // A simple packet block: its length, and the packet (draft-ietf-opsawg-pcapng 4.4).
  writer.appendBlock(3, Uint8Array.of(20, 0, 0, 0, ...bytes));
  writeFileSync(file, writer.take());
  const names = ["interface_id", "interface_name", "interface_description", "encap_type", "time"];
  const fields = ["frame", ...names.map((name) => `frame.${name}`)].join(",");
  assert.deepEqual(lines(packets(["read", file, "--fields", fields]).out), [
    "1\t1\teth0\tthe first\t1\t1700000000.000000",
    "1\t0\tunknown\t\t1\t1700000001.500000",
    "1\t0\tunknown\t\t1\t",
  ]);
  assert.equal(packets(["filter", file, "frame.time < 2000000000"]).out, "2\n");
  assert.equal(packets(["filter", DNS, "frame.interface_id"]).out, "0\n");
});

test("a node's recording becomes packets", () => {
  const text: string[] = [];
  const recorder = new Recorder(
    { recording: 1, core: "whisper", setup: { setup: { address: { host: "192.0.2.7", port: 55_555 } } } },
    (line) => text.push(line),
  );
  const from = { host: "192.0.2.9", port: 40_000 };
  const message = encodeUtf8('{"ID":"1","Addr":"192.0.2.9:55555","Body":"hello","Timestamp":1}\n');
  recorder.step(1_000, { type: "accepted", connection: -1, from }, []);
  recorder.step(1_250.5, { type: "data", connection: -1, data: message }, [
    { type: "write", connection: -1, data: message },
    { type: "datagram", to: { host: "2001:db8::9", port: 5_555 }, data: Uint8Array.of(1, 2) },
  ]);
  recorder.step(1_300, { type: "closed", connection: -1 }, []);
  const recording = join(folder, "whisper.jsonl");
  writeFileSync(recording, text.join("\n"));
  const out = join(folder, "whisper.pcapng");
  assert.equal(packets(["convert", recording, out]).status, 0);
  assert.deepEqual(
    lines(
      packets(["read", out, "--fields", "frame.time_epoch,tcp.srcport,tcp.seq_raw,udp.length,whisper.body"])
        .out,
    ),
    [
      "1.000000\t40000\t0\t\t",
      "1.000000\t55555\t0\t\t",
      "1.250500\t40000\t1\t\thello",
      "1.250500\t55555\t1\t\thello",
      "1.250500\t\t\t10\t",
      `1.300000\t40000\t${1 + message.length}\t\t`,
    ],
  );
});
