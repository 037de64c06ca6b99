import assert from "node:assert/strict";
import { formatEndpoint } from "#base/endpoint.ts";
import { seededRandom } from "#base/random.ts";
import { drive, type DriveHost, type Driver } from "#services/drive.ts";
import type { WhisperCommand, WhisperEvent } from "#whisper/io.ts";
import { DEFAULT_LIMITS } from "#whisper/limits.ts";
import { Whisper } from "#whisper/whisper.ts";
import { Heartbeat, type HeartbeatCommand, type HeartbeatEvent } from "../sim/heartbeat.ts";
import { onEveryHost, type Machine } from "./places.ts";

/** What a service gives its driver, and how it is stopped. */
function serviceOn(machine: Machine): { readonly host: DriveHost; stop(): Promise<void> } {
  const stops: (() => Promise<void> | void)[] = [];
  return {
    host: { ...machine, atStop: (run) => void stops.push(run), fail: (error) => assert.fail(String(error)) },
    stop: async () => {
      for (const run of stops.splice(0).reverse()) await run();
    },
  };
}

onEveryHost(
  "a core on datagrams runs under the driver: it hears its peer until that stops",
  async (place) => {
    const events: HeartbeatEvent[] = [];
    const [near, far] = [serviceOn(place.a), serviceOn(place.b)];
    const start = (host: DriveHost, address: string, event: (event: HeartbeatEvent) => void) =>
      drive<HeartbeatCommand, HeartbeatEvent>(host, { datagrams: { host: address, port: 0 }, event }, () => ({
        core: new Heartbeat(),
      }));
    const a = await start(near.host, place.a.address, (event) => events.push(event));
    const b = await start(far.host, place.b.address, () => {});
    b.push({ type: "watch", peer: a.places.datagrams! });
    await place.until(() => events.length === 1, "a beat");
    assert.deepEqual(events, [{ type: "alive", host: place.b.address }]);
    await far.stop();
    await place.until(() => events.length === 2, "silence");
    assert.equal(events[1]!.type, "silent");
    await near.stop();
  },
);

onEveryHost("a core on streams runs under the same driver: two peers link and talk", async (place) => {
  const shown: string[] = [];
  const services = [serviceOn(place.a), serviceOn(place.b)];
  const cores: Whisper[] = [];
  const drivers: Driver<WhisperCommand>[] = [];
  for (const [i, machine] of [place.a, place.b].entries()) {
    const peers = i === 0 ? [] : [formatEndpoint(drivers[0]!.places.streams!)];
    const event = (event: WhisperEvent): void => {
      if (event.type === "message") shown.push(`${i}: ${event.message.nick}: ${event.message.body}`);
    };
    const streams = { host: machine.address, port: 0 };
    drivers.push(
      await drive<WhisperCommand, WhisperEvent>(services[i]!.host, { streams, event }, (places) => {
        const address = formatEndpoint(places.streams!);
        const core = new Whisper(
          { address, nick: `n${i}`, peers, limits: DEFAULT_LIMITS },
          seededRandom(String(i)),
        );
        cores.push(core);
        return { core };
      }),
    );
  }
  await place.until(
    () => cores.every((core) => [...core.peers()].some(({ state }) => state === "linked")),
    "links both ways",
  );
  drivers[0]!.push({ type: "say", body: "hello", time: 1 });
  assert.deepEqual(shown, ["0: n0: hello"]);
  await place.until(() => shown.length === 2, "the message at the other side");
  assert.equal(shown[1], "1: n0: hello");
  for (const service of services) await service.stop();
});

onEveryHost("a driver whose second port is not to be had gives the first one back", async (place) => {
  const taken = await place.a.datagrams.open(
    { host: place.a.address, port: 0 },
    { received: () => {}, failed: () => {} },
  );
  const { host, stop } = serviceOn(place.a);
  const streams = { host: place.a.address, port: 0 };
  let made = false;
  await assert.rejects(
    drive(host, { streams, datagrams: taken.local, event: () => {} }, () => {
      made = true;
      return { core: new Heartbeat() };
    }),
    /the address is in use/,
  );
  assert.equal(made, false);
  await stop();
  taken.close();
});
