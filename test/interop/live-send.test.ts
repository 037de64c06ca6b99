import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { bytesIn, capinfos } from "./live-files.ts";
import { liveTest, type Ended, type Lab } from "./live.ts";
import { ip, type Namespace } from "./namespace.ts";

function macOf(space: Namespace): string {
  return (JSON.parse(space.run("ip", "-j", "link", "show", "p0")) as [{ address: string }])[0].address;
}

/** The rows of answers, without number and time. */
function answers({ stdout }: Ended): string[] {
  return stdout
    .trim()
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.trim().split(/ +/).slice(2).join(" "));
}

liveTest("send prints what a kernel answers to ARP, an echo request, a datagram, a SYN", [], async (lab) => {
  const other = await lab.neighbor();
  const [own, mac] = [macOf(lab.home), macOf(other)];
  const send = (text: string, ...options: readonly string[]) => lab.packets("send", "p0", text, ...options);
  const begin = `ether(dst="${mac}")/ip(dst="10.77.0.2")`;
  const wait = ["--wait", "2"];
  const [arp, echo, udp, tcp, silence, plain] = await Promise.all([
    send('ether(dst="ff:ff:ff:ff:ff:ff")/arp(opcode="request", targetIp="10.77.0.2")', ...wait),
    send(`${begin}/icmp(type=8, identifier=7, sequence=3)/"hello"`, ...wait, "--answer", "icmp.ident == 7"),
    send(`${begin}/udp(srcport=4000, dstport=9)`, ...wait, "--answer", "icmp and udp.srcport == 4000"),
    send(`${begin}/tcp(srcport=4001, dstport=9, flags={syn: true})`, ...wait, "--answer", "tcp"),
    send('ether(dst="ff:ff:ff:ff:ff:ff")/arp(targetIp="10.77.0.99")', "--wait", "1"),
    send(`${begin}/icmp(type=8, identifier=8)`, "--count", "3"),
  ]);
  assert.deepEqual(answers(arp), [`${mac} ${own} ARP 10.77.0.2 is at ${mac}`]);
  assert.deepEqual(answers(echo), ["10.77.0.2 10.77.0.1 ICMP echo reply, id 7, seq 3"]);
  const unreachable = "10.77.0.2 10.77.0.1 ICMP destination unreachable, port unreachable";
  assert.deepEqual(answers(udp), [unreachable]);
  assert.match(answers(tcp).join("\n"), /^10\.77\.0\.2 10\.77\.0\.1 TCP 9 → 4001 RST ACK,[^\n]*$/);
  for (const { status } of [arp, echo, udp, tcp]) assert.equal(status, 0);
  assert.equal(arp.stderr, "1 of 1 packets of 42 bytes sent\n");
  // Nobody answers: that is a failure, and there is nothing to show.
  assert.deepEqual([silence.status, silence.stdout], [1, ""]);
  assert.deepEqual([plain.status, plain.stderr], [0, "3 of 3 packets of 42 bytes sent\n"]);
});

liveTest("send refuses what an interface does not carry", [], async (lab) => {
  await lab.neighbor();
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['ip(dst="10.77.0.2")/icmp()', 2, /^parley: packets on p0 begin with eth, not with ip; 'ether\(/],
    ["0xffff", 1, /^parley: a packet of 2 bytes is shorter than a link header/],
    [`ether()/"${"x".repeat(2_000)}"`, 1, /^parley: a packet of 2014 bytes is longer than the link carries/],
    ["ether()/arb()", 2, /^parley: .*»arb«/],
  ];
  const ends = await Promise.all(cases.map(([text]) => lab.packets("send", "p0", text)));
  for (const [i, [, status, said]] of cases.entries()) {
    assert.match(ends[i]!.stderr, said);
    assert.deepEqual([ends[i]!.status, ends[i]!.stdout], [status, ""]);
  }
});

liveTest("on loopback, what was sent is no answer", ["sysctl"], async (lab) => {
  const allow = ["accept_local", "route_localnet"].map((name) => `net.ipv4.conf.lo.${name}=1`);
  lab.home.run("sysctl", "-qw", ...allow, "net.ipv4.conf.all.rp_filter=0", "net.ipv4.conf.lo.rp_filter=0");
  const echo = 'ether()/ip(dst="127.0.0.1")/icmp(type=8, identifier=9, sequence=1)/"hello"';
  const end = await lab.packets("send", "lo", echo, "--wait", "1");
  assert.deepEqual(answers(end), ["127.0.0.1 127.0.0.1 ICMP echo reply, id 9, seq 1"]);
  assert.equal(end.status, 0);
});

/** Tunnels whose packets have no link header: tun0 at home, 10.78.0.1 and fd78::1; tun1 elsewhere, 10.78.0.2 and fd78::2. */
async function tunnel(lab: Lab): Promise<Namespace> {
  const other = lab.space();
  const wire = lab.start(lab.home, "python3", "test/interop/live-tunnel.py", other.name);
  await wire.saw(/connected/);
  for (const [i, space] of [lab.home, other].entries()) {
    const [link, host] = [`tun${i}`, i + 1];
    const settings = ["router_solicitations=0", "disable_ipv6=0"];
    space.run("sysctl", "-qw", ...settings.map((setting) => `net.ipv6.conf.${link}.${setting}`));
    ip("-n", space.name, "link", "set", link, "up");
    ip("-n", space.name, "addr", "add", `10.78.0.${host}/24`, "dev", link);
    ip("-n", space.name, "addr", "add", `fd78::${host}/64`, "dev", link, "nodad");
  }
  return other;
}

const RESPONDER = `export const exchange = ({ responder, layer, Icmp, Ipv4, Data }) => responder("echo", {
  "icmp.type == 8 and ip.dst == 10.78.0.9": (packet) => [
    layer(Ipv4, { source: "10.78.0.9", destination: packet.get(Ipv4).source }),
    layer(Icmp, { type: 0, identifier: packet.get(Icmp).identifier, sequence: packet.get(Icmp).sequence }),
    layer(Data, { data: packet.get(Data).data }),
  ],
});
`;

liveTest(
  "on a tunnel packets begin with IP: sent, captured, replayed, answered",
  ["python3", "tcpdump", "ping", "capinfos"],
  async (lab) => {
    const other = await tunnel(lab);
    const file = lab.file("tun.pcapng");
    const capture = await lab.capture("tun0", "icmp or icmpv6.type in {128, 129}", "-w", file);
    const [four, six, wrong] = await Promise.all([
      lab.packets("send", "tun0", 'ip(dst="10.78.0.2")/icmp(type=8, identifier=5)/"hello"', "--wait", "1"),
      lab.packets(
        "send",
        "tun0",
        'ipv6(dst="fd78::2")/icmpv6(type=128, body={identifier: 6})/0x00',
        "--wait",
        "1",
      ),
      lab.packets("send", "tun0", 'ether()/ip(dst="10.78.0.2")/icmp()'),
    ]);
    assert.deepEqual(answers(four), ["10.78.0.2 10.78.0.1 ICMP echo reply, id 5, seq 0"]);
    assert.match(answers(six).join(), /^fd78::2 fd78::1 ICMPv6 echo reply/, six.stderr);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /^parley: packets on tun0 begin with ip or ipv6, not with eth; 'ip\(/);
    assert.equal((await capture.interrupt()).status, 0);
    assert.equal(capinfos(lab, file)[0], 4);
    assert.match(lab.home.run("capinfos", "-E", file), /Raw IP/);

    writeFileSync(lab.file("echo.mjs"), RESPONDER);
    await lab.respond("tun0", lab.file("echo.mjs"));
    assert.equal((await lab.run(other, "ping", "-c2", "-i0.01", "-W5", "10.78.0.9")).status, 0);

    const heard = lab.file("heard.pcap");
    const echoes = "icmp or ip6[40] == 128 or ip6[40] == 129";
    const flags = ["-Q", "in", "-c", "4", "--immediate-mode", "-w", heard, echoes];
    const tcpdump = lab.start(other, "tcpdump", "-i", "tun1", ...flags);
    await tcpdump.saw(/listening/);
    const { status, stderr } = await lab.packets("replay", file, "tun0", "--top");
    assert.equal(status, 0, stderr);
    await tcpdump.ended();
    assert.deepEqual(bytesIn(heard), bytesIn(file));
  },
);
