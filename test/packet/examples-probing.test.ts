import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { build, layer, type GivenLayer } from "#packet/build.ts";
import type { Packet } from "#packet/dissect.ts";
import type { ExchangeDefinition } from "#packet/exchange/definition.ts";
import { Exchange, type ExchangeOutput } from "#packet/exchange/exchange.ts";
import { Bench, sentIn, toldIn } from "#packet/exchange/testing/wire.ts";
import type { Message } from "#packet/message.ts";
import * as parley from "#wire/library.ts";
import * as handshake from "../../examples/packets/handshake.ts";
import * as portScan from "../../examples/packets/port-scan.ts";
import * as traceroute from "../../examples/packets/traceroute.ts";

const { Arp, Data, Ethernet, Icmp, Ipv4, Tcp, Udp } = parley;
const registry = parley.standardRegistry();
const first = Ethernet as unknown as Message;

const ME = { address: "192.0.2.7", mac: "02:00:c0:00:02:07" };
const NEXT = { address: "192.0.2.1", mac: "02:00:00:00:00:01" };

function bench<D>(definition: ExchangeDefinition<D>): Bench<D> {
  return new Bench(new Exchange(registry, definition, first, seededRandom(3)));
}

/** Starts it and answers its question for the next hop. */
function resolved<D>(run: Bench<D>, hop = NEXT): readonly ExchangeOutput[] {
  const [asked] = packetsOf(run.start());
  assert.equal(asked!.get(Arp)!.targetIp, hop.address);
  assert.equal(asked!.get(Arp)!.senderMac, ME.mac);
  const { address: targetIp, mac: targetMac } = ME;
  return run.packet([
    layer(Ethernet, { destination: ME.mac, source: hop.mac }),
    layer(Arp, { opcode: 2, senderIp: hop.address, senderMac: hop.mac, targetIp, targetMac }),
  ]);
}

function packetsOf(outputs: readonly ExchangeOutput[]): Packet[] {
  assert.deepEqual(
    outputs.filter(({ type }) => type === "failed"),
    [],
  );
  const packets = sentIn(outputs, { registry, first });
  for (const packet of packets) assert.deepEqual(packet.problems, []);
  return packets;
}

const from = (source: string): GivenLayer[] => [
  layer(Ethernet, { destination: ME.mac, source: NEXT.mac }),
  layer(Ipv4, { source, destination: ME.address }),
];

/** The IP header of a packet and eight bytes behind it: what the oldest routers quote. */
function quoteOf(packet: Packet): GivenLayer {
  const ip = packet.layers[1]!;
  return layer(Data, { data: packet.bytes.slice(ip.start, ip.headerEnd + 8) });
}

const expired = (router: string, packet: Packet): GivenLayer[] => [
  ...from(router),
  layer(Icmp, { type: 11 }),
  quoteOf(packet),
];

test("whoever needs a neighbor asks three times and answers questions meanwhile", () => {
  const options = { address: ME.address, target: "198.51.100.9", gateway: NEXT.address };
  const run = bench(traceroute.exchange(parley, options));
  assert.equal(packetsOf(run.start()).length, 1);
  const question = [
    layer(Ethernet, { source: NEXT.mac }),
    layer(Arp, { senderIp: NEXT.address, senderMac: NEXT.mac, targetIp: ME.address }),
  ];
  assert.equal(packetsOf(run.packet(question))[0]!.get(Arp)!.opcode, 2);
  const rest = run.pass(10_000);
  assert.equal(packetsOf(rest).length, 2);
  assert.deepEqual(toldIn(rest), ["nobody answers ARP for the gateway"]);
  assert.equal(run.exchange.state, "no gateway");
});

test("traceroute: each hop with its time, stars for silence, the end at the target", () => {
  const options = { address: ME.address, target: "198.51.100.9", gateway: NEXT.address };
  const run = bench(traceroute.exchange(parley, options));
  const [probe1] = packetsOf(resolved(run));
  assert.equal(probe1!.get(Ipv4)!.ttl, 1);
  assert.equal(probe1!.get(Ethernet)!.destination, NEXT.mac);
  run.now += 12;
  const answered = run.packet(expired("192.0.2.1", probe1!));
  assert.deepEqual(answered[0], { type: "told", text: "1 192.0.2.1", details: { ms: 12 } });
  const [probe2] = packetsOf(answered);
  assert.equal(probe2!.get(Ipv4)!.ttl, 2);
  assert.equal(probe2!.get(Udp)!.destinationPort, probe1!.get(Udp)!.destinationPort + 1);
  assert.deepEqual(run.packet(expired("192.0.2.1", probe1!)), [], "late");
  const silent = run.pass(2_000);
  assert.deepEqual(toldIn(silent), ["2 *"]);
  const [again, probe3] = packetsOf(silent);
  assert.deepEqual([again!.get(Ipv4)!.ttl, probe3!.get(Ipv4)!.ttl], [2, 3]);
  const last = run.packet([...from("198.51.100.9"), layer(Icmp, { type: 3, code: 3 }), quoteOf(probe3!)]);
  assert.deepEqual(toldIn(last), ["3 198.51.100.9", "arrived"]);
  assert.equal(run.exchange.state, "arrived");
  assert.deepEqual(run.exchange.data.hops, ["192.0.2.1", undefined, "198.51.100.9"]);
});

test("traceroute by ICMP: an echo reply is the end; an error of a router is another one; so is the number of hops", () => {
  const options = {
    address: ME.address,
    target: "198.51.100.9",
    gateway: NEXT.address,
    method: "icmp",
    hops: "2",
  };
  const run = bench(traceroute.exchange(parley, options));
  const [probe1] = packetsOf(resolved(run));
  const [probe2] = packetsOf(run.packet(expired("192.0.2.1", probe1!)));
  const { identifier, sequence } = probe2!.get(Icmp)!;
  assert.deepEqual(
    run.packet([...from("198.51.100.9"), layer(Icmp, { type: 0, identifier: 1, sequence })]),
    [],
  );
  run.packet([...from("198.51.100.9"), layer(Icmp, { type: 0, identifier, sequence })]);
  assert.equal(run.exchange.state, "arrived");

  const lost = bench(traceroute.exchange(parley, options));
  const [probe] = packetsOf(resolved(lost));
  lost.packet([...from("192.0.2.1"), layer(Icmp, { type: 3, code: 1 }), quoteOf(probe!)]);
  assert.equal(lost.exchange.state, "unreachable");

  const far = bench(traceroute.exchange(parley, options));
  resolved(far);
  assert.deepEqual(toldIn(far.pass(60_000)), ["1 *", "2 *", "too far"]);
  assert.throws(() => traceroute.exchange(parley, { ...options, method: "smoke" }), /method is udp or icmp/);
  assert.throws(() => traceroute.exchange(parley, { ...options, hops: "0" }), /hops is a whole number/);
});

const TARGET = { address: "192.0.2.80", mac: "02:00:00:00:00:50" };

function answerTo(probe: Packet, flags: { readonly syn?: boolean; readonly rst?: boolean }): GivenLayer[] {
  const { sourcePort, destinationPort, sequence } = probe.get(Tcp)!;
  return [
    ...from(TARGET.address),
    layer(Tcp, {
      sourcePort: destinationPort,
      destinationPort: sourcePort,
      sequence: 5_000,
      acknowledgment: (sequence + 1) >>> 0,
      flags: { ...flags, ack: true },
    }),
  ];
}

test("port-scan: a few in flight; open, closed, filtered by an error or by silence", () => {
  const options = { address: ME.address, target: TARGET.address, ports: "22,80,8000-8002", flight: "3" };
  const run = bench(portScan.exchange(parley, options));
  const probes = packetsOf(resolved(run, TARGET));
  assert.deepEqual(
    probes.map((probe) => probe.get(Tcp)!.destinationPort),
    [22, 80, 8_000],
  );
  assert.ok(probes.every((probe) => probe.get(Tcp)!.flags.syn));

  const wrong = answerTo(probes[0]!, { syn: true });
  wrong[2] = layer(Tcp, { ...(wrong[2]!.given as object), acknowledgment: 1 });
  assert.deepEqual(run.packet(wrong), [], "not an answer to this probe");

  const opened = run.packet(answerTo(probes[0]!, { syn: true }));
  assert.deepEqual(toldIn(opened), ["22 open"]);
  const [reset, next] = packetsOf(opened);
  assert.deepEqual([reset!.get(Tcp)!.flags.rst, reset!.get(Tcp)!.destinationPort], [true, 22]);
  assert.equal(reset!.get(Tcp)!.sequence, (probes[0]!.get(Tcp)!.sequence + 1) >>> 0);
  assert.equal(next!.get(Tcp)!.destinationPort, 8_001);

  assert.deepEqual(toldIn(run.packet(answerTo(probes[1]!, { rst: true }))), ["80 closed"]);
  const refused = [...from("192.0.2.1"), layer(Icmp, { type: 3, code: 13 }), quoteOf(probes[2]!)];
  assert.deepEqual(toldIn(run.packet(refused)), ["8000 filtered"]);
  assert.deepEqual(run.packet(refused), []);

  const again = run.pass(1_000);
  assert.deepEqual(
    packetsOf(again).map((probe) => probe.get(Tcp)!.destinationPort),
    [8_001, 8_002],
  );
  const rest = run.pass(1_000);
  assert.deepEqual(rest.at(-2), {
    type: "told",
    text: "done",
    details: { open: [22], closed: 1, filtered: 3 },
  });
  assert.equal(run.exchange.state, "done");
  for (const ports of ["", "80-22", "0", "70000", "a"])
    assert.throws(() => portScan.exchange(parley, { ...options, ports }), /a port is a whole number/);
});

test("handshake: refused, unanswered, reset", () => {
  const options = { address: ME.address, target: TARGET.address, port: "80" };
  const refused = bench(handshake.exchange(parley, options));
  const [syn] = packetsOf(resolved(refused, TARGET));
  assert.deepEqual(
    syn!.get(Tcp)!.options.map(({ data }) => data),
    [{ maximum: 1_460 }],
  );
  refused.packet(answerTo(syn!, { rst: true }));
  assert.equal(refused.exchange.state, "refused");

  const silent = bench(handshake.exchange(parley, options));
  resolved(silent, TARGET);
  assert.equal(packetsOf(silent.pass(10_000)).length, 2);
  assert.equal(silent.exchange.state, "silent");

  const reset = bench(handshake.exchange(parley, { ...options, hold: "5000" }));
  const [opening] = packetsOf(resolved(reset, TARGET));
  reset.packet(answerTo(opening!, { syn: true }));
  assert.equal(reset.exchange.state, "open");
  const answer = (sequence: number, flags: object, data = 0): GivenLayer[] => [
    ...from(TARGET.address),
    layer(Tcp, {
      sourcePort: 80,
      destinationPort: opening!.get(Tcp)!.sourcePort,
      sequence,
      acknowledgment: (opening!.get(Tcp)!.sequence + 1) >>> 0,
      flags: { ack: true, ...flags },
    }),
    ...(data > 0 ? [layer(Data, { data: new Uint8Array(data) })] : []),
  ];
  const [acknowledged] = packetsOf(reset.packet(answer(5_001, { psh: true }, 10)));
  assert.equal(acknowledged!.get(Tcp)!.acknowledgment, 5_011);
  const [early] = packetsOf(reset.packet(answer(5_021, { psh: true }, 10)));
  assert.equal(early!.get(Tcp)!.acknowledgment, 5_011, "what is missing in between is not acknowledged");
  assert.deepEqual(reset.packet(answer(1, { rst: true })), [], "a reset that somebody guessed");
  reset.packet(answer(5_011, { rst: true }));
  assert.equal(reset.exchange.state, "reset");
  assert.equal(reset.exchange.data.received, 10);
});

test("probes are whole packets: what is built is what is parsed", () => {
  const options = { address: ME.address, target: TARGET.address, ports: "80" };
  const run = bench(portScan.exchange(parley, options));
  const [probe] = packetsOf(resolved(run, TARGET));
  assert.deepEqual(build(registry, parley.givenLayers(probe!)), probe!.bytes);
});
