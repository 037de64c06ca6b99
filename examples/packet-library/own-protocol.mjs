// A protocol of one's own: declared once, then built, taken apart and asked about. node own-protocol.mjs
import {
  build,
  computed,
  Ethernet,
  flags,
  Ipv4,
  layer,
  message,
  Packet,
  packetTree,
  Query,
  Registry,
  standardRegistry,
  text,
  u16,
  u8,
  Udp,
  Data,
} from "parley/packet";

const Thermometer = message("thermo", {
  title: "Thermometer",
  fields: {
    version: u8(1),
    flags: flags({ alarm: 0x80, battery: 0x01 }),
    kelvin: u16(293),
    nameLength: u8(computed("sizeOf.name")),
    name: text("nameLength"),
  },
  on: { "udp.port": 7777 },
});

const registry = new Registry([...standardRegistry().messages, Thermometer], Data);
const packet = build(registry, [
  layer(Ethernet),
  layer(Ipv4, { source: "192.0.2.1", destination: "192.0.2.9" }),
  layer(Udp, { sourcePort: 40_000, destinationPort: 7777 }),
  layer(Thermometer, { flags: { alarm: true }, kelvin: 350, name: "oven" }),
]);

for (const { depth, text: line } of packetTree(new Packet(registry, Ethernet, packet)))
  console.log("  ".repeat(depth) + line);

const hot = new Query(registry, 'thermo.kelvin > 340 and thermo.name contains "ov"').matcher(Ethernet);
const frame = { length: packet.length, capturedLength: packet.length };
console.log(hot(packet, 0, packet.length, frame) ? "the oven is hot" : "all is well");
