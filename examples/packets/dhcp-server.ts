// A DHCP server for a lab:
//
//   parley packets respond eth0 dhcp-server.ts address=192.0.2.1 pool=192.0.2.100-192.0.2.150 [mask=255.255.255.0]
//     [router=192.0.2.1] [dns=192.0.2.53] [lease=3600]
//
// A client gets the address that it had before, else the one it asks for, else a free one; one that nobody had is
// preferred to one that somebody may come back for. Offers are kept for ten seconds. All leases are in the machine's
// data, with the time when they end: the timeout of the one state is the time to the first of them. Who renews sends to
// the server's address, so that it answers ARP for it. Relays are not served. RFC 2131, of which 4.3 says what to answer.
import type { ExchangeContext, GivenLayer, Packet, PacketAction } from "parley/packet";
import {
  addressesIn,
  addressNumber,
  addressText,
  answersArp,
  ipTo,
  optionsOf,
  stationOf,
  wholeNumber,
  type Options,
  type Parley,
} from "./parts/station.ts";

interface Lease {
  readonly address: string;
  readonly client: string;
  /** Declined: somebody else uses the address. Free: remembered for the client. */
  readonly kind: "offered" | "bound" | "declined" | "free";
  /** ms; of a free one when that happened. */
  readonly until: number;
}

interface Pool {
  /** By address. */
  readonly leases: Map<string, Lease>;
}

type Context = ExchangeContext<Pool>;

const [OFFER, ACK, NAK] = [2, 5, 6];
const OFFER_MS = 10_000;
const DECLINED_MS = 600_000;

/** What a client says, as far as it counts here. */
interface Asked {
  readonly client: string;
  readonly mac: string;
  readonly clientIp: string;
  readonly broadcast: boolean;
  readonly transactionId: number;
  readonly requested: string | undefined;
  readonly server: string | undefined;
}

interface Server {
  readonly address: string;
  readonly pool: readonly string[];
  readonly leaseMs: number;
  /** A message to a client, and what comes with an address where it gets one. */
  readonly answer: (asked: Asked, type: number, yours?: string) => readonly GivenLayer[];
}

export function exchange(parley: Parley, options: Options) {
  const given = optionsOf(options, {
    address: undefined,
    pool: undefined,
    mac: "",
    mask: "255.255.255.0",
    router: "",
    dns: "",
    lease: "3600",
  });
  const seconds = wholeNumber(given.lease, "lease", [1, 2 ** 31 - 1]);
  const me = stationOf(given.address, given.mac);
  const [routers, servers] = [addressesIn(given.router), addressesIn(given.dns)];
  addressNumber(given.mask);
  const server: Server = {
    address: me.address,
    pool: poolIn(given.pool).filter((address) => address !== me.address),
    leaseMs: seconds * 1_000,
    answer: (asked, type, yours) => {
      const to = destinationOf(asked, type, yours);
      const granted = yours === undefined ? [] : [{ type: 51, data: seconds }];
      const all = [
        { type: 1, data: given.mask },
        ...(routers.length === 0 ? [] : [{ type: 3, data: routers }]),
        ...(servers.length === 0 ? [] : [{ type: 6, data: servers }]),
      ];
      const { layer, Dhcp, Udp } = parley;
      return [
        ...ipTo(parley, me, to),
        layer(Udp, { sourcePort: 67, destinationPort: 68 }),
        layer(Dhcp, {
          opcode: 2,
          transactionId: asked.transactionId,
          broadcast: asked.broadcast ? 1 : 0,
          clientIp: type === ACK ? asked.clientIp : NOBODY,
          yourIp: yours ?? NOBODY,
          clientMac: asked.mac,
          options: [
            { type: 53, data: type },
            { type: 54, data: me.address },
            ...(type === NAK ? [] : [...granted, ...all]),
            { type: 255 },
          ],
        }),
      ];
    },
  };
  return machineOf(parley, server, answersArp(parley, me));
}

const NOBODY = "0.0.0.0";

function machineOf(parley: Parley, server: Server, arp: ReturnType<typeof answersArp>) {
  const on = (type: number, act: (asked: Asked, context: Context) => ReturnType<PacketAction<Pool>>) => ({
    query: `dhcp.type == 1 and dhcp.option.dhcp == ${type} and dhcp.ip.relay == 0.0.0.0 and dhcp.hw.len == 6`,
    do: (packet: Packet, context: Context) => act(askedIn(parley, packet), context),
    // Starts the state again, so that it waits for the lease that now ends first.
    go: "serving",
  });
  return parley.machine<Pool>({
    name: "dhcp-server",
    about: `${server.pool.length} addresses`,
    data: () => ({ leases: new Map() }),
    initial: "serving",
    states: {
      serving: {
        on: [
          arp,
          on(1, (asked, context) => discover(server, asked, context)),
          on(3, (asked, context) => request(server, asked, context)),
          on(4, (asked, context) => decline(server, asked, context)),
          on(7, (asked, context) => release(server, asked, context)),
          on(8, (asked) => server.answer(asked, ACK)),
        ],
        after: {
          ms: ({ data, now }) =>
            Math.min(
              ...[...data.leases.values()].map(({ kind, until }) => (kind === "free" ? Infinity : until)),
            ) - now,
          do: expire,
        },
      },
    },
  });
}

function askedIn({ Dhcp }: Parley, packet: Packet): Asked {
  const { clientMac = NO_MAC, clientIp, broadcast, transactionId, options = [] } = packet.get(Dhcp)!;
  const option = (wanted: number): unknown => options.find(({ type }) => type === wanted)?.data;
  const text = (wanted: number): string | undefined => {
    const value = option(wanted);
    return typeof value === "string" ? value : undefined;
  };
  return {
    client: clientOf(option(61), clientMac),
    mac: clientMac,
    clientIp,
    broadcast: broadcast === 1,
    transactionId,
    requested: text(50),
    server: text(54),
  };
}

/** Who a client identifier names: one that is a MAC address is the same as none. */
function clientOf(id: unknown, mac: string): string {
  const { mac: named } = (id ?? { mac }) as { readonly mac?: unknown };
  return typeof named === "string" ? named : JSON.stringify(id);
}

const NO_MAC = "00:00:00:00:00:00";

/** RFC 2131 4.1: a client without an address is reached by its MAC address, or by broadcast where it says so. */
function destinationOf({ mac, clientIp, broadcast }: Asked, type: number, yours: string | undefined) {
  if (type !== NAK && clientIp !== NOBODY) return { mac, address: clientIp };
  if (type === NAK || broadcast || yours === undefined)
    return { mac: "ff:ff:ff:ff:ff:ff", address: "255.255.255.255" };
  return { mac, address: yours };
}

function discover({ pool, answer }: Server, asked: Asked, { data, now, tell }: Context) {
  const { client, requested } = asked;
  const mine = leaseOf(data, client);
  const isFree = (address: string): boolean => {
    const lease = data.leases.get(address);
    return !lease || lease.kind === "free" || lease.client === client;
  };
  const address =
    mine?.address ??
    pool.find((each) => each === requested && isFree(each)) ??
    pool.find((each) => !data.leases.has(each)) ??
    oldestFree(data);
  if (address === undefined) return tell(`no address is left for ${client}`);
  if (mine?.kind !== "bound")
    data.leases.set(address, { address, client, kind: "offered", until: now + OFFER_MS });
  tell(`offers ${address} to ${client}`);
  return answer(asked, OFFER, address);
}

function request({ address: own, leaseMs, answer }: Server, asked: Asked, { data, now, tell }: Context) {
  const { client, server, requested, clientIp } = asked;
  const mine = leaseOf(data, client);
  if (server !== undefined && server !== own) {
    // It took another server's offer.
    if (mine?.kind === "offered") free(data, mine, now);
    return;
  }
  const wanted = clientIp === NOBODY ? requested : clientIp;
  // Of a client that it never met another server may know.
  if (!mine && server === undefined && !data.leases.has(wanted ?? "")) return;
  if (!mine || mine.address !== wanted) {
    tell(`refuses ${wanted ?? "an address"} to ${client}`);
    return answer(asked, NAK);
  }
  data.leases.set(wanted, { address: wanted, client, kind: "bound", until: now + leaseMs });
  tell(`${wanted} is ${client}'s`, { seconds: leaseMs / 1_000 });
  return answer(asked, ACK, wanted);
}

function decline(_server: Server, { client, requested }: Asked, { data, now, tell }: Context): void {
  const mine = leaseOf(data, client);
  if (!mine || mine.address !== requested) return;
  const { address } = mine;
  data.leases.set(address, { address, client: "", kind: "declined", until: now + DECLINED_MS });
  tell(`${address} is used by somebody else, says ${client}`);
}

function release(
  { address: own }: Server,
  { client, clientIp, server }: Asked,
  { data, now, tell }: Context,
): void {
  const mine = leaseOf(data, client);
  if (!mine || mine.address !== clientIp || server !== own) return;
  free(data, mine, now);
  tell(`${clientIp} was released by ${client}`);
}

function expire({ data, now, tell }: Context): void {
  for (const lease of [...data.leases.values()]) {
    if (lease.kind === "free" || lease.until > now) continue;
    if (lease.kind === "bound") tell(`the lease of ${lease.address} ended`, { client: lease.client });
    free(data, lease, now);
  }
}

/** The address is remembered for its client. */
function free({ leases }: Pool, { address, client }: Lease, now: number): void {
  leases.set(address, { address, client, kind: "free", until: now });
}

function leaseOf({ leases }: Pool, client: string): Lease | undefined {
  return [...leases.values()].find((lease) => lease.client === client);
}

function oldestFree({ leases }: Pool): string | undefined {
  const [first] = [...leases.values()]
    .filter(({ kind }) => kind === "free")
    .sort((a, b) => a.until - b.until);
  return first?.address;
}

/** "192.0.2.100-192.0.2.150". Throws TypeError. */
function poolIn(text: string): string[] {
  const [from = "", to = from] = text.split("-");
  const [first, last] = [addressNumber(from), addressNumber(to)];
  if (last < first || last - first >= 65_536) throw new TypeError(`${text} is no range of addresses`);
  return Array.from({ length: last - first + 1 }, (_, i) => addressText(first + i));
}
