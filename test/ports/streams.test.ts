import assert from "node:assert/strict";
import { concatBytes } from "#base/bytes.ts";
import type { Endpoint } from "#base/endpoint.ts";
import { OperatorError } from "#base/operator-error.ts";
import type { Stream, StreamHandlers, StreamListener } from "#host/streams.ts";
import { onEveryHost, type Machine, type Place } from "./places.ts";

/** One end of a stream and what it was told, in order. */
class End {
  readonly told: string[] = [];
  readonly parts: Uint8Array[] = [];
  stream!: Stream;

  handlers(): StreamHandlers {
    return {
      connected: () => this.told.push("connected"),
      data: (bytes) => void this.parts.push(bytes),
      writable: () => this.told.push("writable"),
      closed: (error) => this.told.push(error === undefined ? "closed" : `closed: ${error}`),
    };
  }

  get received(): Uint8Array {
    return concatBytes(this.parts);
  }

  static dial(machine: Machine, to: Endpoint): End {
    const end = new End();
    end.stream = machine.streams.dial(to, end.handlers());
    assert.deepEqual(end.told, [], "told before dial returned");
    return end;
  }
}

class Door {
  readonly accepted: End[] = [];
  listener!: StreamListener;

  static async open(machine: Machine, port = 0): Promise<Door> {
    const door = new Door();
    door.listener = await machine.streams.listen({ host: machine.address, port }, (stream) => {
      const end = new End();
      end.stream = stream;
      door.accepted.push(end);
      return end.handlers();
    });
    return door;
  }
}

async function linked(place: Place): Promise<{ door: Door; near: End; far: End }> {
  const door = await Door.open(place.b);
  const near = End.dial(place.a, door.listener.local);
  await place.until(() => near.told.includes("connected") && door.accepted.length === 1, "a connection");
  return { door, near, far: door.accepted[0]! };
}

onEveryHost("what is written arrives in order and whole, both ways", async (place) => {
  const { door, near, far } = await linked(place);
  const megabyte = Uint8Array.from({ length: 1_000_000 }, (_, i) => (i * 31) & 255);
  near.stream.write(megabyte.subarray(0, 10));
  near.stream.write(megabyte.subarray(10));
  far.stream.write(Uint8Array.of(1));
  far.stream.write(Uint8Array.of(2, 3));
  await place.until(() => far.received.length === megabyte.length, "a megabyte");
  await place.until(() => near.received.length === 3, "three bytes");
  assert.ok(Buffer.from(megabyte).equals(far.received));
  assert.deepEqual([...near.received], [1, 2, 3]);
  assert.equal(far.stream.remote.host, place.a.address);
  assert.deepEqual(near.stream.remote, door.listener.local);
  near.stream.close();
  await place.until(() => far.told.includes("closed"), "the end");
  await door.listener.close();
});

onEveryHost("writable is told after writes have left, and not without a write", async (place) => {
  const { door, near, far } = await linked(place);
  await place.pass(20);
  assert.deepEqual(near.told, ["connected"]);
  near.stream.write(Uint8Array.of(1));
  await place.until(() => near.told.includes("writable"), "writable");
  const before = near.told.length;
  near.stream.write(new Uint8Array(3_000_000));
  await place.until(() => near.told.length > before, "writable again");
  near.stream.close();
  await place.until(() => far.told.includes("closed"), "the end");
  assert.equal(far.received.length, 3_000_001);
  await door.listener.close();
});

onEveryHost("closing sends what was written first, tells the other side and then nobody", async (place) => {
  const { door, near, far } = await linked(place);
  near.stream.write(new Uint8Array(100_000));
  near.stream.close();
  near.stream.close();
  near.stream.write(Uint8Array.of(1));
  const told = near.told.length;
  await place.until(() => far.told.includes("closed"), "the end");
  far.stream.write(Uint8Array.of(1));
  far.stream.close();
  await place.pass(50);
  assert.equal(far.received.length, 100_000);
  assert.deepEqual(far.told, ["closed"]);
  assert.equal(near.told.length, told, "told after close");
  await door.listener.close();
});

onEveryHost("a dial that nobody answers fails with the system's word for it", async (place) => {
  const door = await Door.open(place.b);
  const { local } = door.listener;
  await door.listener.close();
  const near = End.dial(place.a, local);
  await place.until(() => near.told.length > 0, "the refusal");
  near.stream.write(Uint8Array.of(1));
  await place.pass(20);
  assert.deepEqual(near.told, ["closed: ECONNREFUSED"]);
});

onEveryHost("a dial that is taken back is told nothing", async (place) => {
  const door = await Door.open(place.b);
  const near = End.dial(place.a, door.listener.local);
  near.stream.close();
  await place.pass(50);
  assert.deepEqual(near.told, []);
  for (const far of door.accepted) assert.equal(far.received.length, 0);
  await door.listener.close();
});

onEveryHost("whoever closes a stream while accepting it hears nothing of it", async (place) => {
  const refused = new End();
  const listener = await place.b.streams.listen({ host: place.b.address, port: 0 }, (stream) => {
    stream.close();
    return refused.handlers();
  });
  const near = End.dial(place.a, listener.local);
  near.stream.write(Uint8Array.of(1));
  await place.until(() => near.told.some((word) => word.startsWith("closed")), "the end");
  await place.pass(20);
  assert.deepEqual([refused.told, refused.parts], [[], []]);
  await listener.close();
});

onEveryHost("a closed listener frees its address at once, and what it accepted lives on", async (place) => {
  const { door, near, far } = await linked(place);
  const { port } = door.listener.local;
  await door.listener.close();
  const again = await Door.open(place.b, port);
  near.stream.write(Uint8Array.of(7));
  await place.until(() => far.received.length === 1, "a byte on the old stream");
  assert.deepEqual(again.accepted, []);
  const second = End.dial(place.a, again.listener.local);
  await place.until(() => again.accepted.length === 1, "a stream at the new listener");
  near.stream.close();
  second.stream.close();
  await place.until(() => far.told.includes("closed"), "the end");
  await again.listener.close();
});

onEveryHost("an address in use, or of another machine, is refused with a remedy", async (place) => {
  const door = await Door.open(place.a);
  await assert.rejects(Door.open(place.a, door.listener.local.port), (error) => {
    assert.ok(error instanceof OperatorError);
    assert.match(error.message, /^cannot listen on TCP [\d.]+:\d+: the address is in use$/);
    assert.notEqual(error.remedy, "");
    return true;
  });
  await assert.rejects(
    place.a.streams.listen({ host: "192.0.2.77", port: 0 }, (stream) => {
      stream.close();
      return new End().handlers();
    }),
    (error) => error instanceof OperatorError && /no such address/.test(error.message),
  );
  await door.listener.close();
});
