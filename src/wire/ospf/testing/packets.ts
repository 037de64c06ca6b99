import type { Given } from "#packet/message.ts";
import type { LsaHeader } from "#wire/ospf/lsa.ts";
import { Ospf } from "#wire/ospf/ospf.ts";

/** Packets with what the captures of FRR and BIRD lack, as values; test/captures/ospf/made.pcap has them in frames. */
export const madePackets: readonly Given<(typeof Ospf)["fields"]>[] = [
  hello({ linkLocalSignaling: { tlvs: [{ type: 1, value: { restartSignal: true } }] } }),
  hello({
    authenticationType: 2,
    keyId: 7,
    cryptographicSequenceNumber: 0xdead_beef,
    authenticationData: digest(16),
    linkLocalSignaling: {
      checksum: 0,
      tlvs: [
        { type: 1, value: { lsdbResynchronization: true, other: 0x8000_0000 } },
        { type: 2, value: { sequenceNumber: 99, authenticationData: digest(16) } },
      ],
    },
  }),
  hello({ authenticationType: 2, keyId: 1, authenticationData: digest(48) }),
  hello({ authenticationType: 1, password: "whisper" }),
  hello({ authenticationType: 9, unknownAuthentication: digest(8) }),
  packet(
    2,
    {
      interfaceMtu: 9000,
      options: { linkLocalSignaling: true, opaque: true },
      flags: { outOfBandResynchronization: true, init: true, more: true, master: true },
      ddSequenceNumber: 0xffff_ffff,
      lsaHeaders: headers(),
    },
    { linkLocalSignaling: { tlvs: [{ type: 1, value: { lsdbResynchronization: true } }] } },
  ),
  packet(3, {
    requests: headers().map(({ lsType, linkStateId, advertisingRouter }) => ({
      lsType,
      linkStateId,
      advertisingRouter,
    })),
  }),
  packet(5, { lsaHeaders: headers() }),
  update([
    {
      lsType: 1,
      linkStateId: "192.0.2.1",
      body: {
        flags: {
          hostRouter: true,
          nssaTranslator: true,
          wildcardMulticastReceiver: true,
          virtualLinkEndpoint: true,
          asBoundaryRouter: true,
          areaBorderRouter: true,
        },
        links: [
          { linkId: "192.0.2.2", linkData: "0.0.0.3", type: 1, metric: 10 },
          {
            linkId: "192.0.2.9",
            linkData: "192.0.2.1",
            type: 2,
            metric: 0xffff,
            tosMetrics: [
              { tos: 8, tosMetric: 20 },
              { tos: 16, tosMetric: 0xfffe },
            ],
          },
          { linkId: "198.51.100.0", linkData: "255.255.255.0", type: 3 },
          { linkId: "192.0.2.4", linkData: "192.0.2.1", type: 4, metric: 1 },
        ],
      },
    },
    {
      lsType: 2,
      linkStateId: "192.0.2.9",
      body: { networkMask: "255.255.255.248", attachedRouters: ["192.0.2.1", "192.0.2.2", "192.0.2.3"] },
    },
  ]),
  update([
    {
      lsType: 3,
      linkStateId: "198.51.100.0",
      body: { networkMask: "255.255.255.0", metric: 30, tosMetrics: [{ tos: 4, tosMetric: 0xff_fffe }] },
    },
    { lsType: 3, linkStateId: "203.0.113.0", body: { networkMask: "255.255.255.128", metric: 0xff_ffff } },
    { lsType: 4, linkStateId: "192.0.2.66", body: { metric: 5 } },
  ]),
  update([
    {
      lsType: 5,
      linkStateId: "203.0.113.0",
      body: {
        networkMask: "255.255.255.0",
        externalMetric: 1,
        metric: 20,
        externalRouteTag: 0xc0ff_ee00,
        tosMetrics: [
          { externalMetric: 1, tos: 2, tosMetric: 7, forwardingAddress: "192.0.2.7", externalRouteTag: 1 },
          { tos: 30, tosMetric: 8 },
        ],
      },
    },
    {
      lsType: 7,
      options: { nssa: true },
      doNotAge: 1,
      lsAge: 3600,
      linkStateId: "0.0.0.0",
      body: { networkMask: "0.0.0.0", metric: 1, forwardingAddress: "192.0.2.1" },
    },
  ]),
  update([
    opaque(9, "3.0.0.0", [
      { type: 1, value: 120 },
      { type: 2, value: 1 },
      { type: 3, value: "192.0.2.1" },
    ]),
    opaque(10, "1.0.1.2", [
      { type: 1, value: "192.0.2.1" },
      {
        type: 2,
        value: [
          { type: 1, value: 2 },
          { type: 2, value: "192.0.2.9" },
          { type: 3, value: ["192.0.2.1", "192.0.2.5"] },
          { type: 4, value: ["192.0.2.2", "192.0.2.6"] },
          { type: 5, value: 1000 },
          { type: 6, value: 1.25e9 },
          { type: 7, value: 0 },
          { type: 8, value: [1, 2.5, 3e-9, 1e20, 5, 6, 7, 8] },
          { type: 9, value: 0x8000_0001 },
          { type: 11, value: { local: 3, remote: 4 } },
          { type: 16, value: [100, 200] },
        ],
      },
    ]),
    opaque(11, "4.0.0.0", [
      {
        type: 1,
        value: { flags: { gracefulRestart: true, stubRouter: true, other: 2 }, reserved: digest(3) },
      },
      { type: 7, value: "core-1" },
      { type: 8, value: [0, 1] },
    ]),
  ]),
  update([
    opaque(10, "1.0.0.1", [unknownTlv()]),
    opaque(10, "1.0.0.2", [{ type: 2, value: [unknownTlv(), { type: 1, value: 1 }] }]),
    opaque(10, "4.0.0.0", [unknownTlv(), { type: 2, value: digest(4) }]),
    opaque(9, "3.0.0.0", [unknownTlv(), { type: 1, value: 7 }]),
    { lsType: 11, linkStateId: "200.1.2.3", body: digest(12) },
  ]),
  update([
    { lsType: 6, linkStateId: "233.252.0.1", body: digest(8) },
    { lsType: 8, linkStateId: "192.0.2.8", body: digest(5) },
  ]),
  packet(6, digest(8)),
];

type GivenPacket = Given<(typeof Ospf)["fields"]>;
type Body = NonNullable<GivenPacket["body"]>;

function packet(type: number, body: Body, more: GivenPacket = {}): GivenPacket {
  return { type, routerId: "192.0.2.1", areaId: "0.0.0.1", body, ...more };
}

function hello(more: GivenPacket): GivenPacket {
  const options = { linkLocalSignaling: more.linkLocalSignaling !== undefined, externalRouting: true };
  return packet(1, { options, designatedRouter: "192.0.2.1", neighbors: ["192.0.2.2", "192.0.2.3"] }, more);
}

function update(lsas: readonly object[]): GivenPacket {
  return packet(4, { lsas: lsas.map((lsa) => ({ advertisingRouter: "192.0.2.1", ...lsa })) });
}

function opaque(lsType: number, linkStateId: string, tlvs: readonly object[]): object {
  return { lsType, linkStateId, options: { opaque: true }, body: { tlvs } };
}

/** One header of each type. */
function headers(): LsaHeader[] {
  const ids = ["1.0.2.3", "3.0.0.0", "4.0.0.1", "255.1.2.3"];
  const types = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
  return types.flatMap((lsType) =>
    ids.map((linkStateId): LsaHeader => {
      const bits = { multiTopology: true, nssa: true, down: true, opaque: false, other: 0 };
      return {
        doNotAge: 1,
        lsAge: 3599,
        options: {
          ...bits,
          externalRouting: false,
          multicast: true,
          demandCircuits: true,
          linkLocalSignaling: false,
        },
        lsType,
        linkStateId,
        advertisingRouter: "192.0.2.200",
        lsSequenceNumber: 0x7fff_ffff,
        lsChecksum: 0x1234,
        length: 36,
      };
    }),
  );
}

function unknownTlv(): { type: number; value: Uint8Array } {
  return { type: 4000, value: digest(8) };
}

function digest(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 0xa0 + i);
}
