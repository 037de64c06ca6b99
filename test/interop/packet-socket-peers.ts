// Runs in each of two network namespaces that a cable connects, on an interface with the address 10.77.0.SIDE; prints
// what it received as JSON. "echo SIDE" asks the other kernel for echoes; "hello SIDE" is one of two routers.
import { createSocket } from "node:dgram";
import { setTimeout as sleep } from "node:timers/promises";
import { formatAddress, parseAddress } from "#base/address.ts";
import type { RawIpSocket } from "#host/raw-ip.ts";
import { Box, ip, MODES, rawIp, until } from "./packet-socket-frames.ts";

const [scene, side] = [process.argv[2], Number(process.argv[3])];
const own = parseAddress(`10.77.0.${side}`)!;
const other = parseAddress(`10.77.0.${3 - side}`)!;
const group = parseAddress("224.0.0.5")!;

const result = scene === "echo" ? await echo() : await hello();
process.stdout.write(`${JSON.stringify(result)}\n`);

/** Each packet, shortly: "out arp", "in 10.77.0.2 icmp 0". */
async function echo() {
  const results = [];
  for (const mode of MODES) {
    ip("neigh flush dev p0");
    const box = await Box.open("p0", mode, { outgoing: true });
    const replies: number[] = [];
    const raw = await rawIp.open(
      { interface: "p0", protocol: 1 },
      { received: (packet) => replies.push(packet[20]!), failed: () => {} },
    );
    const began = performance.now();
    // An echo request: type, code, checksum, identifier, sequence number.
    raw.send({ destination: other, payload: Uint8Array.of(8, 0, 0xf7, 0xfc, 0, 1, 0, 2), tos: 0x28, ttl: 9 });
    await until(() => replies.length > 0 && box.kept.length >= 4, "the reply");
    const tookMs = performance.now() - began;
    // The answer is that the port is unreachable.
    const udp = createSocket("udp4");
    udp.send("x", 9, formatAddress(other));
    await until(() => box.kept.length >= 6, "a datagram and its answer");
    udp.close();
    raw.close();
    box.socket.close();
    const packets = box.kept.map(({ bytes, outgoing }) => {
      const type = new DataView(bytes.buffer).getUint16(12);
      const protocol = bytes[23] === 17 ? "udp" : `icmp ${bytes[34]}`;
      const what = type === 0x806 ? "arp" : `${bytes.subarray(26, 30).join(".")} ${protocol}`;
      return `${outgoing ? "out" : "in"} ${what}${protocol === "icmp 8" ? ` ${bytes[15]} ${bytes[22]}` : ""}`;
    });
    results.push({ mode, packets, partial: box.kept.map(({ partial }) => partial), tookMs });
  }
  return results;
}

interface Heard {
  readonly source: string;
  readonly destination: string;
  readonly ttl: number;
  readonly tos: number;
  readonly text: string;
  readonly length: number;
}

async function hello() {
  const heard: Heard[] = [];
  const strangers: string[] = [];
  const interfaces = new Set<string>();
  const errors: string[] = [];
  const options = { interface: "p0", protocol: 89 };
  const socket = await rawIp.open(options, {
    received: (packet, name) => {
      interfaces.add(name);
      heard.push(heardOf(packet));
    },
    failed: (error) => errors.push(error.message),
  });
  const stranger = await rawIp.open(options, {
    received: (packet) => strangers.push(heardOf(packet).destination),
    failed: () => {},
  });
  socket.join(group);
  socket.join(group);
  const sender = await rawIp.openSender({ protocol: 89 });
  const has = (text: string): boolean => heard.some((each) => each.text === text);
  const say = (text: string, to = group, from: Pick<RawIpSocket, "send"> = socket, ttl?: number) =>
    from.send({ destination: to, payload: Buffer.from(text), ...(ttl !== undefined && { ttl }) });
  // Until the other one has said that it hears, too.
  for (let i = 0; i < 500 && !(has("hello") && has("heard")); i++) {
    say(has("hello") ? "heard" : "hello");
    if (has("hello")) say("hello");
    await sleep(10);
  }
  say("heard");
  say("unicast", other);
  socket.send({ destination: other, source: own, tos: 0, ttl: 77, payload: Buffer.from("from own") });
  say("virtual", other, sender, 200);
  const long = socket.send({ destination: other, payload: Buffer.alloc(20_000, 97) });
  const errnos = [
    socket.send({ destination: other, payload: Buffer.alloc(65_516) }),
    socket.send({ destination: other, source: parseAddress("192.0.2.9")!, payload: Buffer.of(1) }),
    sender.send({ destination: parseAddress("192.0.2.9")!, payload: Buffer.of(1) }),
  ];
  await until(() => ["unicast", "from own", "virtual"].every(has), "unicast");
  await until(() => heard.some(({ length }) => length === 20_020), "a long packet");
  socket.leave(group);
  socket.leave(group);
  await sleep(300);
  // What is sent to the group from now on comes no more.
  const before = heard.filter(({ text }) => text === "bye").length;
  say("bye");
  await sleep(300);
  const left = heard.filter(({ text }) => text === "bye").length - before;
  if (side === 1) ip("link del p0");
  await until(() => errors.length > 0, "the end of the interface");
  const after = socket.send({ destination: other, payload: Buffer.of(1) });
  for (const each of [socket, stranger, sender]) each.close();
  const lasting = heard.filter(({ text }) => text !== "bye");
  const texts = [
    ...new Set(lasting.map((each) => JSON.stringify({ ...each, text: each.text.slice(0, 10) }))),
  ];
  return {
    texts,
    strangers: [...new Set(strangers)],
    interfaces: [...interfaces],
    errors,
    long: long ?? "",
    errnos,
    left,
    after,
  };
}

function heardOf(packet: Uint8Array): Heard {
  return {
    source: formatAddress({ bytes: packet.slice(12, 16) }),
    destination: formatAddress({ bytes: packet.slice(16, 20) }),
    ttl: packet[8]!,
    tos: packet[1]!,
    text: Buffer.from(packet.subarray(20)).toString(),
    length: packet.length,
  };
}
