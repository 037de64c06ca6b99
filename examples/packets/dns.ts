// A name server for a few names:
//
//   parley packets respond eth0 dns.ts address=192.0.2.53 names=www.lab=192.0.2.80,mail.lab=192.0.2.25
//   parley packets respond eth0 dns.ts names=www.lab=192.0.2.80
//
// With address=… it is a host of its own, which answers ARP, too. Without one it is a service of whatever address the
// question was sent to, on a link where it hears what is for others: for an address of this machine the kernel answers,
// too, that there is no such service. A name that is not in the table does not exist (NXDOMAIN); one that is there has no
// other records than its address. That dns.qry.type stands alone in the query means that there is one: a question that is
// cut off does not come here.
import {
  addressNumber,
  answersArp,
  ipTo,
  optionsOf,
  stationOf,
  wholeNumber,
  type Options,
  type Parley,
} from "./parts/station.ts";

const [A, IN, NXDOMAIN] = [1, 1, 3];

export function exchange(parley: Parley, options: Options) {
  const { Dns, Ethernet, Ipv4, layer, query, responder, Udp } = parley;
  const given = optionsOf(options, { names: undefined, address: "", mac: "", ttl: "300" });
  const names = tableOf(given.names);
  const ttl = wholeNumber(given.ttl, "ttl", [0, 2 ** 31 - 1]);
  const me = given.address === "" ? undefined : stationOf(given.address, given.mac);
  const arp = me && answersArp(parley, me);
  const question =
    "dns.flags.response == 0 and dns.flags.opcode == 0 and dns.count.queries == 1 and dns.qry.type";
  const here = me ? query` and ip.dst#1 == ${me.address}` : " and ip";
  return responder("dns", {
    ...(arp && { [arp.query]: arp.do }),
    [`udp.dstport#1 == 53 and not mdns and ${question}${here}`]: (packet, { tell }) => {
      const [ethernet, ip, udp, asked] = [
        packet.get(Ethernet)!,
        packet.get(Ipv4)!,
        packet.get(Udp)!,
        packet.get(Dns)!,
      ];
      const [{ name, type, class: group }] = asked.questions as [(typeof asked.questions)[number]];
      const address = names.get(name.text.toLowerCase());
      const answers =
        address && type === A && group === IN ? [{ name: name.text, type: A, ttl, data: address }] : [];
      tell(`${name.text} is ${address ?? "unknown"}`, { asked: ip.source, type });
      return [
        ...ipTo(parley, me ?? { address: ip.destination, mac: ethernet.destination }, {
          mac: ethernet.source,
          address: ip.source,
        }),
        layer(Udp, { sourcePort: 53, destinationPort: udp.sourcePort }),
        layer(Dns, {
          id: asked.id,
          response: 1,
          authoritative: 1,
          recursionDesired: asked.recursionDesired,
          responseCode: address ? 0 : NXDOMAIN,
          questions: [{ name: name.text, type, class: group }],
          answers,
        }),
      ];
    },
  });
}

/** "www.lab=192.0.2.80,mail.lab=192.0.2.25". Throws TypeError. */
function tableOf(text: string): Map<string, string> {
  return new Map(
    text.split(",").map((entry) => {
      const [name = "", address = ""] = entry.split("=");
      addressNumber(address);
      return [name.toLowerCase().replace(/\.$/, ""), address] as const;
    }),
  );
}
