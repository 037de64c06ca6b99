import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { capinfos, captureCounts } from "./live-files.ts";
import { liveTest, type Ended } from "./live.ts";
import { ip } from "./namespace.ts";

liveTest(
  "a capture outlives its interface's being down, and ends when it is gone, with a whole file",
  ["ping", "capinfos"],
  async (lab) => {
    const other = await lab.neighbor();
    const file = lab.file("down.pcap");
    const capture = await lab.capture("p0", "icmp.type == 8", "-w", file);
    const endless = ["replay", "test/captures/dns.pcap", "p0", "--pps", "1"];
    const replay = lab.start(lab.home, "bin/parley", "packets", ...endless);
    await replay.saw(/replaying/);
    const responder = await lab.respond("p0", "ospf-hello");
    const ping = () => lab.run(other, "ping", "-q", "-c1", "-W5", "10.77.0.1");
    assert.equal((await ping()).status, 0);
    ip("-n", lab.home.name, "link", "set", "p0", "down");
    const send = await lab.packets("send", "p0", 'ether()/arp(targetIp="10.77.0.2")');
    assert.deepEqual(
      [send.status, send.stderr],
      [1, "parley: the interface p0 is down; ip link set p0 up\n"],
    );
    ip("-n", lab.home.name, "link", "set", "p0", "up");
    assert.equal((await ping()).status, 0);
    ip("-n", lab.home.name, "link", "del", "p0");
    for (const each of [capture, replay, responder]) {
      const end = await each.ended();
      assert.equal(end.status, 1);
      assert.match(end.stderr, /^parley: the interface p0 is gone; open it again when ip link shows it$/m);
    }
    assert.deepEqual(captureCounts(await capture.ended()), [2, 2, 0]);
    assert.equal(capinfos(lab, file)[0], 2);
  },
);

liveTest("what is missing is said in one line, and leaves no file behind", ["setpriv"], async (lab) => {
  const kept = lab.file("kept.pcap");
  writeFileSync(kept, "precious");
  for (const name of ["full.pcap", "full.pcapng"]) symlinkSync("/dev/full", lab.file(name));
  const weak = ["setpriv", "--bounding-set", "-net_raw", "--inh-caps", "-net_raw", "bin/parley", "packets"];
  const without = (...args: readonly string[]) => lab.run(lab.home, ...weak, ...args);
  const noRight =
    /^parley: cannot open a packet socket on lo: this needs the capability CAP_NET_RAW; run it as root/;
  const nowhere = /^parley: there is no interface nowhere0; /;
  const cases: readonly (readonly [Promise<Ended>, RegExp])[] = [
    [lab.packets("capture", "nowhere0", "-w", kept), nowhere],
    [lab.packets("capture", "nowhere0", "-w", lab.file("new.pcapng")), nowhere],
    [lab.packets("replay", "test/captures/dns.pcap", "nowhere0"), nowhere],
    [lab.packets("send", "nowhere0", "ether()/arp()"), nowhere],
    [lab.packets("respond", "nowhere0", "examples/packets/ospf-hello.ts"), nowhere],
    [without("capture", "lo", "-w", kept), noRight],
    [without("capture", "lo", "--rotate", "1M", "-w", lab.file("new.pcap")), noRight],
    [without("replay", "test/captures/dns.pcap", "lo"), noRight],
    [without("send", "lo", "ether()/arp()"), noRight],
    [without("respond", "lo", "examples/packets/ospf-hello.ts"), noRight],
    [
      lab.packets("capture", "lo", "-w", lab.file("no/where.pcap")),
      /^parley: \S+\/no\/where\.pcap cannot be written: ENOENT.*; check the folder and its permissions$/m,
    ],
    // What is written at the end only is missed at the end.
    [
      lab.packets("capture", "lo", "-w", lab.file("full.pcapng"), "--seconds", "1"),
      /^0 packets captured,.*\nparley: \S+\/full\.pcapng cannot be written: ENOSPC.*; make room, or write to another place$/m,
    ],
    [
      lab.packets("capture", "lo", "-w", lab.file("full.pcap")),
      /^parley: \S+\/full\.pcap cannot be written: ENOSPC.*; make room, or write to another place$/m,
    ],
  ];
  for (const [running, said] of cases) {
    const { status, stdout, stderr } = await running;
    assert.match(stderr, said);
    assert.deepEqual([status, stdout], [1, ""], stderr);
  }
  assert.equal(readFileSync(kept, "utf8"), "precious");
  assert.deepEqual(readdirSync(lab.folder).sort(), ["full.pcap", "full.pcapng", "kept.pcap"]);
  assert.ok(!existsSync(lab.file("new.pcapng")));
});
