import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { layer, type GivenLayer } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import type { ExchangeContext, ExchangeDefinition } from "#packet/exchange/definition.ts";
import { Exchange } from "#packet/exchange/exchange.ts";
import { runOverCapture } from "#packet/exchange/over-capture.ts";
import { Wire, type Station } from "#packet/exchange/testing/wire.ts";
import type { Message } from "#packet/message.ts";
import * as parley from "#wire/library.ts";
import * as arp from "../../examples/packets/arp.ts";
import * as dhcpServer from "../../examples/packets/dhcp-server.ts";
import * as handshake from "../../examples/packets/handshake.ts";
import * as echo from "../../examples/packets/icmp-echo.ts";
import * as ospfHello from "../../examples/packets/ospf-hello.ts";
import * as portScan from "../../examples/packets/port-scan.ts";
import * as traceroute from "../../examples/packets/traceroute.ts";

const { Arp, Data, Dhcp, Ethernet, Icmp, Ipv4, Ospf, Tcp, Udp, machine, query, responder, sendAndReceive } =
  parley;
const registry = parley.standardRegistry();
const first = Ethernet as unknown as Message;

const SERVER = { address: "192.0.2.80", mac: "02:00:c0:00:02:50" };

function attach<D>(wire: Wire, definition: ExchangeDefinition<D>, seed = 1): Station {
  return wire.attach(new Exchange(registry, definition, first, seededRandom(seed)));
}

function back(packet: Packet): GivenLayer[] {
  const { source, destination } = packet.get(Ethernet)!;
  const ip = packet.get(Ipv4)!;
  return [
    layer(Ethernet, { source: destination, destination: source }),
    layer(Ipv4, { source: ip.destination, destination: ip.source }),
  ];
}

/** A TCP that answers SYNs to one port, greets, and closes when the other side does; it resets all other ports. */
function tcpServer(open: number): ExchangeDefinition<undefined> {
  const from = query`ip.dst == ${SERVER.address}`;
  const answer = (packet: Packet, given: object): GivenLayer[] => {
    const { sourcePort, destinationPort } = packet.get(Tcp)!;
    return [
      ...back(packet),
      layer(Tcp, { sourcePort: destinationPort, destinationPort: sourcePort, ...given }),
    ];
  };
  const after = (packet: Packet, count: number): number => (packet.get(Tcp)!.sequence + count) >>> 0;
  return responder("tcp server", {
    [`${from} and tcp.flags.syn == 1 and tcp.dstport == ${open}`]: (packet) =>
      answer(packet, { sequence: 100, acknowledgment: after(packet, 1), flags: { syn: true, ack: true } }),
    [`${from} and tcp.flags.syn == 1`]: (packet) =>
      answer(packet, { acknowledgment: after(packet, 1), flags: { rst: true, ack: true } }),
    [`${from} and tcp.flags.fin == 1`]: (packet) =>
      answer(packet, {
        sequence: packet.get(Tcp)!.acknowledgment,
        acknowledgment: after(packet, 1),
        flags: { ack: true, fin: true },
      }),
    [`${from} and tcp.ack == 101 and tcp.len == 0 and tcp.flags.reset == 0`]: (packet) => [
      ...answer(packet, { sequence: 101, acknowledgment: after(packet, 0), flags: { ack: true, psh: true } }),
      layer(Data, { data: new TextEncoder().encode("hello\r\n") }),
    ],
  });
}

test("a handshake and a goodbye between two exchanges", () => {
  const wire = new Wire(5);
  attach(wire, arp.exchange(parley, { address: SERVER.address }));
  attach(wire, tcpServer(80));
  const options = { address: "192.0.2.7", target: SERVER.address, port: "80", hold: "300" };
  const client = attach(wire, handshake.exchange(parley, options));
  wire.run(10_000);
  assert.deepEqual(client.states, ["resolving", "connecting", "open", "closing", "lingering", "closed"]);
  assert.deepEqual(client.told, [
    { at: 20, text: "connected", details: { ms: 10 } },
    { at: 1_330, text: "closed", details: { received: 7 } },
  ]);
});

test("a handshake over a wire that loses packets ends all the same, and the same way for the same seed", () => {
  const ends: string[] = [];
  for (let seed = 0; seed < 20; seed++) {
    const run = (): Station => {
      const random = seededRandom(`loss ${seed}`);
      const wire = new Wire(5, () => random.float() < 0.2);
      attach(wire, arp.exchange(parley, { address: SERVER.address }));
      attach(wire, tcpServer(80));
      const options = { address: "192.0.2.7", target: SERVER.address, port: "80" };
      const client = attach(wire, handshake.exchange(parley, options), seed);
      wire.run(60_000);
      assert.equal(client.failure, undefined);
      assert.equal(client.exchange.isOver, true);
      return client;
    };
    const client = run();
    if (seed < 2) assert.deepEqual(client.said, run().said);
    ends.push(client.exchange.state);
  }
  const closed = ends.filter((state) => state === "closed").length;
  assert.ok(closed > 14 && closed < 20, `${closed} of 20`);
});

test("a port scan finds the open port of a host on the wire", () => {
  const wire = new Wire(2);
  attach(wire, arp.exchange(parley, { address: SERVER.address }));
  attach(wire, tcpServer(443));
  const options = { address: "192.0.2.7", target: SERVER.address, ports: "400-500", flight: "10" };
  const scan = attach(wire, portScan.exchange(parley, options));
  wire.run(60_000);
  assert.deepEqual(scan.told.at(-1), {
    at: 48,
    text: "done",
    details: { open: [443], closed: 100, filtered: 0 },
  });
});

/** Routers in a row, as one host of the link sees them: each takes one from the time to live. */
function routers(path: readonly string[], target: string): ExchangeDefinition<undefined> {
  return responder("routers", {
    "udp and ip.ttl <= 20": (packet) => {
      const ip = packet.get(Ipv4)!;
      const hop = path[ip.ttl - 1];
      const [ethernet] = back(packet) as [GivenLayer];
      const quoted = packet.bytes.slice(14);
      const error = hop === undefined ? { type: 3, code: 3 } : { type: 11 };
      return [
        ethernet,
        layer(Ipv4, { source: hop ?? target, destination: ip.source }),
        layer(Icmp, error),
        layer(Data, { data: quoted }),
      ];
    },
  });
}

test("a route through four routers is found hop by hop", () => {
  const wire = new Wire(3);
  const path = ["192.0.2.1", "198.51.100.1", "198.51.100.5", "203.0.113.1"];
  attach(wire, arp.exchange(parley, { address: path[0]! }));
  attach(wire, routers(path, "203.0.113.9"));
  const options = { address: "192.0.2.7", gateway: path[0]!, target: "203.0.113.9" };
  const trace = attach(wire, traceroute.exchange(parley, options));
  wire.run(60_000);
  const all = [...path, "203.0.113.9"];
  assert.deepEqual(
    trace.told.map(({ text }) => text),
    [...all.map((hop, i) => `${i + 1} ${hop}`), "arrived"],
  );
  assert.deepEqual(trace.told[2]!.details, { ms: 6 });
});

interface Client {
  tries: number;
  transactionId: number;
  address: string;
  server: string;
  renewals: number;
}

/** A DHCP client as RFC 2131 figure 5 draws it, without rebinding. */
function dhcpClient(mac: string): ExchangeDefinition<Client> {
  const send = (
    { transactionId }: Client,
    options: readonly { readonly type: number; readonly data?: string | number }[],
    clientIp = "0.0.0.0",
  ): GivenLayer[] => [
    layer(Ethernet, { destination: "ff:ff:ff:ff:ff:ff", source: mac }),
    layer(Ipv4, { source: clientIp, destination: "255.255.255.255" }),
    layer(Udp, { sourcePort: 68, destinationPort: 67 }),
    layer(Dhcp, { transactionId, clientMac: mac, clientIp, options: [...options, { type: 255 }] }),
  ];
  const isMine = (packet: Packet, { data }: ExchangeContext<Client>): boolean =>
    packet.get(Dhcp)!.transactionId === data.transactionId;
  const mine = (type: number): string =>
    query`dhcp.type == 2 and dhcp.option.dhcp == ${type} and dhcp.hw.mac_addr == ${mac}`;
  return machine<Client>({
    name: "dhcp client",
    data: () => ({ tries: 0, transactionId: 0, address: "", server: "", renewals: 0 }),
    initial: "selecting",
    states: {
      selecting: {
        enter({ data, random }) {
          data.tries++;
          data.transactionId = random.next();
          return send(data, [{ type: 53, data: 1 }]);
        },
        on: [
          {
            query: mine(2),
            when: isMine,
            do(packet, { data }) {
              const { yourIp, options } = packet.get(Dhcp)!;
              data.address = yourIp;
              data.server = options!.find(({ type }) => type === 54)!.data as string;
            },
            go: "requesting",
          },
        ],
        after: { ms: ({ data }) => 1_000 * 2 ** data.tries, go: "selecting" },
      },
      requesting: {
        enter: ({ data }) =>
          send(data, [
            { type: 53, data: 3 },
            { type: 50, data: data.address },
            { type: 54, data: data.server },
          ]),
        on: [
          { query: mine(5), when: isMine, do: (_p, { data, tell }) => tell(data.address), go: "bound" },
          { query: mine(6), when: isMine, go: "selecting" },
        ],
        after: { ms: 2_000, go: "selecting" },
      },
      bound: { after: { ms: 30_000, go: "renewing" } },
      renewing: {
        enter: ({ data }) => send(data, [{ type: 53, data: 3 }], data.address),
        on: [
          { query: mine(5), when: isMine, do: (_p, { data }) => void data.renewals++, go: "bound" },
          { query: mine(6), when: isMine, go: "selecting" },
        ],
        after: { ms: 5_000, go: "renewing" },
      },
    },
  });
}

test("ten DHCP clients get ten addresses of a server, over a wire that loses packets, and keep them for an hour", () => {
  const random = seededRandom("dhcp");
  const wire = new Wire(2, () => random.float() < 0.15);
  const options = { address: "192.0.2.1", pool: "192.0.2.100-192.0.2.109", lease: "60" };
  const server = attach(wire, dhcpServer.exchange(parley, options));
  const clients = Array.from({ length: 10 }, (_, i) => attach(wire, dhcpClient(`02:00:00:00:01:0${i}`), i));
  wire.run(3_600_000);
  assert.deepEqual([server, ...clients].map(({ failure }) => failure).filter(Boolean), []);
  const addresses = clients.map(({ told }) => new Set(told.map(({ text }) => text)));
  assert.ok(
    addresses.every(({ size }) => size === 1),
    "each client had one address all the time",
  );
  assert.equal(new Set(addresses.map((set) => [...set][0])).size, 10);
  for (const { exchange } of clients) assert.ok((exchange.data as Client).renewals > 90);
});

test("a ping by sendAndReceive is answered by the responder, after one that was lost", () => {
  let sent = 0;
  const wire = new Wire(10, () => ++sent === 1);
  attach(wire, echo.exchange(parley, { address: "192.0.2.7" }));
  const ping = [
    layer(Ethernet, { source: "02:00:00:00:00:09", destination: "02:00:c0:00:02:07" }),
    layer(Ipv4, { source: "192.0.2.9", destination: "192.0.2.7" }),
    layer(Icmp, { identifier: 7 }),
  ];
  const asking = attach(wire, sendAndReceive({ send: ping, answer: "icmp.type == 0 and icmp.ident == 7" }));
  wire.run(10_000);
  assert.deepEqual(asking.told, [{ at: 1_020, text: "answered", details: { tries: 2 } }]);
});

test("the same machine says the same on the wire and over a capture of it", () => {
  const wire = new Wire(0);
  const definition = ospfHello.exchange(parley, {});
  const live = attach(wire, definition);
  const hellos = [0, 10_000, 20_000, 75_000, 80_000].map((at) => {
    const body = { designatedRouter: at < 15_000 ? "192.0.2.1" : "192.0.2.2" };
    const layers = [layer(Ethernet), layer(Ipv4, { source: "192.0.2.1" }), layer(Ospf, { type: 1, body })];
    return { at, bytes: parley.build(registry, layers) };
  });
  for (const { at, bytes } of hellos) wire.scheduler.at(at, () => wire.send(bytes));
  wire.run(90_000);
  const packets = hellos.map(({ at, bytes }, i) => ({
    number: i + 1,
    linkType: 1,
    bytes,
    originalLength: bytes.length,
    seconds: 1_700_000_000 + at / 1_000,
    nanoseconds: 0,
    comments: [],
  }));
  const exchange = new Exchange(registry, definition, first, seededRandom(1));
  assert.deepEqual([...runOverCapture(exchange, packets)], live.said);
  assert.deepEqual(
    live.told.map(({ at, text }) => `${at} ${text}`),
    [
      "0 neighbor 192.0.2.1, router 0.0.0.0",
      "20000 neighbor 192.0.2.1 changed",
      "60000 neighbor 192.0.2.1 is silent",
      "75000 neighbor 192.0.2.1, router 0.0.0.0",
    ],
  );
});

test("who asks for an address on the wire gets one answer of the right one of two responders", () => {
  const wire = new Wire(1);
  attach(wire, arp.exchange(parley, { address: "192.0.2.7" }));
  attach(wire, arp.exchange(parley, { address: "192.0.2.8" }));
  const asking = attach(
    wire,
    sendAndReceive({
      send: [layer(Ethernet), layer(Arp, { senderIp: "192.0.2.9", targetIp: "192.0.2.8" })],
      answer: query`arp.opcode == 2 and arp.src.proto_ipv4 == ${"192.0.2.8"}`,
    }),
  );
  wire.run(5_000);
  assert.equal(asking.exchange.state, "answered");
  assert.equal((asking.exchange.data as { answer: Packet }).answer.get(Arp)!.senderMac, "02:00:c0:00:02:08");
});
