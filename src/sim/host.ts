import type { Endpoint } from "#base/endpoint.ts";
import { seededRandom, type Random } from "#base/random.ts";
import type { Clock } from "#host/clock.ts";
import type { Datagrams } from "#host/datagrams.ts";
import type { Host } from "#host/host.ts";
import { listenError } from "#host/listen-error.ts";
import type { StreamListener, Streams } from "#host/streams.ts";
import { simCipher } from "#sim/cipher.ts";
import { SimFiles } from "#sim/files.ts";
import { simHttp } from "#sim/http.ts";
import { SimLinks } from "#sim/links.ts";
import type { Machine, Network } from "#sim/network.ts";
import { simRawIp } from "#sim/packet-sockets-raw-ip.ts";
import { SimPacketSockets } from "#sim/packet-sockets.ts";
import { SimRoutes } from "#sim/routes.ts";
import { simStores } from "#sim/stores.ts";
import { SimStream, whenRunning } from "#sim/streams.ts";

/** A Host whose interfaces and routes can be changed, and what the interfaces are connected to. */
export interface SimHost extends Host {
  readonly links: SimLinks;
  readonly packetSockets: SimPacketSockets;
  readonly routes: SimRoutes;
}

/** The host ports of one machine in a World. */
export function simHost(network: Network, machine: Machine, random: Random): SimHost {
  const clock = simClock(network, machine);
  const links = new SimLinks(network.scheduler, machine.host);
  const packetSockets = new SimPacketSockets(network, machine, links, clock);
  return {
    clock,
    random,
    // Of its own: what a cipher takes must not change what others draw.
    cipher: simCipher(seededRandom(`cipher ${random.state()}`)),
    datagrams: simDatagrams(network, machine),
    streams: simStreams(network, machine),
    links,
    packetSockets,
    rawIp: simRawIp(network, machine, packetSockets),
    routes: new SimRoutes(network.scheduler, links),
    files: new SimFiles(),
    http: simHttp(network, machine),
    stores: simStores(network.stores),
  };
}

/** Virtual time; the wall clock of every world starts on 2026-01-01. */
export function simClock(network: Network, machine: Machine): Clock {
  const { scheduler } = network;
  return {
    now: () => scheduler.now,
    wallTime: () => WORLD_BEGAN + Math.floor(scheduler.now),
    at: (at, run) => {
      let cancelled = false;
      const cancel = scheduler.at(at, () => whenRunning(network, machine, () => cancelled || run()));
      return () => {
        cancelled = true;
        cancel();
      };
    },
  };
}

function simDatagrams(network: Network, machine: Machine): Datagrams {
  return {
    open: async (at, handlers) => {
      const local = claim(network, machine, "UDP", at);
      machine.sockets.set(local.port, handlers);
      return {
        local,
        send: (to, data) => {
          if (machine.sockets.get(local.port) !== handlers) return;
          network.sendDatagram(machine, { host: sourceHost(machine, to), port: local.port }, to, data);
        },
        close: () => {
          if (machine.sockets.get(local.port) === handlers) machine.sockets.delete(local.port);
        },
      };
    },
  };
}

function simStreams(network: Network, machine: Machine): Streams {
  return {
    listen: async (at, accept): Promise<StreamListener> => {
      const local = claim(network, machine, "TCP", at);
      machine.listeners.set(local.port, accept);
      return {
        local,
        close: async () => {
          if (machine.listeners.get(local.port) === accept) machine.listeners.delete(local.port);
        },
      };
    },
    dial: (to, handlers) => SimStream.dial(network, machine, to, handlers),
  };
}

function sourceHost(machine: Machine, to: Endpoint): string {
  return to.host.startsWith("127.") ? "127.0.0.1" : machine.host;
}

function claim(network: Network, machine: Machine, transport: "TCP" | "UDP", at: Endpoint): Endpoint {
  if (!["0.0.0.0", "127.0.0.1", machine.host].includes(at.host)) {
    throw listenError(transport, at, "EADDRNOTAVAIL");
  }
  const port = at.port === 0 ? network.freePort(machine) : at.port;
  const used = transport === "TCP" ? machine.listeners : machine.sockets;
  if (used.has(port)) throw listenError(transport, at, "EADDRINUSE");
  return { host: at.host, port };
}

const WORLD_BEGAN = Date.UTC(2026, 0, 1);
