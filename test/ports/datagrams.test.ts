import assert from "node:assert/strict";
import type { Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { DatagramSocket } from "#host/datagrams.ts";
import { onEveryHost, type Machine } from "./places.ts";

/** A socket that keeps what comes. */
class Box {
  readonly received: { readonly from: Endpoint; readonly data: readonly number[] }[] = [];
  socket!: DatagramSocket;

  static async open(machine: Machine, port = 0): Promise<Box> {
    const box = new Box();
    box.socket = await machine.datagrams.open(
      { host: machine.address, port },
      {
        received: (from, data) => box.received.push({ from, data: [...data] }),
        failed: (error) => assert.fail(error),
      },
    );
    return box;
  }
}

onEveryHost("a datagram arrives whole, with the address it was sent from", async (place) => {
  const [a, b] = [await Box.open(place.a), await Box.open(place.b)];
  assert.ok(a.socket.local.port > 0);
  const long = Uint8Array.from({ length: 1_400 }, (_, i) => i & 255);
  for (const data of [Uint8Array.of(1, 2, 3), new Uint8Array(0), long]) a.socket.send(b.socket.local, data);
  await place.until(() => b.received.length === 3, "three datagrams");
  const lengths = b.received.map(({ data }) => data.length).sort((x, y) => x - y);
  assert.deepEqual(lengths, [0, 3, 1_400]);
  assert.deepEqual(b.received.find(({ data }) => data.length === 1_400)!.data, [...long]);
  for (const { from } of b.received) assert.deepEqual(from, a.socket.local);
  b.socket.send(b.received[0]!.from, Uint8Array.of(9));
  await place.until(() => a.received.length === 1, "the answer");
  assert.deepEqual(a.received[0], { from: b.socket.local, data: [9] });
  a.socket.close();
  b.socket.close();
});

onEveryHost(
  "what is sent to nobody, or too large for a datagram, is lost and harms nothing",
  async (place) => {
    const [a, b] = [await Box.open(place.a), await Box.open(place.b)];
    const gone = await Box.open(place.b);
    gone.socket.close();
    a.socket.send(gone.socket.local, Uint8Array.of(1));
    a.socket.send(b.socket.local, new Uint8Array(70_000));
    await place.pass(20);
    a.socket.send(b.socket.local, Uint8Array.of(2));
    await place.until(() => b.received.length > 0, "the small one");
    assert.deepEqual(
      b.received.map(({ data }) => data),
      [[2]],
    );
    assert.deepEqual(gone.received, []);
    a.socket.close();
    b.socket.close();
  },
);

onEveryHost("a closed socket neither sends nor receives, and its port is free again", async (place) => {
  const [a, b] = [await Box.open(place.a), await Box.open(place.b)];
  const { port } = b.socket.local;
  b.socket.close();
  b.socket.close();
  b.socket.send(a.socket.local, Uint8Array.of(1));
  const again = await Box.open(place.b, port);
  a.socket.send(again.socket.local, Uint8Array.of(2));
  await place.until(() => again.received.length === 1, "a datagram at the new socket");
  assert.deepEqual([a.received, b.received], [[], []]);
  a.socket.close();
  again.socket.close();
});

onEveryHost("an address in use, or of another machine, is refused with a remedy", async (place) => {
  const a = await Box.open(place.a);
  await assert.rejects(Box.open(place.a, a.socket.local.port), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.match(error.message, /^cannot listen on UDP [\d.]+:\d+: the address is in use$/);
    assert.notEqual(error.remedy, "");
    return true;
  });
  await assert.rejects(
    place.a.datagrams.open({ host: "192.0.2.77", port: 0 }, { received: () => {}, failed: () => {} }),
    (error) => error instanceof OperatorError && /no such address/.test(error.message),
  );
  a.socket.close();
});
