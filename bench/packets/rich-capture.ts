import { closeSync, openSync, writeSync } from "node:fs";
import { seededRandom, type Random } from "#base/random.ts";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import type { Registry } from "#packet/registry.ts";
import { Arp } from "#wire/arp.ts";
import { Dns } from "#wire/dns.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Icmp } from "#wire/icmp.ts";
import { Icmpv6 } from "#wire/icmpv6.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { Ipv6 } from "#wire/ipv6.ts";
import { Ospf } from "#wire/ospf/ospf.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Tcp } from "#wire/tcp.ts";
import { Udp } from "#wire/udp.ts";
import { Vlan } from "#wire/vlan.ts";

/** What is made anew; the file repeats these packets. */
const DIFFERENT = 20_000;

/**
 * A pcap file of many protocols, checksums right: DNS answers 20 %, TCP with options 40 %, UDP 10 %, ICMP 5 %, ARP 5 %,
 * IPv6 with TCP, DNS and ICMPv6 12 %, OSPF Hellos 3 %, VLAN with TCP 5 %.
 */
export function writeRichCapture(path: string, count: number): void {
  const random = seededRandom(7);
  const registry = standardRegistry();
  const frames = Array.from({ length: DIFFERENT }, () => frameOf(registry, random));
  const writer = new PcapWriter({ linkType: 1 });
  const file = openSync(path, "w");
  writeSync(file, writer.header());
  for (let i = 0; i < count; i++) {
    const bytes = frames[i % DIFFERENT]!;
    writer.append(
      bytes,
      0,
      bytes.length,
      1_790_000_000 + Math.floor(i / 50_000),
      (i % 50_000) * 20_000,
      bytes.length,
    );
    if (writer.size > 1_000_000) writeSync(file, writer.take());
  }
  writeSync(file, writer.take());
  closeSync(file);
}

function frameOf(registry: Registry, random: Random): Uint8Array {
  const kind = random.below(100);
  if (kind < 5) return build(registry, [ethernet(random), arp(random)], new Uint8Array(18));
  if (kind < 8) return build(registry, [ethernet(random), ip(random), ospf(random)]);
  if (kind < 13) return build(registry, [ethernet(random), ip(random), icmp(random)], filled(56));
  if (kind < 18) {
    const tag = layer(Vlan, { priority: random.below(8), id: 1 + random.below(4_000) });
    return build(registry, [ethernet(random), tag, ip(random), tcp(random)], filled(random.below(60)));
  }
  if (kind < 22) return build(registry, [ethernet(random), ip6(random), icmp6(random)], filled(32));
  if (kind < 26) return build(registry, [ethernet(random), ip6(random), udp(random, 53), dns(random)]);
  if (kind < 30)
    return build(registry, [ethernet(random), ip6(random), tcp(random)], filled(random.below(60)));
  if (kind < 50) return build(registry, [ethernet(random), ip(random), udp(random, 53), dns(random)]);
  if (kind < 60)
    return build(registry, [ethernet(random), ip(random), udp(random, 6_881)], filled(random.below(60)));
  return build(registry, [ethernet(random), ip(random), tcp(random)], filled(random.below(60)));
}

function filled(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, i) => i);
}

function ethernet(random: Random): GivenLayer {
  const tail = (): string => random.hex(2);
  return layer(Ethernet, { destination: `02:00:5e:10:00:${tail()}`, source: `02:00:5e:10:01:${tail()}` });
}

function host(random: Random): string {
  return `10.1.${random.below(40)}.${random.below(256)}`;
}

function ip(random: Random): GivenLayer {
  const [id, ttl] = [random.below(65_536), 40 + random.below(24)];
  return layer(Ipv4, { source: host(random), destination: host(random), id, ttl, dontFragment: 1 });
}

function ip6(random: Random): GivenLayer {
  const address = (): string => `2001:db8::${random.hex(2)}:${random.hex(1)}`;
  return layer(Ipv6, { source: address(), destination: address(), flowLabel: random.below(1 << 20) });
}

function udp(random: Random, port: number): GivenLayer {
  return layer(Udp, { sourcePort: port, destinationPort: 20_000 + random.below(40_000) });
}

function tcp(random: Random): GivenLayer {
  const times = { kind: 8, data: { value: random.next(), echo: random.next() } };
  const opening = [
    { kind: 2, data: { maximum: 1_460 } },
    { kind: 4 },
    times,
    { kind: 1 },
    { kind: 3, data: { shift: 7 } },
  ];
  const isOpening = random.below(8) === 0;
  const block = { left: random.next(), right: random.next() };
  const selective = [{ kind: 1 }, { kind: 1 }, { kind: 5, data: { blocks: [block] } }];
  const rest = random.below(6) === 0 ? selective : [];
  return layer(Tcp, {
    sourcePort: 9_999,
    destinationPort: 20_000 + random.below(40_000),
    sequence: random.next(),
    acknowledgment: random.next(),
    flags: isOpening ? { syn: true } : { ack: true, psh: random.below(2) === 1 },
    options: isOpening ? opening : [{ kind: 1 }, { kind: 1 }, times, ...rest],
  });
}

function dns(random: Random): GivenLayer {
  const name = `${HOSTS[random.below(HOSTS.length)]!}.h${random.below(2_000)}.example.com`;
  const address = (): string => `203.0.113.${random.below(256)}`;
  const shared = { class: 1, ttl: 300 };
  return layer(Dns, {
    id: random.below(65_536),
    response: 1,
    recursionDesired: 1,
    recursionAvailable: 1,
    questions: [{ name, type: 1 }],
    answers: [
      { ...shared, name, type: 5, data: `edge.${name}` },
      { ...shared, name: `edge.${name}`, type: 1, data: address() },
      { ...shared, name: `edge.${name}`, type: 1, data: address() },
    ],
  });
}

const HOSTS = ["www", "mail", "api", "cdn", "static", "login", "img", "news"];

function icmp(random: Random): GivenLayer {
  return layer(Icmp, {
    type: random.below(2) * 8,
    identifier: random.below(65_536),
    sequence: random.below(1_000),
  });
}

function icmp6(random: Random): GivenLayer {
  return layer(Icmpv6, {
    type: 128 + random.below(2),
    body: { identifier: random.below(65_536), sequence: random.below(1_000) },
  });
}

function arp(random: Random): GivenLayer {
  const senderMac = `02:00:5e:10:01:${random.hex(2)}`;
  return layer(Arp, {
    opcode: 1 + random.below(2),
    senderMac,
    senderIp: host(random),
    targetIp: host(random),
  });
}

function ospf(random: Random): GivenLayer {
  const body = { networkMask: "255.255.255.0", helloInterval: 10, neighbors: ["192.0.2.7", "192.0.2.8"] };
  return layer(Ospf, { type: 1, routerId: host(random), areaId: "0.0.0.1", body });
}
