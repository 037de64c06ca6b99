// Which names were asked for, and how often: node dns-names.mjs capture.pcap
import { createReadStream } from "node:fs";
import { capturedPacketsOf, Data, Dns, Packet, Query, standardRegistry } from "parley/packet";

const registry = standardRegistry();
const asks = new Query(registry, "dns.flags.response == 0");
const counts = new Map();
for await (const { bytes, linkType, originalLength } of capturedPacketsOf(
  createReadStream(process.argv[2]),
)) {
  const first = registry.find("linktype", linkType) ?? Data;
  // The compiled query reads the bytes; only what it selects is taken apart.
  const frame = { length: originalLength, capturedLength: bytes.length };
  if (!asks.matcher(first)(bytes, 0, bytes.length, frame)) continue;
  const packet = new Packet(registry, first, bytes, { originalLength });
  for (const { name } of packet.get(Dns)?.questions ?? [])
    counts.set(name.text, (counts.get(name.text) ?? 0) + 1);
}
for (const [name, count] of [...counts].sort((a, b) => b[1] - a[1])) console.log(`${count} ${name}`);
