import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { encodeUtf8 } from "#base/utf8.ts";
import { Recorder } from "#machine/record.ts";
import { capturedPackets } from "#packet/file/packets.ts";

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
