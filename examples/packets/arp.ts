// Answers ARP for an address, or for all addresses of a prefix:
//
//   parley packets respond eth0 arp.ts address=192.0.2.7
//   parley packets respond eth0 arp.ts address=192.0.2.0/28 mac=02:00:00:00:00:01
//
// The smallest responder: one query, and a function from the packet that it selects to the packet that answers. Without
// mac=… each address gets one of its own. Who announces an address (a gratuitous ARP) does not ask, and gets no answer;
// who probes one (RFC 5227) does, and learns that it is taken.
import { macIn, macOf, optionsOf, type Options, type Parley } from "./parts/station.ts";

export function exchange(parley: Parley, options: Options) {
  const { Arp, Ethernet, layer, query, responder } = parley;
  const given = optionsOf(options, { address: undefined, mac: "" });
  macIn(given.mac);
  const asked = query`arp.opcode == 1 and arp.dst.proto_ipv4 == ${given.address} and not arp.isgratuitous`;
  return responder("arp", {
    [asked]: (packet, { tell }) => {
      const { senderMac, senderIp, targetIp } = packet.get(Arp)!;
      const mac = given.mac || macOf(targetIp!);
      tell(`${targetIp} is at ${mac}`, { asked: senderIp });
      return [
        layer(Ethernet, { destination: senderMac, source: mac }),
        layer(Arp, {
          opcode: 2,
          senderMac: mac,
          senderIp: targetIp,
          targetMac: senderMac,
          targetIp: senderIp,
        }),
      ];
    },
  });
}
