// Listens to OSPF Hellos and tells who is there, with which timers, who is designated router, and who fell silent:
//
//   parley packets respond eth0 ospf-hello.ts
//   parley packets respond ospf-hello.ts --read capture.pcap area=0.0.0.0
//
// It sends nothing. Each neighbor has a dead interval of its own: the state's timeout is a function, the time to the
// nearest of them, and a Hello starts the state again so that the time is taken anew.
import type { ExchangeContext, OspfHello, Packet, ValuesOf } from "parley/packet";
import { addressNumber, optionsOf, type Options, type Parley } from "./parts/station.ts";

/** What a neighbor says of itself and of its link. */
interface Said {
  readonly routerId: string;
  readonly area: string;
  readonly helloSeconds: number;
  readonly deadSeconds: number;
  readonly priority: number;
  readonly designated: string;
  readonly backup: string;
}

interface Neighbor {
  readonly said: Said;
  /** When it is taken for dead, ms. */
  readonly until: number;
}

/** By the neighbor's address. */
interface Heard {
  readonly neighbors: Map<string, Neighbor>;
}

type Context = ExchangeContext<Heard>;

/** Far more than a link has routers: whoever makes addresses up must not fill the memory. */
const MOST_NEIGHBORS = 256;

export function exchange(parley: Parley, options: Options) {
  const { machine, query } = parley;
  const { area } = optionsOf(options, { area: "" });
  if (area !== "") addressNumber(area);
  const hello = {
    query: `ospf.msg.hello${area === "" ? "" : query` and ospf.area_id == ${area}`}`,
    do: (packet: Packet, context: Context) => note(parley, packet, context),
    go: "watching",
  };
  return machine<Heard>({
    name: "ospf-hello",
    about: "tells which OSPF routers are on a link",
    data: () => ({ neighbors: new Map() }),
    initial: "alone",
    states: {
      alone: { on: [hello] },
      watching: {
        on: [hello],
        after: {
          ms: ({ data, now }) => Math.min(...[...data.neighbors.values()].map(({ until }) => until)) - now,
          do: forget,
          go: { alone: ({ data }) => data.neighbors.size === 0 },
        },
      },
    },
  });
}

function note({ Ipv4, Ospf }: Parley, packet: Packet, { data, now, tell }: Context): void {
  const { source } = packet.get(Ipv4)!;
  const { routerId, areaId, body: hello } = packet.get(Ospf)!;
  const body = hello as ValuesOf<typeof OspfHello>;
  // What is cut off says nothing; an error here would end the machine.
  if (body?.backupDesignatedRouter === undefined) return;
  const said: Said = {
    routerId,
    area: areaId,
    helloSeconds: body.helloInterval,
    deadSeconds: body.routerDeadInterval,
    priority: body.routerPriority,
    designated: body.designatedRouter,
    backup: body.backupDesignatedRouter,
  };
  const before = data.neighbors.get(source)?.said;
  if (!before && data.neighbors.size >= MOST_NEIGHBORS) return;
  data.neighbors.set(source, { said, until: now + said.deadSeconds * 1_000 });
  if (!before) return tell(`neighbor ${source}, router ${routerId}`, said);
  const changed = Object.entries(said).filter(([name, value]) => before[name as keyof Said] !== value);
  if (changed.length === 0) return;
  const was = Object.fromEntries(changed.map(([name]) => [name, before[name as keyof Said]]));
  tell(`neighbor ${source} changed`, { was, is: Object.fromEntries(changed) });
}

function forget({ data, now, tell }: Context): void {
  for (const [address, { said, until }] of data.neighbors) {
    if (until > now) continue;
    data.neighbors.delete(address);
    tell(`neighbor ${address} is silent`, { routerId: said.routerId, deadSeconds: said.deadSeconds });
  }
}
