// Two OSPF routers in memory, on one cable, in a time of their own. node two-routers.mjs
import { createHash, createHmac } from "node:crypto";
import {
  formatIpv4,
  interfaceDefaults,
  OspfRouter,
  ospfDefaults,
  parseIpv4,
  seededRandom,
  toAddress,
} from "parley/ospf";

const cipher = {
  hash: (algorithm, data) => createHash(algorithm).update(data).digest(),
  hmac: (algorithm, key, data) => createHmac(algorithm, key).update(data).digest(),
};
const link = (index, name, address) => ({
  index,
  name,
  mtu: 1500,
  up: true,
  running: true,
  operState: "up",
  flags: ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"],
  medium: "ether",
  hardwareAddress: Uint8Array.of(2, 0, 0, 0, 0, index),
  hardwareBroadcast: new Uint8Array(6).fill(255),
  addresses: [{ address: toAddress(parseIpv4(address)), prefixLength: 24, scope: "global", flags: [] }],
  counters: undefined,
});

let now = 0;
const cable = [];
const routers = [1, 2].map((number) => {
  const interfaces = [
    { ...interfaceDefaults("eth0"), type: "point-to-point" },
    { ...interfaceDefaults("office"), passive: true },
  ];
  const config = { ...ospfDefaults(parseIpv4(`192.0.2.${number}`)), areas: [{ areaId: 0, interfaces }] };
  const core = new OspfRouter(config, { random: seededRandom(number), cipher, authenticationSequence: 0 });
  return { name: `router ${number}`, core, address: `10.0.0.${number}` };
});

/** Carries out what a router says. */
function give(router, input) {
  for (const output of router.core.handle(input, now)) {
    if (output.type === "raw-ip-open") give(router, { type: "raw-ip-opened", interface: output.interface });
    if (output.type === "raw-ip") cable.push({ from: router, packet: ipv4(router.address, output.packet) });
    if (output.type === "event") show(router.name, output.event);
  }
}

function show(name, event) {
  if (event.type === "neighbor") console.log(`${now} ms, ${name}: ${event.from} -> ${event.to}`);
  if (event.type !== "routes") return;
  for (const { network, length, cost, nextHops } of event.changes.set) {
    const hops = nextHops.map((hop) => (hop.gateway ? `via ${formatIpv4(hop.gateway)}` : "connected"));
    console.log(`${now} ms, ${name}: ${formatIpv4(network)}/${length} cost ${cost} ${hops}`);
  }
}

/** As a raw socket hands it out: of the header a router reads the protocol and both addresses. */
function ipv4(source, { destination, payload }) {
  const packet = new Uint8Array(20 + payload.length);
  packet[0] = 0x45;
  packet[9] = 89;
  packet.set(source.split(".").map(Number), 12);
  packet.set(destination.bytes, 16);
  packet.set(payload, 20);
  return packet;
}

for (const [i, router] of routers.entries()) {
  give(router, { type: "link", link: link(1, "eth0", router.address) });
  give(router, { type: "link", link: link(2, "office", `172.16.${i + 1}.1`) });
}
while (now < 2_000) {
  const carried = cable.splice(0);
  for (const { from, packet } of carried)
    for (const router of routers)
      if (router !== from) give(router, { type: "raw-ip", interface: "eth0", packet });
  if (carried.length > 0) continue;
  now = Math.min(...routers.map(({ core }) => core.wakeAt));
  for (const router of routers) give(router, { type: "wake" });
}
