import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { concatBytes } from "#base/bytes.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { liveTest, type Lab } from "./live.ts";

/** A file of somebody's own whose exchange is this expression. */
function exchangeFile(lab: Lab, name: string, expression: string): string {
  const file = lab.file(`${name}.mjs`);
  writeFileSync(file, `export const exchange = (parley) => ${expression};\n`);
  return file;
}

liveTest(
  "a function that throws stops its machine, and is reported with the packet",
  ["arping"],
  async (lab) => {
    const other = await lab.neighbor();
    const handler = exchangeFile(
      lab,
      "handler",
      `parley.responder("mine", { "arp.dst.proto_ipv4 == 10.77.0.9": () => { throw new Error("not\\n\\x1b[31myet"); } })`,
    );
    const timeout = exchangeFile(
      lab,
      "timeout",
      `parley.machine({ name: "late", initial: "waiting", data: () => ({}), states: {
      waiting: { after: { ms: 100, do: () => { throw new Error("too late"); } } } } })`,
    );
    const responder = await lab.respond("p0", handler);
    // What does not match harms nobody.
    await lab.run(other, "arping", "-D", "-c1", "-w1", "-I", "p0", "10.77.0.8");
    assert.equal(responder.stdout, "");
    await lab.run(other, "arping", "-D", "-c1", "-w1", "-I", "p0", "10.77.0.9");
    const { status, stdout, stderr } = await responder.ended();
    assert.equal(status, 1);
    // One line, without what a terminal would obey.
    assert.match(
      stdout,
      /^failed: not\\n\\x1b\[31myet, at \S+ broadcast ARP who has 10\.77\.0\.9\? .*; 42 bytes: f{12}[0-9a-f]{72}\n$/,
    );
    assert.ok(!stdout.includes("\x1b"));
    assert.match(stderr, /^[12] packets seen, 1 matched, 0 sent$/m);

    const late = await (await lab.respond("p0", timeout)).ended();
    assert.deepEqual([late.status, late.stdout], [1, "failed: too late\n"]);
    const nowhere = await lab.packets("respond", "p0", lab.file("nowhere.mjs"));
    assert.equal(nowhere.status, 1);
    assert.match(
      nowhere.stderr,
      /^parley: \S+nowhere\.mjs cannot be loaded: .*; see docs\/guide\/responders\.md/,
    );
  },
);

liveTest(
  "a packet that waited in the socket while its timeout passed still counts",
  ["ping"],
  async (lab) => {
    const other = await lab.neighbor();
    // Its timer makes it deaf for as long as many packets, and longer than it then waits for one.
    const file = exchangeFile(
      lab,
      "busy",
      `parley.machine({ name: "busy", initial: "quiet", data: () => ({}), states: {
      quiet: { after: { ms: 100, go: "busy" } },
      busy: {
        enter() { for (const end = Date.now() + 300; Date.now() < end;); },
        on: [{ query: "icmp.type == 8", go: "answered" }],
        after: { ms: 10, go: "lost" } },
      answered: { final: true }, lost: { final: true } } })`,
    );
    const ping = lab.start(other, "ping", "-q", "-i0.01", "-c500", "10.77.0.1");
    const { stdout } = await lab.packets("respond", "p0", file);
    await ping.kill();
    assert.equal(stdout, "quiet -> busy\nbusy -> answered\ndone: answered\n");
  },
);

liveTest("a packet that can never be sent is reported, and the machine goes on", [], async (lab) => {
  await lab.neighbor();
  const file = exchangeFile(
    lab,
    "large",
    `parley.machine({ name: "large", initial: "first", data: () => ({}), states: {
      first: { enter: () => [parley.layer(parley.Ethernet, {}), parley.layer(parley.Data, { data: new Uint8Array(3000) })],
        after: { ms: 50, go: "second" } },
      second: { enter: () => [parley.layer(parley.Data, { data: new Uint8Array(3) })],
        after: { ms: 50, do: () => [parley.layer(parley.Ethernet, {})], go: "over" } },
      over: { final: true } } })`,
  );
  const { status, stdout, stderr } = await lab.packets("respond", "p0", file);
  assert.equal(stdout, "first -> second\nsecond -> over\ndone: over\n");
  assert.deepEqual(stderr.split("\n").slice(1, -1), [
    "parley: a packet of 3014 bytes is longer than the link carries",
    "parley: a packet of 3 bytes is shorter than a link header",
    "0 packets seen, 0 matched, 1 sent, 2 not taken by the interface",
  ]);
  assert.equal(status, 0);
});

liveTest(
  "a responder says over a capture file what it said on the interface; --dot draws it",
  ["arping"],
  async (lab) => {
    const other = await lab.neighbor();
    const file = lab.file("asked.pcap");
    const capture = await lab.capture("p0", "arp.opcode == 1", "-w", file, "--count", "2");
    const live = await lab.respond("p0", "arp", "address=10.77.0.9");
    await lab.run(other, "arping", "-c1", "-w5", "-I", "p0", "10.77.0.8");
    await lab.run(other, "arping", "-c1", "-w5", "-I", "p0", "10.77.0.9");
    assert.equal((await capture.ended()).status, 0);
    const { stdout: told } = await live.interrupt();
    const example = "examples/packets/arp.ts";
    const offline = await lab.packets("respond", example, "--read", file, "address=10.77.0.9");
    assert.equal(offline.status, 0);
    const lines = offline.stdout.trim().split("\n");
    const at = /^ *\d+\.\d{6} /;
    for (const line of lines) assert.match(line, at);
    assert.deepEqual(
      lines.map((line) => line.replace(at, "")).filter((line) => !line.startsWith("sends")),
      told.trim().split("\n"),
    );
    assert.match(offline.stdout, /sends 02:00:0a:4d:00:09 \S+ ARP 10\.77\.0\.9 is at 02:00:0a:4d:00:09/);

    const broken = exchangeFile(
      lab,
      "broken",
      `parley.responder("x", { arp: () => { throw new Error("no"); } })`,
    );
    const failed = await lab.packets("respond", broken, "--read", file);
    assert.equal(failed.status, 1);
    assert.match(failed.stdout, /^ +0\.000000 failed: no, at \S+ broadcast ARP who has 10\.77\.0\.8\?.*\n$/);

    const drawn = await lab.packets("respond", example, "--dot", "address=10.77.0.9");
    const query = 'arp.opcode == 1 and arp.dst.proto_ipv4 == \\"10.77.0.9\\" and not arp.isgratuitous';
    assert.equal(
      drawn.stdout,
      `digraph "arp" {
  rankdir=LR;
  node [shape=box, style=rounded];
  "" [shape=point];
  "" -> "listening";
  "listening";
  "listening" -> "listening" [label="${query}"];
}
`,
    );
  },
);

liveTest("what comes faster than a responder answers is counted", [], async (lab) => {
  const other = await lab.neighbor();
  const file = exchangeFile(
    lab,
    "slow",
    `parley.machine({ name: "slow", data: () => 0, initial: "on", states: {
      on: { on: [
        { query: "eth.type == 0x88b5", do: () => { for (const end = performance.now() + 0.1; performance.now() < end;); } },
        { query: "eth.type == 0x88b6", go: "off" },
      ] },
      off: { final: true } } })`,
  );
  const frame = (type: number) => {
    const bytes = new Uint8Array(1_400).fill(255, 0, 6);
    bytes.set([0x88, type], 12);
    return bytes;
  };
  const writer = new PcapWriter({ linkType: 1 });
  for (let i = 0; i < 1_000; i++) writer.append(frame(0xb5), 0, 1_400, 0, 0, 1_400);
  writeFileSync(lab.file("many.pcap"), concatBytes([writer.header(), writer.take()]));
  const responder = await lab.respond("p0", file);
  const replay = ["replay", lab.file("many.pcap"), "p0", "--top", "--loop", "60"];
  assert.equal((await lab.run(other, "bin/parley", "packets", ...replay)).status, 0);
  let over = false;
  const end = responder.ended().finally(() => (over = true));
  let last = 0;
  for (; !over; last++)
    await lab.run(
      other,
      "bin/parley",
      "packets",
      "send",
      "p0",
      'ether(dst="ff:ff:ff:ff:ff:ff", type=0x88b6)',
    );
  const { status, stderr } = await end;
  assert.equal(status, 0, stderr);
  const [, seen, dropped] = /^(\d+) packets seen, .* sent, (\d+) came too fast and were dropped$/m.exec(
    stderr,
  )!;
  const all = Number(seen) + Number(dropped);
  assert.ok(all > 60_000 && all <= 60_000 + last, stderr);
});
