import assert from "node:assert/strict";
import { test } from "node:test";
import { build, layer } from "#packet/build.ts";
import { parsePacketExpression } from "#packet/packet-expression.ts";
import { hexText } from "#packet/primitive.ts";
import { QueryError } from "#packet/query/query-error.ts";
import { Arp } from "#wire/arp.ts";
import { Ethernet } from "#wire/ethernet.ts";
import { Ipv4 } from "#wire/ipv4.ts";
import { standardRegistry } from "#wire/registry.ts";
import { Tcp } from "#wire/tcp.ts";
import { Udp } from "#wire/udp.ts";

const registry = standardRegistry();

function written(text: string): string {
  const { layers, payload } = parsePacketExpression(registry, text);
  return hexText(build(registry, layers, payload));
}

const addresses = { source: "192.0.2.1", destination: "192.0.2.2" };

for (const [text, expected] of [
  [
    'ether(dst="ff:ff:ff:ff:ff:ff")/arp(opcode="request", targetIp="192.0.2.1")',
    build(registry, [
      layer(Ethernet, { destination: "ff:ff:ff:ff:ff:ff" }),
      layer(Arp, { opcode: 1, targetIp: "192.0.2.1" }),
    ]),
  ],
  [
    'ip(src="192.0.2.1", dst="192.0.2.2", ttl=3, proto="UDP") / udp(dstport=53) / "hi"',
    build(
      registry,
      [layer(Ipv4, { ...addresses, ttl: 3 }), layer(Udp, { destinationPort: 53 })],
      Uint8Array.of(104, 105),
    ),
  ],
  [
    'ip(source="192.0.2.1", destination="192.0.2.2")/tcp(flags="syn,ack", options=[{kind=2, data={maximum=1400}}, {kind=1}])/0x0102',
    build(
      registry,
      [
        layer(Ipv4, addresses),
        layer(Tcp, {
          flags: { syn: true, ack: true },
          options: [{ kind: 2, data: { maximum: 1400 } }, { kind: 1 }],
        }),
      ],
      Uint8Array.of(1, 2),
    ),
  ],
  ["udp(checksum=0xdead, length=9)", build(registry, [layer(Udp, { checksum: 0xdead, length: 9 })])],
] as const)
  test(text, () => assert.equal(written(text), hexText(expected)));

for (const [text, expected, at] of [
  ["", /ends too early/, 0],
  ["ethr()", /no protocol ethr/, 0],
  ["ip(tttl=3)", /ip has no field tttl/, 3],
  ["ip(ttl)", /not expected/, 6],
  ["ip(ttl=)", /not expected/, 7],
  ["ip(ttl=3", /ends too early/, 8],
  ['ip(proto="NONE")', /takes a number/, 9],
  ['tcp(flags="sin")', /no flag sin/, 10],
  ["ip() udp()", /not expected/, 5],
  ["ip(options=3)", /takes a list/, 11],
  ["ip(ttl=§)", /not expected/, 7],
] as const)
  test(`"${text}" is a mistake, and where`, () => {
    assert.throws(
      () => parsePacketExpression(registry, text),
      (error) => {
        assert.ok(error instanceof QueryError, String(error));
        assert.match(error.message, expected);
        assert.equal(error.at, at);
        return true;
      },
    );
  });
