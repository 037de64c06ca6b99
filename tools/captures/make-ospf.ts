// Writes the made packets in frames: node tools/captures/make-ospf.ts test/captures/ospf/made.pcap
import { build, layer } from "#packet/build.ts";
import { PcapWriter } from "#packet/file/pcap-writer.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { Ospf } from "#wire/ospf/ospf.ts";
import { madePackets } from "#wire/ospf/testing/packets.ts";
import { standardRegistry } from "#wire/registry.ts";
import { writeFileSync } from "node:fs";

const registry = standardRegistry();
const writer = new PcapWriter({ linkType: 1 });
const below = [
  layer(Ethernet, { source: "02:00:5e:10:00:01", destination: "01:00:5e:00:00:05" }),
  layer(Ipv4, { dscp: 48, ttl: 1, source: "192.0.2.1", destination: "224.0.0.5" }),
];
const records = madePackets.map((packet, i) => {
  const bytes = build(registry, [...below, layer(Ospf, packet)]);
  return writer.packet(bytes, 0, bytes.length, 1_700_000_000, i * 12_345_000, bytes.length);
});
writeFileSync(process.argv[2]!, Buffer.concat([writer.header(), ...records]));
