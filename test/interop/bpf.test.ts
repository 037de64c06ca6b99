import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import type { BpfInstruction, BpfProgram } from "#base/bpf.ts";
import { seededRandom, type Random } from "#base/random.ts";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import { compileBpf } from "#packet/bpf/compile.ts";
import { bpfBytes, formatBpf, parseBpfDecimal } from "#packet/bpf/format.ts";
import { runBpf } from "#packet/bpf/run.ts";
import { RandomPackets } from "#packet/bpf/testing/random-packets.ts";
import { RandomQueries } from "#packet/bpf/testing/random-queries.ts";
import { verifyBpf } from "#packet/bpf/verify.ts";
import { hexText } from "#packet/primitive.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Query } from "#packet/query/query.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Udp } from "#wire/udp.ts";
import { ServiceVlan, Vlan } from "#wire/vlan.ts";
import { namespaceTest } from "./namespace.ts";
import { programTest } from "./program-test.ts";

const registry = standardRegistry();
const ethernet = registry.find("linktype", 1)!;

/** Attaches filters to one end of a pair of sockets; each line of input is one program and its packets, in hexadecimal. */
const PAIR = `
import ctypes, json, socket, struct, sys
a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
b.setblocking(False)
def attach(sock, code):
    buffer = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("@HL", len(code) // 8, ctypes.addressof(buffer)))
for line in sys.stdin:
    job = json.loads(line)
    try:
        attach(b, bytes.fromhex(job["program"]))
    except OSError:
        print("null")
        continue
    kept = []
    for packet in job["packets"]:
        a.send(bytes.fromhex(packet))
        try:
            kept.append(len(b.recv(65536)))
        except BlockingIOError:
            kept.append(0)
    print(json.dumps(kept))
`;

interface Job {
  readonly program: BpfProgram;
  readonly packets: readonly Uint8Array[];
}

/** Bytes that the kernel keeps of each packet, or null for a program that it refuses. */
function kernelVerdicts(jobs: readonly Job[]): (readonly number[] | null)[] {
  const input = jobs.map(({ program, packets }) =>
    JSON.stringify({ program: hexText(bpfBytes(program)), packets: packets.map((each) => hexText(each)) }),
  );
  const options = { input: input.join("\n"), encoding: "utf8", maxBuffer: 1 << 28 } as const;
  const output = execFileSync("python3", ["-c", PAIR], options);
  return output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as readonly number[] | null);
}

const CODES = [
  0x00, 0x20, 0x28, 0x30, 0x40, 0x48, 0x50, 0x60, 0x80, 0x01, 0x61, 0x81, 0xb1, 0x02, 0x03, 0x04, 0x0c, 0x14,
  0x1c, 0x24, 0x2c, 0x34, 0x3c, 0x44, 0x4c, 0x54, 0x5c, 0x64, 0x6c, 0x74, 0x7c, 0x84, 0x94, 0x9c, 0xa4, 0xac,
  0x05, 0x15, 0x1d, 0x25, 0x2d, 0x35, 0x3d, 0x45, 0x4d, 0x06, 0x16, 0x07, 0x87,
];
/** Ancillary values that are the same for every packet of such a socket; those of a chance or a processor are not. */
const ANCILLARY = [0, 4, 8, 16, 20, 24, 28, 40, 44, 48, 60].map((offset) => 0xffff_f000 + offset);

function randomInstruction(random: Random, at: number, length: number, careless: boolean): BpfInstruction {
  const left = length - at - 1;
  const code = careless && random.below(20) === 0 ? random.below(256) : CODES[random.below(CODES.length)]!;
  const jump = (): number => random.below(careless ? left + 2 : Math.max(1, left));
  const isJump = (code & 7) === 5;
  const small = [random.below(64), random.below(16), random.below(256), random.next()];
  let k = code === 0x05 ? jump() : small[random.below(4)]!;
  if ((code & 0xe7) === 0x20 && random.below(3) === 0) k = ANCILLARY[random.below(ANCILLARY.length)]!;
  const fits = !careless || random.below(3) > 0;
  const isMemory = code === 0x60 || code === 0x61 || code === 0x02 || code === 0x03;
  if (fits && isMemory) k %= 16;
  if (fits && (code === 0x64 || code === 0x74)) k %= 32;
  if (fits && (code === 0x34 || code === 0x94)) k ||= 3;
  // Loads from before the packet depend on what the kernel happens to keep there.
  if ((code & 0xe7) === 0x20 && k >= 0x8000_0000 && !ANCILLARY.includes(k)) k = random.below(64);
  if ((code & 0xe7) === 0x40) k %= 64;
  if (code === 0xb1) k %= 64;
  return {
    code,
    k: k >>> 0,
    jt: isJump && code !== 0x05 ? jump() & 0xff : 0,
    jf: isJump && code !== 0x05 ? jump() & 0xff : 0,
  };
}

function randomProgram(random: Random, careless: boolean): BpfProgram {
  const length = 2 + random.below(24);
  const start = careless ? [] : [0, 1, 2, 3].map((k) => ({ code: 0x02, jt: 0, jf: 0, k }));
  const middle = Array.from({ length }, (_, i) => randomInstruction(random, i, length + 1, careless));
  const memory = middle.map((each) =>
    !careless && (each.code === 0x60 || each.code === 0x61) ? { ...each, k: each.k % 4 } : each,
  );
  return [
    ...start,
    ...memory,
    { code: random.below(4) === 0 ? 0x06 : 0x16, jt: 0, jf: 0, k: random.below(99) },
  ];
}

function randomBytes(random: Random): Uint8Array {
  return Uint8Array.from({ length: 1 + random.below(80) }, () =>
    random.below(3) === 0 ? 0 : random.below(256),
  );
}

function assertSame(jobs: readonly Job[]): { refused: number; pairs: number; kept: number } {
  const verdicts = kernelVerdicts(jobs);
  const counts = { refused: 0, pairs: 0, kept: 0 };
  for (const [i, { program, packets }] of jobs.entries()) {
    const kernel = verdicts[i]!;
    const own = verifyBpf(program);
    assert.equal(own.ok, kernel !== null, `${JSON.stringify(own)}\n${formatBpf(program)}`);
    if (kernel === null) counts.refused++;
    else
      for (const [j, bytes] of packets.entries()) {
        counts.pairs++;
        if (kernel[j]! > 0) counts.kept++;
        const wanted = Math.min(runBpf(program, bytes), bytes.length);
        assert.equal(wanted, kernel[j], `${formatBpf(program)}\n${hexText(bytes)}`);
      }
  }
  return counts;
}

programTest("random programs: the kernel takes the same ones, and finds the same", ["python3"], (context) => {
  const random = seededRandom("kernel");
  const jobs = Array.from({ length: 4_000 }, (_, i): Job => {
    const packets = Array.from({ length: 4 }, () => randomBytes(random));
    return { program: randomProgram(random, i % 2 === 0), packets };
  });
  const counts = assertSame(jobs);
  context.diagnostic(JSON.stringify(counts));
  assert.ok(counts.refused > 500 && counts.pairs > 6_000 && counts.kept > 1_000);
});

programTest("compiled queries: the kernel finds what runBpf finds", ["python3"], (context) => {
  const random = seededRandom("compiled");
  const packets = new RandomPackets(registry, random);
  const queries = new RandomQueries(registry, random);
  const jobs: Job[] = [];
  while (jobs.length < 80) {
    const samples = Array.from({ length: 20 }, (_, i) =>
      i % 2 === 0 ? packets.plain() : packets.broken(packets.plain()),
    ).filter((bytes) => bytes.length > 0);
    try {
      const query = new Query(registry, queries.about(samples.slice(0, 4), ethernet));
      jobs.push({ program: compileBpf(registry, query, ethernet), packets: samples });
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
    }
  }
  const counts = assertSame(jobs);
  context.diagnostic(JSON.stringify(counts));
  assert.equal(counts.refused, 0);
});

programTest("parley packets compile shows the filter in words, and the JavaScript", ["node"], () => {
  const run = (...args: readonly string[]): string =>
    execFileSync("bin/parley", ["packets", "compile", ...args], { encoding: "utf8" });
  const both = run("udp.port == 53");
  assert.match(both, /^\(\d+\) ldh +\[12\] +; Ethernet: Type or length$/m);
  assert.match(both, /jeq +#0x11 .*; is it 17, UDP\?$/m);
  assert.match(both, /^only maybe, and taken: udp\.port == 53$/m);
  assert.match(both, /^ {2}IPv4 behind .*GRE/m);
  assert.match(both, /switch \(p\)/);
  assert.doesNotMatch(run("udp", "--bpf"), /switch/);
  assert.doesNotMatch(run("udp", "--js"), /ret +#/);
  assert.match(run("--link-type", "101", "--bpf", "ip.ttl == 1"), /ldb +\[8\]/);
  assert.match(run("--bpf", "frame.number == 1"), /nothing that a filter could tell apart/);
});

/** Filters of tcpdump's and queries that mean the same, at least of packets that are whole. */
const CLASSICS: readonly (readonly [string, string])[] = [
  ["udp port 53", "udp.port == 53"],
  ["tcp dst port 22", "tcp.dstport == 22"],
  ["arp", "arp"],
  ["ip and not arp", "ip and not arp"],
  ["ip src net 192.0.2.0/24", "ip.src == 192.0.2.0/24"],
  ["ip host 10.0.0.1", "ip.addr == 10.0.0.1"],
  ["ip6 dst host 2001:db8::1", "ipv6.dst == 2001:db8::1"],
  ["icmp[icmptype] == icmp-echo", "icmp.type == 8"],
  ["tcp[tcpflags] & tcp-syn != 0", "tcp.flags.syn == 1"],
  ["vlan 5 and ip", "vlan.id == 5 and ip"],
  ["ether src 02:00:00:00:00:01 and less 90", "eth.src == 02:00:00:00:00:01 and frame.len <= 90"],
  ["ip[8] == 1", "ip.ttl == 1"],
];

programTest("tcpdump's filters take nothing that ours do not", ["tcpdump"], (context) => {
  const random = seededRandom("tcpdump");
  const packets = new RandomPackets(registry, random);
  const samples = Array.from({ length: 1_500 }, () => packets.plain());
  let both = 0;
  for (const [filter, text] of CLASSICS) {
    const output = execFileSync("tcpdump", ["-y", "EN10MB", "-ddd", filter], {
      encoding: "utf8",
      stdio: "pipe",
    });
    const theirs = parseBpfDecimal(output);
    assert.equal(
      formatBpf(theirs),
      execFileSync("tcpdump", ["-y", "EN10MB", "-d", filter], { encoding: "utf8", stdio: "pipe" }).trimEnd(),
    );
    const ours = compileBpf(registry, new Query(registry, text), ethernet);
    context.diagnostic(`${filter}: ${theirs.length} instructions, ours ${ours.length}`);
    for (const bytes of samples) {
      if (runBpf(theirs, bytes) === 0) continue;
      both++;
      assert.ok(runBpf(ours, bytes) > 0, `${filter}: ${hexText(bytes)}`);
    }
  }
  assert.ok(both > 500);
});

/** Sends frames from one end of a veth pair and tells which of them a filtered socket at the other end received. */
const VETH = `
import ctypes, json, socket, struct, sys, time
job = json.load(sys.stdin)
out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
out.bind(("left", 0))
results = []
for program in job["programs"]:
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    code = bytes.fromhex(program)
    buffer = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, 26, struct.pack("@HL", len(code) // 8, ctypes.addressof(buffer)))
    sock.bind(("right", 3))
    for i, frame in enumerate(job["frames"]):
        out.send(bytes.fromhex(frame) + bytes([0x50, 0x41, i]))
    time.sleep(0.1)
    sock.setblocking(False)
    seen = []
    while True:
        try:
            data = sock.recv(65536)
        except BlockingIOError:
            break
        if data[-3:-1] == b"PA":
            seen.append(data[-1])
    sock.close()
    results.append(sorted(seen))
print(json.dumps(results))
`;

const TAGGED_QUERIES = [
  "vlan.id == 5",
  "vlan.priority == 3",
  "not vlan",
  "udp.port == 53",
  "udp.port == 53 and not vlan.id == 5",
  "ieee8021ad",
  "vlan.id == 7",
  "ip.src == 192.0.2.1 and vlan",
  "vlan.etype == 0x0800",
  "frame.len > 66",
];

namespaceTest("VLAN tags that the kernel takes out are seen", ["python3"], (space) => {
  space.run("ip", "link", "add", "left", "type", "veth", "peer", "name", "right");
  for (const end of ["left", "right"]) space.run("ip", "link", "set", end, "up");
  const eth = layer(Ethernet, { source: "02:00:00:00:00:01", destination: "ff:ff:ff:ff:ff:ff" });
  const above = (port: number): GivenLayer[] => [
    layer(Ipv4, { source: "192.0.2.1", destination: "192.0.2.2" }),
    layer(Udp, { sourcePort: 9, destinationPort: port }),
  ];
  const stacks = [[], [layer(Vlan, { id: 5 })], [layer(Vlan, { id: 9, priority: 3 })]];
  stacks.push([layer(ServiceVlan, { id: 8 }), layer(Vlan, { id: 7 })], [layer(Vlan), layer(Vlan, { id: 7 })]);
  const frames = stacks.flatMap((tags) =>
    [53, 54].map((port) => build(registry, [eth, ...tags, ...above(port)], new Uint8Array(20))),
  );
  const queries = TAGGED_QUERIES.map((text) => new Query(registry, text));
  const programs = queries.map((query) => compileBpf(registry, query, ethernet));
  const input = JSON.stringify({
    programs: programs.map((each) => hexText(bpfBytes(each))),
    frames: frames.map((each) => hexText(each)),
  });
  const output = execFileSync("ip", ["netns", "exec", space.name, "python3", "-c", VETH], {
    input,
    encoding: "utf8",
  });
  const seen = JSON.parse(output) as readonly (readonly number[])[];
  for (const [i, query] of queries.entries()) {
    const wanted = frames.flatMap((bytes, number) => {
      const sent = Uint8Array.of(...bytes, 0x50, 0x41, number);
      const frame = { length: sent.length, capturedLength: sent.length };
      return query.matcher(ethernet)(sent, 0, sent.length, frame) ? [number] : [];
    });
    assert.deepEqual(seen[i], wanted, query.text);
  }
});
