import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import type { Packet } from "#packet/dissect.ts";
import type { ExchangeDefinition } from "#packet/exchange/definition.ts";
import { exchangeDot } from "#packet/exchange/dot.ts";
import { Exchange, type ExchangeOutput } from "#packet/exchange/exchange.ts";
import { Bench, sentIn, toldIn } from "#packet/exchange/testing/wire.ts";
import type { Message } from "#packet/message.ts";
import * as parley from "#wire/library.ts";
import * as arp from "../../examples/packets/arp.ts";
import * as dns from "../../examples/packets/dns.ts";
import * as echo from "../../examples/packets/icmp-echo.ts";
import * as ospfHello from "../../examples/packets/ospf-hello.ts";

const { Arp, Data, Dns, Ethernet, Icmp, Ipv4, Ospf, OspfHello, Udp } = parley;
const registry = parley.standardRegistry();
const first = Ethernet as unknown as Message;

const CLIENT = { address: "192.0.2.9", mac: "02:00:00:00:00:09" };

function started<D>(definition: ExchangeDefinition<D>): Bench<D> {
  const run = new Bench(new Exchange(registry, definition, first, seededRandom(3)));
  run.start();
  return run;
}

/** The one packet that was sent, without a mistake in it. */
function only(outputs: readonly ExchangeOutput[]): Packet {
  assert.deepEqual(
    outputs.filter(({ type }) => type === "failed"),
    [],
  );
  const packets = sentIn(outputs, { registry, first });
  assert.equal(packets.length, 1);
  assert.deepEqual(packets[0]!.problems, []);
  return packets[0]!;
}

const whoHas = (target: string, from = CLIENT): GivenLayer[] => [
  layer(Ethernet, { destination: "ff:ff:ff:ff:ff:ff", source: from.mac }),
  layer(Arp, { senderMac: from.mac, senderIp: from.address, targetIp: target }),
];

const fromClient = (destination: string, mac: string): GivenLayer[] => [
  layer(Ethernet, { destination: mac, source: CLIENT.mac }),
  layer(Ipv4, { source: CLIENT.address, destination }),
];

/** Options with which each example starts. */
const SAMPLES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "arp.ts": { address: "192.0.2.0/24" },
  "icmp-echo.ts": { address: "192.0.2.7" },
  "dns.ts": { address: "192.0.2.7", names: "www.lab=192.0.2.80" },
  "ospf-hello.ts": {},
  "traceroute.ts": { address: "192.0.2.7", target: "198.51.100.9", gateway: "192.0.2.1" },
  "handshake.ts": { address: "192.0.2.7", target: "192.0.2.80", port: "80" },
  "port-scan.ts": { address: "192.0.2.7", target: "192.0.2.80", ports: "80" },
  "dhcp-server.ts": { address: "192.0.2.1", pool: "192.0.2.100-192.0.2.101" },
};

interface Example {
  exchange(tools: typeof parley, options: Readonly<Record<string, string>>): ExchangeDefinition;
}

async function examples(): Promise<[name: string, example: Example][]> {
  const folder = new URL("../../examples/packets/", import.meta.url);
  const names = readdirSync(folder).filter((name) => name.endsWith(".ts"));
  return Promise.all(
    names.map(
      async (name) => [name, (await import(new URL(name, folder).href)) as Example] as [string, Example],
    ),
  );
}

test("every example starts, is drawn with all its states, and refuses options that it does not know", async () => {
  const all = await examples();
  assert.deepEqual(all.map(([name]) => name).sort(), Object.keys(SAMPLES).sort());
  for (const [name, example] of all) {
    const options = SAMPLES[name]!;
    const definition = example.exchange(parley, options);
    const run = started(definition);
    assert.equal(run.exchange.isOver, false, name);
    const drawn = exchangeDot(definition).split("\n");
    for (const [state, { final }] of Object.entries(definition.states)) {
      assert.ok(drawn.includes(`  "${state}"${final ? " [peripheries=2]" : ""};`), `${name}: ${state}`);
      // Every state can be reached.
      if (state !== definition.initial)
        assert.ok(
          drawn.some((line) => line.includes(`-> "${state}"`) && !line.startsWith(`  "${state}"`)),
          state,
        );
    }
    assert.throws(
      () => example.exchange(parley, { ...options, adress: "1" }),
      /there is no option adress/,
      name,
    );
    if (Object.keys(options).length > 0)
      assert.throws(() => example.exchange(parley, {}), /has to be given/, name);
  }
});

test("options that are none are refused at the start, and stop no machine at a packet later", async () => {
  const wrong: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
    ["arp.ts", { mac: "02:00:00:00:00" }],
    ["icmp-echo.ts", { mac: "nonsense" }],
    ["dns.ts", { mac: "02-00-00-00-00-01" }],
    ["dhcp-server.ts", { mask: "24" }],
    ["dhcp-server.ts", { router: "192.0.2.1,gateway" }],
    ["dhcp-server.ts", { dns: "192.0.2.53,," }],
  ];
  const all = new Map(await examples());
  for (const [name, options] of wrong) {
    assert.throws(
      () => all.get(name)!.exchange(parley, { ...SAMPLES[name], ...options }),
      /^TypeError: \S* ?is no (MAC|IPv4) address$/,
      `${name} ${JSON.stringify(options)}`,
    );
  }
});

test("no example fails for packets that are cut or changed", async () => {
  const random = seededRandom("broken packets");
  const packets = samplePackets().map((layers) => build(registry, layers));
  for (const [name, example] of await examples()) {
    const run = started(example.exchange(parley, SAMPLES[name]!));
    for (let i = 0; i < 1_500; i++) {
      const bytes = packets[random.below(packets.length)]!.slice();
      for (let n = random.below(4); n > 0; n--) bytes[random.below(bytes.length)] = random.below(256);
      const outputs = run.packet(
        random.below(3) === 0 ? bytes.subarray(0, random.below(bytes.length)) : bytes,
      );
      const failure = outputs.find(({ type }) => type === "failed");
      assert.deepEqual(failure, undefined, name);
      if (random.below(8) === 0) run.pass(random.below(300));
    }
  }
});

/** Packets of which the examples take notice. */
function samplePackets(): GivenLayer[][] {
  const [me, mac] = ["192.0.2.7", "02:00:c0:00:02:07"];
  const dhcp = (type: number, more: readonly { type: number; data: string }[] = []): GivenLayer[] => [
    ...fromClient("255.255.255.255", "ff:ff:ff:ff:ff:ff"),
    layer(Udp, { sourcePort: 68, destinationPort: 67 }),
    layer(parley.Dhcp, {
      clientMac: CLIENT.mac,
      options: [
        { type: 53, data: type },
        { type: 61, data: { type: 1, mac: CLIENT.mac } },
        ...more,
        { type: 255 },
      ],
    }),
  ];
  const udpQuote = [
    layer(Ipv4, { source: me, destination: "198.51.100.9" }),
    layer(Udp, { sourcePort: 50_000 }),
  ];
  return [
    whoHas(me),
    [layer(Ethernet), layer(Arp, { opcode: 2, senderMac: mac, senderIp: "192.0.2.1", targetIp: me })],
    [layer(Ethernet), layer(Arp, { opcode: 2, senderMac: mac, senderIp: "192.0.2.80", targetIp: me })],
    [...fromClient(me, mac), layer(Icmp, { type: 8 }), layer(Data, { data: new Uint8Array(20) })],
    [...fromClient(me, mac), layer(Icmp, { type: 11 }), ...udpQuote],
    [...fromClient(me, mac), layer(Icmp, { type: 3, code: 1 }), ...udpQuote],
    [
      ...fromClient(me, mac),
      layer(Udp, { sourcePort: 5_000, destinationPort: 53 }),
      layer(Dns, { questions: [{ name: "www.lab" }] }),
    ],
    [
      layer(Ethernet),
      layer(Ipv4, { source: "192.0.2.80", destination: me }),
      layer(parley.Tcp, { sourcePort: 80, destinationPort: 50_000, flags: { syn: true, ack: true } }),
    ],
    hello("192.0.2.1"),
    dhcp(1),
    dhcp(1, [{ type: 50, data: "192.0.2.101" }]),
    dhcp(3, [{ type: 50, data: "192.0.2.100" }]),
    dhcp(4),
    dhcp(7),
    dhcp(8),
  ];
}

test("arp: answers for an address with its MAC address, not for others and not for announcements", () => {
  const run = started(arp.exchange(parley, { address: "192.0.2.7" }));
  const outputs = run.packet(whoHas("192.0.2.7"));
  assert.deepEqual(toldIn(outputs), ["192.0.2.7 is at 02:00:c0:00:02:07"]);
  const reply = only(outputs);
  const { destination, source } = reply.get(Ethernet)!;
  assert.deepEqual([destination, source], [CLIENT.mac, "02:00:c0:00:02:07"]);
  const { opcode, senderIp, senderMac, targetIp, targetMac } = reply.get(Arp)!;
  assert.equal(opcode, 2);
  assert.deepEqual([senderIp, senderMac], ["192.0.2.7", "02:00:c0:00:02:07"]);
  assert.deepEqual([targetIp, targetMac], [CLIENT.address, CLIENT.mac]);
  assert.deepEqual(run.packet(whoHas("192.0.2.8")), []);
  assert.deepEqual(run.packet(whoHas("192.0.2.7", { ...CLIENT, address: "192.0.2.7" })), []);
  assert.equal(only(run.packet(whoHas("192.0.2.7", { ...CLIENT, address: "0.0.0.0" }))).get(Arp)!.opcode, 2);
});

test("arp: answers for a prefix, with one MAC address where it is given", () => {
  const run = started(arp.exchange(parley, { address: "192.0.2.0/28", mac: "02:00:00:00:00:01" }));
  assert.equal(only(run.packet(whoHas("192.0.2.15"))).get(Arp)!.senderMac, "02:00:00:00:00:01");
  assert.deepEqual(run.packet(whoHas("192.0.2.16")), []);
});

test("icmp-echo: answers with what was sent, and not what an error quotes", () => {
  const run = started(echo.exchange(parley, { address: "192.0.2.7" }));
  assert.equal(only(run.packet(whoHas("192.0.2.7"))).get(Arp)!.opcode, 2);
  const data = Uint8Array.from({ length: 56 }, (_, i) => i);
  const ping = [layer(Icmp, { identifier: 77, sequence: 3 }), layer(Data, { data })];
  const outputs = run.packet([...fromClient("192.0.2.7", "02:00:c0:00:02:07"), ...ping]);
  assert.deepEqual(outputs[0], {
    type: "told",
    text: "echo request from 192.0.2.9",
    details: { sequence: 3, bytes: 56 },
  });
  const reply = only(outputs);
  const { type, identifier, sequence } = reply.get(Icmp)!;
  assert.deepEqual({ type, identifier, sequence }, { type: 0, identifier: 77, sequence: 3 });
  assert.deepEqual([...reply.get(Data)!.data], [...data]);
  assert.equal(reply.get(Ipv4)!.destination, CLIENT.address);
  assert.equal(reply.get(Ethernet)!.destination, CLIENT.mac);
  assert.equal(only(run.packet([...fromClient("192.0.2.7", CLIENT.mac), ping[0]!])).get(Data), undefined);
  assert.deepEqual(run.packet([...fromClient("192.0.2.8", CLIENT.mac), ...ping]), []);
  const quote = [layer(Ipv4, { source: "192.0.2.7", destination: "192.0.2.7" }), ...ping];
  assert.deepEqual(
    run.packet([...fromClient("192.0.2.7", CLIENT.mac), layer(Icmp, { type: 3 }), ...quote]),
    [],
  );
});

function ask(run: Bench<unknown>, name: string, type = 1, to = "192.0.2.53"): readonly ExchangeOutput[] {
  return run.packet([
    ...fromClient(to, "02:00:c0:00:02:35"),
    layer(Udp, { sourcePort: 5_353 + 1, destinationPort: 53 }),
    layer(Dns, { id: 99, recursionDesired: 1, questions: [{ name, type }] }),
  ]);
}

test("dns: answers from its table, NXDOMAIN for other names, nothing for other types", () => {
  const names = "www.lab=192.0.2.80,mail.lab.=192.0.2.25";
  const run = started(dns.exchange(parley, { names, address: "192.0.2.53", ttl: "60" }));
  assert.equal(only(run.packet(whoHas("192.0.2.53"))).get(Arp)!.opcode, 2);
  const reply = only(ask(run, "WWW.lab"));
  const { id, response, authoritative, recursionDesired, responseCode, questions, answers } = reply.get(Dns)!;
  assert.deepEqual([id, response, authoritative, recursionDesired, responseCode], [99, 1, 1, 1, 0]);
  assert.equal(questions[0]!.name.text, "WWW.lab");
  const [{ name, type, ttl, data }] = answers as [(typeof answers)[number]];
  assert.deepEqual([name.text, type, ttl, data], ["WWW.lab", 1, 60, "192.0.2.80"]);
  const { source, destination } = reply.get(Ipv4)!;
  assert.deepEqual([source, destination], ["192.0.2.53", CLIENT.address]);
  assert.deepEqual(reply.get(Udp)!.destinationPort, 5_354);
  assert.equal(only(ask(run, "mail.lab")).get(Dns)!.answers[0]!.data, "192.0.2.25");
  const unknown = only(ask(run, "other.lab")).get(Dns)!;
  assert.deepEqual([unknown.responseCode, unknown.answers.length], [3, 0]);
  const otherType = only(ask(run, "www.lab", 28)).get(Dns)!;
  assert.deepEqual([otherType.responseCode, otherType.answers.length], [0, 0]);
  assert.deepEqual(ask(run, "www.lab", 1, "192.0.2.54"), []);
  assert.throws(() => dns.exchange(parley, { names: "www.lab" }), /no IPv4 address/);
});

test("dns: without an address it is a service of whatever address was asked", () => {
  const run = started(dns.exchange(parley, { names: "www.lab=192.0.2.80" }));
  const reply = only(ask(run, "www.lab", 1, "198.51.100.1"));
  assert.equal(reply.get(Ipv4)!.source, "198.51.100.1");
  assert.equal(reply.get(Ethernet)!.source, "02:00:c0:00:02:35");
  assert.deepEqual(run.packet(whoHas("192.0.2.53")), []);
});

function hello(
  source: string,
  given: Parameters<typeof layer<(typeof OspfHello)["fields"]>>[1] = {},
): GivenLayer[] {
  const body = { designatedRouter: "192.0.2.1", routerDeadInterval: 40, ...given };
  return [
    layer(Ethernet, { destination: "01:00:5e:00:00:05" }),
    layer(Ipv4, { source, destination: "224.0.0.5", ttl: 1 }),
    layer(Ospf, { type: 1, routerId: `10.0.0.${source.split(".")[3]}`, body }),
  ];
}

test("ospf-hello: tells neighbors, what changes, and who is silent for its own dead interval", () => {
  const run = started(ospfHello.exchange(parley, {}));
  const [told] = run.packet(hello("192.0.2.1"));
  assert.deepEqual(told, {
    type: "told",
    text: "neighbor 192.0.2.1, router 10.0.0.1",
    details: {
      routerId: "10.0.0.1",
      area: "0.0.0.0",
      helloSeconds: 10,
      deadSeconds: 40,
      priority: 1,
      designated: "192.0.2.1",
      backup: "0.0.0.0",
    },
  });
  assert.equal(run.exchange.state, "watching");
  run.pass(10_000);
  run.packet(hello("192.0.2.2", { routerDeadInterval: 8 }));
  assert.equal(run.exchange.wakeAt, 18_000);
  assert.deepEqual(toldIn(run.pass(7_000)), []);
  assert.deepEqual(run.packet(hello("192.0.2.2", { routerDeadInterval: 8, designatedRouter: "192.0.2.2" })), [
    {
      type: "told",
      text: "neighbor 192.0.2.2 changed",
      details: { was: { designated: "192.0.2.1" }, is: { designated: "192.0.2.2" } },
    },
  ]);
  assert.equal(run.exchange.wakeAt, 25_000);
  assert.deepEqual(toldIn(run.pass(22_999)), ["neighbor 192.0.2.2 is silent"]);
  const last = run.pass(1);
  assert.deepEqual(toldIn(last), ["neighbor 192.0.2.1 is silent"]);
  assert.deepEqual(last.at(-1), { type: "state", from: "watching", to: "alone" });
  assert.equal(run.exchange.wakeAt, Infinity);
  assert.equal(run.exchange.counts.sent, 0);
});

test("ospf-hello: whoever makes routers up fills no memory, and pushes nobody out", () => {
  const run = started(ospfHello.exchange(parley, {}));
  assert.equal(toldIn(run.packet(hello("192.0.2.1"))).length, 1);
  const made = Array.from({ length: 1_000 }, (_, i) => hello(`10.0.${i >> 8}.${i & 255}`));
  assert.equal(made.flatMap((each) => toldIn(run.packet(each))).length, 255);
  assert.equal(run.exchange.data.neighbors.size, 256);
  assert.deepEqual(toldIn(run.packet(hello("192.0.2.1", { routerPriority: 7 }))), [
    "neighbor 192.0.2.1 changed",
  ]);
});

test("ospf-hello: listens to one area only when it is told so", () => {
  const run = started(ospfHello.exchange(parley, { area: "0.0.0.1" }));
  assert.deepEqual(run.packet(hello("192.0.2.1")), []);
});
