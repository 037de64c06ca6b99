import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "#base/random.ts";
import { layer } from "#packet/build.ts";
import { Exchange, type ExchangeOutput } from "#packet/exchange/exchange.ts";
import { Bench, sentIn, toldIn } from "#packet/exchange/testing/wire.ts";
import type { Message } from "#packet/message.ts";
import * as parley from "#wire/library.ts";
import * as dhcpServer from "../../examples/packets/dhcp-server.ts";

const { Dhcp, Ethernet, Ipv4, Udp } = parley;
const registry = parley.standardRegistry();
const first = Ethernet as unknown as Message;

const SERVER = "192.0.2.1";
const [DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM] = [1, 2, 3, 4, 5, 6, 7, 8];
const [A, B, C] = ["02:00:00:00:00:0a", "02:00:00:00:00:0b", "02:00:00:00:00:0c"] as const;

function started() {
  const options = {
    address: SERVER,
    pool: "192.0.2.100-192.0.2.101",
    router: SERVER,
    dns: "192.0.2.53,192.0.2.54",
    lease: "60",
  };
  const definition = dhcpServer.exchange(parley, options);
  const run = new Bench(new Exchange(registry, definition, first, seededRandom(3)));
  run.start();
  return run;
}

interface Said {
  readonly clientIp?: string;
  readonly requested?: string;
  readonly server?: string;
  readonly broadcast?: number;
  readonly id?: string;
}

function says(run: ReturnType<typeof started>, mac: string, type: number, said: Said = {}) {
  const { clientIp = "0.0.0.0", requested, server, broadcast = 0, id } = said;
  const outputs = run.packet([
    layer(Ethernet, { destination: "ff:ff:ff:ff:ff:ff", source: mac }),
    layer(Ipv4, { source: clientIp, destination: "255.255.255.255" }),
    layer(Udp, { sourcePort: 68, destinationPort: 67 }),
    layer(Dhcp, {
      transactionId: 0x1234,
      clientMac: mac,
      clientIp,
      broadcast,
      options: [
        { type: 53, data: type },
        ...(requested === undefined ? [] : [{ type: 50, data: requested }]),
        ...(server === undefined ? [] : [{ type: 54, data: server }]),
        ...(id === undefined ? [] : [{ type: 61, data: { type: 0, text: id } }]),
        { type: 255 },
      ],
    }),
  ]);
  return answerIn(outputs);
}

/** [message type, address, where it went], and everything else that it says. */
function answerIn(outputs: readonly ExchangeOutput[]) {
  assert.deepEqual(
    outputs.filter(({ type }) => type === "failed"),
    [],
  );
  const [packet] = sentIn(outputs, { registry, first });
  if (!packet) return { told: toldIn(outputs) };
  assert.deepEqual(packet.problems, []);
  const dhcp = packet.get(Dhcp)!;
  const options = new Map(dhcp.options!.map(({ type, data }) => [type, data]));
  return {
    told: toldIn(outputs),
    type: options.get(53),
    yours: dhcp.yourIp,
    to: packet.get(Ipv4)!.destination,
    mac: packet.get(Ethernet)!.destination,
    dhcp,
    options,
  };
}

test("dhcp-server: discover, offer, request, acknowledgment, with what a client needs to know", () => {
  const run = started();
  const offer = says(run, A, DISCOVER);
  assert.deepEqual([offer.type, offer.yours, offer.to, offer.mac], [OFFER, "192.0.2.100", "192.0.2.100", A]);
  assert.equal(offer.dhcp!.transactionId, 0x1234);
  assert.deepEqual(run.exchange.data.leases.get("192.0.2.100")!.kind, "offered");
  const ack = says(run, A, REQUEST, { requested: "192.0.2.100", server: SERVER });
  assert.deepEqual([ack.type, ack.yours], [ACK, "192.0.2.100"]);
  assert.deepEqual(
    [...ack.options!],
    [
      [53, ACK],
      [54, SERVER],
      [51, 60],
      [1, "255.255.255.0"],
      [3, [SERVER]],
      [6, ["192.0.2.53", "192.0.2.54"]],
      [255, undefined],
    ],
  );
  assert.deepEqual(ack.told, [`192.0.2.100 is ${A}'s`]);
  const lease = { address: "192.0.2.100", client: A, kind: "bound", until: 60_000 };
  assert.deepEqual(run.exchange.data.leases.get("192.0.2.100"), lease);
  assert.equal(run.exchange.wakeAt, 60_000);
});

test("dhcp-server: a client that renews keeps its address, and gets it again after its lease ended", () => {
  const run = started();
  says(run, A, DISCOVER);
  says(run, A, REQUEST, { requested: "192.0.2.100", server: SERVER });
  run.pass(30_000);
  const renewed = says(run, A, REQUEST, { clientIp: "192.0.2.100" });
  assert.deepEqual([renewed.type, renewed.to, renewed.dhcp!.clientIp], [ACK, "192.0.2.100", "192.0.2.100"]);
  assert.deepEqual(toldIn(run.pass(59_999)), []);
  assert.deepEqual(toldIn(run.pass(1)), ["the lease of 192.0.2.100 ended"]);
  assert.equal(run.exchange.wakeAt, Infinity);
  assert.equal(says(run, B, DISCOVER).yours, "192.0.2.101", "an address that nobody had goes first");
  assert.equal(says(run, A, REQUEST, { requested: "192.0.2.100" }).type, ACK, "after a reboot");
});

test("dhcp-server: an address is taken from whoever left it longest when no other is free", () => {
  const run = started();
  for (const mac of [A, B]) {
    const requested = says(run, mac, DISCOVER).yours!;
    says(run, mac, REQUEST, { requested, server: SERVER });
    run.pass(1_000);
  }
  assert.deepEqual(says(run, C, DISCOVER).told, [`no address is left for ${C}`]);
  assert.deepEqual(says(run, B, RELEASE, { clientIp: "192.0.2.101", server: "192.0.2.2" }).told, []);
  const released = says(run, B, RELEASE, { clientIp: "192.0.2.101", server: SERVER });
  assert.deepEqual(released.told, [`192.0.2.101 was released by ${B}`]);
  assert.equal(says(run, C, DISCOVER, { requested: "192.0.2.101" }).yours, "192.0.2.101");
  assert.deepEqual(says(run, B, DISCOVER).told, [`no address is left for ${B}`]);
  run.pass(10_000);
  assert.equal(says(run, B, DISCOVER).yours, "192.0.2.101", "the offer was not taken");
});

test("dhcp-server: refuses what is not the client's, by broadcast; what it does not know it leaves to others", () => {
  const run = started();
  says(run, A, DISCOVER);
  const nak = says(run, A, REQUEST, { requested: "192.0.2.101", server: SERVER });
  assert.deepEqual([nak.type, nak.yours, nak.to], [NAK, "0.0.0.0", "255.255.255.255"]);
  assert.deepEqual([...nak.options!.keys()], [53, 54, 255]);
  assert.equal(says(run, B, REQUEST, { requested: "192.0.2.101" }).type, undefined);
  assert.equal(says(run, B, REQUEST, { clientIp: "192.0.2.100" }).type, NAK, "it is another one's");
  assert.equal(says(run, A, REQUEST, { requested: "198.51.100.1", server: "198.51.100.2" }).type, undefined);
  assert.equal(run.exchange.data.leases.get("192.0.2.100")!.kind, "free", "it took another server's offer");
});

test("dhcp-server: who asks by broadcast, by another name, for information, or finds its address taken", () => {
  const run = started();
  const wide = says(run, A, DISCOVER, { broadcast: 1 });
  assert.deepEqual([wide.to, wide.mac], ["255.255.255.255", "ff:ff:ff:ff:ff:ff"]);
  assert.equal(says(run, A, DISCOVER, { id: "second" }).yours, "192.0.2.101");
  const told = says(run, B, INFORM, { clientIp: "192.0.2.9" });
  assert.deepEqual([told.type, told.yours, told.to], [ACK, "0.0.0.0", "192.0.2.9"]);
  assert.equal(told.options!.has(51), false);
  const declined = says(run, A, DECLINE, { requested: "192.0.2.100", server: SERVER });
  assert.deepEqual(declined.told, [`192.0.2.100 is used by somebody else, says ${A}`]);
  assert.deepEqual(says(run, A, DISCOVER).told, [`no address is left for ${A}`]);
  run.pass(600_000);
  assert.notEqual(says(run, A, DISCOVER).yours, undefined);
});

test("dhcp-server: options that make no sense are refused", () => {
  const options = { address: SERVER, pool: "192.0.2.100" };
  assert.doesNotThrow(() => dhcpServer.exchange(parley, options));
  for (const pool of ["192.0.2.9-192.0.2.8", "10.0.0.0-11.0.0.0", "house"])
    assert.throws(() => dhcpServer.exchange(parley, { ...options, pool }), /no range|no IPv4 address/);
  assert.throws(() => dhcpServer.exchange(parley, { ...options, lease: "soon" }), /lease is a whole number/);
});
