import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "#base/address.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { RawIpSocket } from "#host/raw-ip.ts";
import type { SimHost } from "#sim/host.ts";
import { simLink } from "#sim/links.ts";
import { World } from "#sim/world.ts";
import { namespaceTest } from "../interop/namespace.ts";
import { PACKET_CASES } from "./packet-cases.ts";
import { Box, frame, simulatedPacketPlace } from "./packet-place.ts";

for (const [name, run] of Object.entries(PACKET_CASES)) {
  for (const mode of ["latency", "bulk"] as const) {
    test(`${name} (simulated, ${mode})`, () => run(simulatedPacketPlace(), mode));
  }
}

namespaceTest("all that packet sockets promise holds on the real machine (system)", ["sysctl"], (space) => {
  const text = space.run(
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    "test/ports/packet-system.ts",
  );
  const { count, failures } = JSON.parse(text) as { count: number; failures: string[] };
  assert.deepEqual(failures, []);
  assert.equal(count, 2 * Object.keys(PACKET_CASES).length);
});

test("simulated frames are lost, doubled and overtaken as datagrams are, the same for the same seed", async () => {
  const run = async (): Promise<number[]> => {
    const world = new World({ seed: 3, loss: 0.2, duplicate: 0.1, reorder: 0.1, latencyMs: [1, 5] });
    const [a, b] = [world.addHost("10.0.0.1"), world.addHost("10.0.0.2")];
    const box = await Box.open({ host: a, interface: "eth0" }, "latency");
    const sender = await Box.open({ host: b, interface: "eth0" }, "latency");
    for (let i = 0; i < 200; i++) sender.socket.send([frame(i)]);
    world.run(100);
    return box.marks.map((mark) => mark!);
  };
  const marks = await run();
  const distinct = new Set(marks);
  assert.ok(distinct.size > 130 && distinct.size < 190, `${distinct.size} of 200 came`);
  assert.ok(marks.length > distinct.size, "some twice");
  assert.ok(
    marks.some((mark, i) => i > 0 && mark < marks[i - 1]!),
    "some out of order",
  );
  assert.deepEqual(await run(), marks);
});

test("simulated links connect only what is on them and up", async () => {
  const world = new World({ seed: 4 });
  const [a, b, c] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"].map((host) => world.addHost(host));
  for (const [i, host] of [a!, b!].entries()) {
    host.links.put(simLink(3, "eth1", [`10.1.0.${i + 1}`, 24]));
    host.packetSockets.connect("eth1", "cable");
  }
  const boxes = [];
  for (const host of [a!, b!, c!]) boxes.push(await Box.open({ host, interface: "eth0" }, "latency"));
  const far = await Box.open({ host: b!, interface: "eth1" }, "latency");
  const near = await Box.open({ host: a!, interface: "eth1" }, "latency");
  near.socket.send([frame(1)]);
  boxes[0]!.socket.send([frame(2)]);
  world.run(10);
  assert.deepEqual([far.marks, boxes[1]!.marks, boxes[2]!.marks, near.marks], [[1], [2], [2], []]);
  const down = { ...b!.links.find("eth1")!, up: false, running: false };
  b!.links.put(down);
  near.socket.send([frame(3)]);
  assert.equal(far.socket.send([frame(4)]), 0);
  world.run(10);
  b!.links.put({ ...down, up: true, running: true });
  near.socket.send([frame(5)]);
  world.run(10);
  assert.deepEqual([far.marks, far.errors], [[1, 5], []]);
  const lo = [await Box.open({ host: a!, interface: "lo" }, "latency", { promiscuous: true })];
  lo[0]!.socket.send([frame(6)]);
  world.run(10);
  assert.deepEqual(lo[0]!.marks, [6]);
});

const group = parseAddress("224.0.0.5")!;

test("simulated raw IP: hellos to a group, unicast, and a sender that needs no interface", async () => {
  const world = new World({ seed: 5 });
  const hosts = ["10.0.0.1", "10.0.0.2"].map((host) => world.addHost(host));
  const heard: string[][] = [[], []];
  const sockets: RawIpSocket[] = [];
  for (const [i, { rawIp }] of hosts.entries()) {
    const received = (packet: Uint8Array, name: string): void => {
      const [tos, ttl, from, to] = [packet[1], packet[8], packet[15], packet[19]];
      heard[i]!.push(`${name} ${from}>${to} ${ttl} ${tos} ${Buffer.from(packet.subarray(20)).toString()}`);
    };
    sockets.push(await rawIp.open({ interface: "eth0", protocol: 89 }, { received, failed: () => {} }));
  }
  const [a, b] = sockets;
  const sniffer = await Box.open({ host: hosts[0]!, interface: "eth0" }, "latency");
  const say = (socket: Pick<RawIpSocket, "send">, text: string, to = group) =>
    socket.send({ destination: to, payload: Buffer.from(text) });
  say(b!, "too early");
  world.run(10);
  a!.join(group);
  assert.equal(say(b!, "hello"), undefined);
  world.run(10);
  a!.leave(group);
  say(b!, "too late");
  say(b!, "unicast", parseAddress("10.0.0.1")!);
  say(b!, "nobody", parseAddress("10.0.0.9")!);
  world.run(10);
  const sender = await hosts[1]!.rawIp.openSender({ protocol: 89 });
  sender.send({ destination: parseAddress("10.0.0.1")!, ttl: 9, tos: 0, payload: Buffer.from("virtual") });
  assert.equal(say(sender, "nowhere", parseAddress("192.0.2.1")!), "ENETUNREACH");
  world.run(10);
  assert.deepEqual(heard, [["eth0 2>5 1 192 hello", "eth0 2>1 64 192 unicast", "eth0 2>1 9 0 virtual"], []]);
  assert.equal(sniffer.kept.length, 5);
  assert.deepEqual([...sniffer.kept[0]!.bytes.slice(0, 6)], [1, 0, 0x5e, 0, 0, 5]);
  assert.equal(b!.send({ destination: group, payload: new Uint8Array(65_516) }), "EMSGSIZE");
  for (const each of [...sockets, sender]) each.close();
  assert.equal(say(b!, "x"), "ENODEV");
});

test("simulated raw IP: an interface that goes away ends its socket, one that is down does not", async () => {
  const world = new World({ seed: 6 });
  const host: SimHost = world.addHost("10.0.0.1");
  const errors: Error[] = [];
  const options = { interface: "eth0", protocol: 89 };
  const socket = await host.rawIp.open(options, {
    received: () => {},
    failed: (error) => errors.push(error),
  });
  const link = host.links.find("eth0")!;
  host.links.put({ ...link, up: false, running: false });
  world.run(1);
  assert.equal(socket.send({ destination: group, payload: Uint8Array.of(1) }), "ENETUNREACH");
  assert.equal(errors.length, 0);
  host.links.remove(2);
  world.run(1);
  assert.equal(errors.length, 1);
  assert.ok(errors[0] instanceof OperatorError);
  await assert.rejects(
    host.rawIp.open(options, { received: () => {}, failed: () => {} }),
    /no interface eth0/,
  );
});
