import type { Cipher } from "#base/cipher.ts";
import type { Random } from "#base/random.ts";
import type { Clock } from "#host/clock.ts";
import type { Datagrams } from "#host/datagrams.ts";
import type { Files } from "#host/files.ts";
import type { Http } from "#host/http.ts";
import type { Links } from "#host/links.ts";
import type { PacketSockets } from "#host/packet-sockets.ts";
import type { RawIp } from "#host/raw-ip.ts";
import type { Routes } from "#host/routes.ts";
import type { Stores } from "#host/store.ts";
import type { Streams } from "#host/streams.ts";

/** The machine a node runs on: the real one (system/) or one in a simulated World (sim/). */
export interface Host {
  readonly clock: Clock;
  readonly random: Random;
  readonly cipher: Cipher;
  readonly datagrams: Datagrams;
  readonly streams: Streams;
  readonly links: Links;
  readonly packetSockets: PacketSockets;
  readonly rawIp: RawIp;
  readonly routes: Routes;
  readonly files: Files;
  readonly http: Http;
  readonly stores: Stores;
}
