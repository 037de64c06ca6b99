// Answers pings to an address that nobody has, and ARP for it, so that the pings come:
//
//   parley packets respond eth0 icmp-echo.ts address=192.0.2.7
//
// A query asks about any layer of a protocol unless it says which: #1 is the outermost one, so that an ICMP error that
// quotes an echo request is not answered. Fragments are left alone; nothing is reassembled here.
import { answersArp, ipTo, optionsOf, stationOf, type Options, type Parley } from "./parts/station.ts";

export function exchange(parley: Parley, options: Options) {
  const { Data, Ethernet, Icmp, Ipv4, layer, query, responder } = parley;
  const { address, mac } = optionsOf(options, { address: undefined, mac: "" });
  const me = stationOf(address, mac);
  const arp = answersArp(parley, me);
  const asked = query`icmp.type#1 == 8 and ip.dst#1 == ${address} and ip.flags.mf#1 == 0`;
  return responder("icmp-echo", {
    [arp.query]: arp.do,
    [asked]: (packet, { tell }) => {
      const { source } = packet.get(Ipv4)!;
      const { identifier, sequence } = packet.get(Icmp)!;
      const { data } = packet.get(Data) ?? { data: new Uint8Array(0) };
      tell(`echo request from ${source}`, { sequence, bytes: data.length });
      return [
        ...ipTo(parley, me, { mac: packet.get(Ethernet)!.source, address: source }),
        layer(Icmp, { type: 0, identifier, sequence }),
        layer(Data, { data }),
      ];
    },
  });
}
