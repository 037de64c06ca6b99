import assert from "node:assert/strict";
import { test } from "node:test";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { LsaSchema, OspfInterfaceSchema, OspfNeighborSchema } from "#api/gen/parley/v1/ospf_pb.ts";
import type { Route } from "#api/gen/parley/v1/routes_pb.ts";
import { completeAt } from "#prompt/completion.ts";
import { execute } from "#prompt/session.ts";
import { timeAt } from "#prompt/testing/fake-client.ts";
import { fakePrompt } from "#prompt/testing/fake-prompt.ts";

// The layouts are those of FRR 8.4.4, so that who knows the one reads the other.

const NOW = 1_763_700_000_000;
const ago = (ms: number) => timeAt(NOW - ms);

type Prompt = ReturnType<typeof fakePrompt>;

async function outputOf(prompt: Prompt, line: string): Promise<string> {
  const { status, output, error } = await execute(prompt.tree, line);
  assert.equal(status, 0, error ?? "");
  return output.replaceAll(/[ ]+$/gm, "").replace(/\n+$/, "\n");
}

async function jsonOf(prompt: Prompt, line: string): Promise<unknown> {
  return JSON.parse(await outputOf(prompt, `${line} | json`)) as unknown;
}

function neighbor(
  routerId: string,
  place: string,
  role: string,
  more: MessageInitShape<typeof OspfNeighborSchema>,
): MessageInitShape<typeof OspfNeighborSchema> {
  const [name, address] = place.split(" ");
  return {
    routerId,
    address: address!,
    interface: name!,
    interfaceAddress: `${address!.split(".").slice(0, 3).join(".")}.1`,
    area: "0.0.0.0",
    priority: 1,
    state: "Full",
    role,
    since: ago(21_207),
    changes: 5,
    options: 2,
    designatedRouter: "0.0.0.0",
    backupDesignatedRouter: "0.0.0.0",
    ...more,
  };
}

function withNeighbors(): Prompt {
  const prompt = fakePrompt(NOW);
  const onE0 = { designatedRouter: "10.0.0.1", backupDesignatedRouter: "10.0.0.2" };
  prompt.node.ospf.neighbors = {
    neighbors: [
      neighbor("10.255.0.2", "e0 10.0.0.2", "Backup", {
        ...{ ...onE0, priority: 10, since: ago(18_133), deadInMs: 3_867, changes: 6 },
        ...{ lastReason: "it has nothing newer", requesting: true, ddSequence: 0x51d8560e },
      }),
      neighbor("10.255.0.5", "e0 10.0.0.5", "DROther", { ...onE0, since: ago(18_132), deadInMs: 3_999 }),
      neighbor("10.255.0.3", "p1 10.1.0.2", "-", { deadInMs: 3_925, retransmissions: 12, summaries: 345 }),
    ],
    mismatches: [
      {
        routerId: "10.255.0.9",
        address: "10.0.0.9",
        interface: "e0",
        interfaceAddress: "10.0.0.1",
        text: "hello interval 10 s, here 1 s",
        lastHeard: ago(500),
        count: 7,
      },
    ],
  };
  return prompt;
}

test("show ip ospf neighbor lists neighbors, and those whom a difference keeps from being one", async () => {
  const prompt = withNeighbors();
  assert.equal(
    await outputOf(prompt, "show ip ospf neighbor"),
    `
Neighbor ID     Pri State           Up Time         Dead Time Address         Interface                        RXmtL RqstL DBsmL
10.255.0.2       10 Full/Backup     18.133s            3.867s 10.0.0.2        e0:10.0.0.1                          0     0     0
10.255.0.5        1 Full/DROther    18.132s            3.999s 10.0.0.5        e0:10.0.0.1                          0     0     0
10.255.0.3        1 Full/-          21.207s            3.925s 10.1.0.2        p1:10.1.0.1                         12     0   345

Heard, but something differs:
Router ID       Address         Interface                Difference
10.255.0.9      10.0.0.9        e0:10.0.0.1              hello interval 10 s, here 1 s (7 packets, the last 0.500s ago)
`,
  );
  assert.equal(await outputOf(prompt, "show ip ospf neighbor | count"), "3\n");
  const json = (await jsonOf(prompt, "show ip ospf neighbor")) as {
    neighbors: Record<string, { nbrState: string; deadTime: string }[]>;
    mismatches: { text: string }[];
  };
  assert.deepEqual(Object.keys(json.neighbors), ["10.255.0.2", "10.255.0.5", "10.255.0.3"]);
  assert.equal(json.neighbors["10.255.0.2"]![0]!.nbrState, "Full/Backup");
  assert.equal(json.mismatches[0]!.text, "hello interval 10 s, here 1 s");
});

test("show ip ospf neighbor ID and detail tell all that is known", async () => {
  const prompt = withNeighbors();
  const expected = ` Neighbor 10.255.0.2, interface address 10.0.0.2
    In the area 0.0.0.0 via interface e0
    Neighbor priority is 10, State is Full/Backup, 6 state changes
    Most recent state change statistics:
      18.133s ago: it has nothing newer
    DR is 10.0.0.1, BDR is 10.0.0.2
    Options 2 *|-|-|-|-|-|E|-
    Dead timer due in 3.867s
    Database Summary List 0
    Link State Request List 0
    Link State Retransmission List 0
    This router is Slave, DD sequence number 0x51d8560e
    Thread Inactivity Timer on
    Thread Database Description Retransmision off
    Thread Link State Request Retransmission on
    Thread Link State Update Retransmission off
`;
  assert.equal(await outputOf(prompt, "show ip ospf neighbor 10.255.0.2"), expected);
  assert.equal(await outputOf(prompt, "show ip ospf nei 10.255.0.2 det"), expected);
  assert.match(await outputOf(prompt, "show ip ospf neighbor detail"), /Neighbor 10\.255\.0\.3/);
  assert.match(
    await outputOf(prompt, "show ip ospf neighbor 10.255.0.7"),
    /^No neighbor is 10\.255\.0\.7\.$/m,
  );
  // Also one that is only heard is found by its id.
  assert.match(await outputOf(prompt, "show ip ospf neighbor 10.255.0.9"), /hello interval 10 s, here 1 s/);
});

function withInterfaces(): Prompt {
  const prompt = fakePrompt(NOW);
  const shared: MessageInitShape<typeof OspfInterfaceSchema> = {
    ...{ running: true, mtu: 1_500, area: "0.0.0.0", transmitDelay: 1, priority: 1 },
    ...{ helloInterval: 1, deadInterval: 4, retransmitInterval: 5, authentication: "null" },
  };
  prompt.node.ospf.interfaces = {
    routerId: "10.255.0.1",
    interfaces: [
      {
        ...shared,
        ...{
          name: "e0",
          index: 2,
          flags: ["UP", "BROADCAST", "RUNNING", "MULTICAST"],
          cost: 5,
          priority: 50,
        },
        ...{ address: "10.0.0.1/24", broadcast: "10.0.0.255", networkType: "broadcast", state: "DR" },
        ...{ designatedRouter: "10.0.0.1", designatedRouterId: "10.255.0.1" },
        ...{ backupDesignatedRouter: "10.0.0.2", backupDesignatedRouterId: "10.255.0.2" },
        ...{ networkLsaSequence: 0x80000002, groups: ["224.0.0.5", "224.0.0.6"], helloInMs: 792 },
        ...{ neighbors: 2, adjacentNeighbors: 2 },
        traffic: {
          received: packets(46, 4, 2, 7, 13),
          sent: packets(23, 6, 2, 12, 3),
          dropped: [{ reason: "authentication", count: 12n }],
          unsent: [{ reason: "ENETDOWN", count: 1n }],
        },
      },
      {
        ...shared,
        ...{
          name: "lo",
          index: 1,
          mtu: 65_536,
          flags: ["UP", "LOOPBACK", "RUNNING"],
          address: "10.255.0.1/32",
        },
        ...{ broadcast: "10.255.0.1", networkType: "loopback", state: "Loopback", passive: true },
        ...{ helloInterval: 10, deadInterval: 40 },
      },
      {
        ...shared,
        ...{ name: "p1", index: 3, flags: ["UP"], address: "10.1.0.1/30", broadcast: "10.1.0.3", cost: 10 },
        ...{ networkType: "point-to-point", state: "Point-to-Point", groups: ["224.0.0.5"], helloInMs: 805 },
        ...{ neighbors: 1, adjacentNeighbors: 1, authentication: "cryptographic" },
        keys: [
          { id: 1, algorithm: "md5" },
          { id: 2, algorithm: "hmac-sha-256" },
        ],
      },
    ],
  };
  return prompt;
}

function packets(hello: number, description: number, request: number, update: number, ack: number) {
  return {
    hello: BigInt(hello),
    databaseDescription: BigInt(description),
    linkStateRequest: BigInt(request),
    linkStateUpdate: BigInt(update),
    linkStateAcknowledgment: BigInt(ack),
  };
}

test("show ip ospf interface tells each interface in the known words", async () => {
  const prompt = withInterfaces();
  assert.equal(
    await outputOf(prompt, "show ip ospf interface"),
    `e0 is up
  ifindex 2, MTU 1500 bytes <UP,BROADCAST,RUNNING,MULTICAST>
  Internet Address 10.0.0.1/24, Broadcast 10.0.0.255, Area 0.0.0.0
  MTU mismatch detection: enabled
  Router ID 10.255.0.1, Network Type BROADCAST, Cost: 5
  Transmit Delay is 1 sec, State DR, Priority 50
  Designated Router (ID) 10.255.0.1 Interface Address 10.0.0.1/24
  Backup Designated Router (ID) 10.255.0.2, Interface Address 10.0.0.2
  Saved Network-LSA sequence number 0x80000002
  Multicast group memberships: OSPFAllRouters OSPFDesignatedRouters
  Timer intervals configured, Hello 1s, Dead 4s, Wait 4s, Retransmit 5
    Hello due in 0.792s
  Neighbor Count is 2, Adjacent neighbor count is 2
lo is up
  ifindex 1, MTU 65536 bytes <UP,LOOPBACK,RUNNING>
  Internet Address 10.255.0.1/32, Broadcast 10.255.0.1, Area 0.0.0.0
  MTU mismatch detection: enabled
  Router ID 10.255.0.1, Network Type LOOPBACK, Cost: 0
  Transmit Delay is 1 sec, State Loopback, Priority 1
  No backup designated router on this network
  Multicast group memberships: <None>
  Timer intervals configured, Hello 10s, Dead 40s, Wait 40s, Retransmit 5
    No Hellos (Passive interface)
  Neighbor Count is 0, Adjacent neighbor count is 0
p1 is up
  ifindex 3, MTU 1500 bytes <UP>
  Internet Address 10.1.0.1/30, Broadcast 10.1.0.3, Area 0.0.0.0
  MTU mismatch detection: enabled
  Router ID 10.255.0.1, Network Type POINTOPOINT, Cost: 10
  Transmit Delay is 1 sec, State Point-To-Point, Priority 1
  No backup designated router on this network
  Multicast group memberships: OSPFAllRouters
  Timer intervals configured, Hello 1s, Dead 4s, Wait 4s, Retransmit 5
    Hello due in 0.805s
  Neighbor Count is 1, Adjacent neighbor count is 1
  Cryptographic authentication enabled
  Algorithm:MD5, key 1
  Also taken: HMAC-SHA-256, key 2
`,
  );
  assert.match(await outputOf(prompt, "show ip ospf interface p1"), /^p1 is up\n/);
  assert.equal(await outputOf(prompt, "show ip ospf interface x9"), "OSPF has no interface x9.\n");
  const json = (await jsonOf(prompt, "show ip ospf interface e0")) as { interfaces: Record<string, object> };
  const { e0 } = json.interfaces as { e0: Record<string, unknown> };
  assert.deepEqual([e0["state"], e0["networkType"], e0["drId"]], ["DR", "BROADCAST", "10.255.0.1"]);
});

test("show ip ospf interface traffic counts packets by type, and tells why some did not count", async () => {
  const prompt = withInterfaces();
  assert.equal(
    await outputOf(prompt, "show ip ospf interface traffic"),
    `
Interface       HELLO            DB-Desc         LS-Req           LS-Update        LS-Ack            Packets
                Rx/Tx            Rx/Tx            Rx/Tx            Rx/Tx            Rx/Tx            Queued
-------------------------------------------------------------------------------------------------------------
e0               46/23             4/6             2/2             7/12           13/3                  0
lo                0/0              0/0             0/0             0/0             0/0                  0
p1                0/0              0/0             0/0             0/0             0/0                  0

Interface       Packets    Reason
e0              12         not taken: authentication
e0              1          not sent: ENETDOWN
`,
  );
  assert.doesNotMatch(await outputOf(prompt, "show ip ospf interface lo traffic"), /Reason|e0/);
  const json = (await jsonOf(prompt, "show ip ospf interface e0 traffic")) as Record<string, object>;
  assert.deepEqual((json["e0"] as { dropped: object }).dropped, { authentication: 12 });
});

const LSA: MessageInitShape<typeof LsaSchema> = { area: "0.0.0.0", options: 2, received: true };
const SELF = { received: false, selfOriginated: true };
const DATABASE: MessageInitShape<typeof LsaSchema>[] = [
  {
    ...{ ...LSA, ...SELF, type: 1, linkStateId: "10.255.0.1", advertisingRouter: "10.255.0.1" },
    ...{ age: 18, sequence: 0x80000007, checksum: 0x37c7, length: 48 },
    body: {
      case: "router",
      value: {
        ...{ border: true, asBoundary: true },
        links: [
          { type: 2, id: "10.0.0.1", data: "10.0.0.1", metric: 5 },
          { type: 3, id: "10.255.0.1", data: "255.255.255.255", metric: 0 },
        ],
      },
    },
  },
  {
    ...{ ...LSA, options: 0x42, type: 1, linkStateId: "10.255.0.5", advertisingRouter: "10.255.0.5" },
    ...{ age: 16, sequence: 0x80000002, checksum: 0x1699, length: 36 },
    body: {
      case: "router",
      value: { links: [{ type: 1, id: "10.255.0.1", data: "10.1.0.2", metric: 10 }] },
    },
  },
  {
    ...{ ...LSA, ...SELF, type: 2, linkStateId: "10.0.0.1", advertisingRouter: "10.255.0.1" },
    ...{ age: 18, sequence: 0x80000002, checksum: 0x66b2, length: 32 },
    body: { case: "network", value: { prefixLength: 24, attachedRouters: ["10.255.0.1", "10.255.0.2"] } },
  },
  {
    ...{ ...LSA, type: 3, linkStateId: "10.1.0.0", advertisingRouter: "10.255.0.3" },
    ...{ age: 22, sequence: 0x80000001, checksum: 0xce71, length: 28 },
    body: { case: "summary", value: { prefixLength: 30, metric: 10 } },
  },
  {
    ...{ ...LSA, type: 10, linkStateId: "4.0.0.0", advertisingRouter: "10.255.0.5", options: 0x42 },
    ...{ age: 5, sequence: 0x80000001, checksum: 0x37b9, length: 28 },
    body: {
      case: "opaque",
      value: { opaqueType: 4, opaqueId: 0, data: Uint8Array.of(0, 1, 0, 4, 16, 0, 0, 0) },
    },
  },
  {
    ...{ ...LSA, area: "", type: 5, linkStateId: "198.51.100.255", advertisingRouter: "10.255.0.5" },
    ...{ age: 22, sequence: 0x80000001, checksum: 0x9c91, length: 36 },
    body: {
      case: "external",
      value: { prefixLength: 24, metricType: 2, metric: 10_000, forwardingAddress: "0.0.0.0", tag: 16 },
    },
  },
];

function withDatabase(): Prompt {
  const prompt = fakePrompt(NOW);
  // In two portions, as a large one comes.
  prompt.node.ospf.database = [
    { routerId: "10.255.0.1", areas: ["0.0.0.0"], lsas: DATABASE.slice(0, 2) },
    { routerId: "10.255.0.1", lsas: DATABASE.slice(2) },
  ];
  return prompt;
}

test("show ip ospf database lists LSAs by area and type", async () => {
  const prompt = withDatabase();
  assert.equal(
    await outputOf(prompt, "show ip ospf database"),
    `
       OSPF Router with ID (10.255.0.1)

                Router Link States (Area 0.0.0.0)

Link ID         ADV Router      Age  Seq#       CkSum  Link count
10.255.0.1     10.255.0.1        18 0x80000007 0x37c7 2
10.255.0.5     10.255.0.5        16 0x80000002 0x1699 1

                Net Link States (Area 0.0.0.0)

Link ID         ADV Router      Age  Seq#       CkSum
10.0.0.1       10.255.0.1        18 0x80000002 0x66b2

                Summary Link States (Area 0.0.0.0)

Link ID         ADV Router      Age  Seq#       CkSum  Route
10.1.0.0       10.255.0.3        22 0x80000001 0xce71 10.1.0.0/30

                Area-Local Opaque-LSA (Area 0.0.0.0)

Opaque-Type/Id  ADV Router      Age  Seq#       CkSum
4.0.0.0        10.255.0.5         5 0x80000001 0x37b9

                AS External Link States

Link ID         ADV Router      Age  Seq#       CkSum  Route
198.51.100.255 10.255.0.5        22 0x80000001 0x9c91 E2 198.51.100.0/24 [0x10]
`,
  );
  assert.equal(await outputOf(prompt, "show ip ospf database | count"), "6\n");
  const json = (await jsonOf(prompt, "show ip ospf database")) as Record<string, unknown>;
  assert.equal(json["asExternalLinkStatesCount"], 1);
});

test("show ip ospf database TYPE tells all that LSAs say", async () => {
  const prompt = withDatabase();
  assert.equal(
    await outputOf(prompt, "show ip ospf database router"),
    `
       OSPF Router with ID (10.255.0.1)


                Router Link States (Area 0.0.0.0)

  LS age: 18
  Options: 0x2  : *|-|-|-|-|-|E|-
  LS Flags: 0x3
  Flags: 0x3 : ABR ASBR
  LS Type: router-LSA
  Link State ID: 10.255.0.1
  Advertising Router: 10.255.0.1
  LS Seq Number: 80000007
  Checksum: 0x37c7
  Length: 48

   Number of Links: 2

    Link connected to: a Transit Network
     (Link ID) Designated Router address: 10.0.0.1
     (Link Data) Router Interface address: 10.0.0.1
      Number of TOS metrics: 0
       TOS 0 Metric: 5

    Link connected to: Stub Network
     (Link ID) Net: 10.255.0.1
     (Link Data) Network Mask: 255.255.255.255
      Number of TOS metrics: 0
       TOS 0 Metric: 0


  LS age: 16
  Options: 0x42 : *|O|-|-|-|-|E|-
  LS Flags: 0x6
  Flags: 0x0
  LS Type: router-LSA
  Link State ID: 10.255.0.5
  Advertising Router: 10.255.0.5
  LS Seq Number: 80000002
  Checksum: 0x1699
  Length: 36

   Number of Links: 1

    Link connected to: another Router (point-to-point)
     (Link ID) Neighboring Router ID: 10.255.0.1
     (Link Data) Router Interface address: 10.1.0.2
      Number of TOS metrics: 0
       TOS 0 Metric: 10
`,
  );
  assert.match(
    await outputOf(prompt, "show ip ospf database external"),
    /^\n {7}OSPF Router with ID \(10\.255\.0\.1\)\n\n {16}AS External Link States\n\n {2}LS age: 22\n(.*\n){8}\n {2}Network Mask: \/24\n {8}Metric Type: 2 \(Larger than any link state path\)\n {8}TOS: 0\n {8}Metric: 10000\n {8}Forward Address: 0\.0\.0\.0\n {8}External Route Tag: 16\n$/,
  );
  assert.match(
    await outputOf(prompt, "show ip ospf database network"),
    /Length: 32\n\n {2}Network Mask: \/24\n {8}Attached Router: 10\.255\.0\.1\n\n {8}Attached Router: 10\.255\.0\.2\n$/,
  );
  assert.match(await outputOf(prompt, "show ip ospf database summary"), /\/30\n {8}TOS: 0 {2}Metric: 10\n$/);
  assert.match(
    await outputOf(prompt, "show ip ospf database opaque-area"),
    /Opaque-Type 4 \(Router Information LSA\)\n {2}Opaque-ID {3}0x0\n {2}Opaque-Info: 8 octets of data\n {4}00 01 00 04 10 00 00 00\n$/,
  );
  assert.match(await outputOf(prompt, "show ip ospf database asbr-summary"), /ASBR-Summary Link States/);
});

test("the words behind the type choose among its LSAs", async () => {
  const prompt = withDatabase();
  for (const line of [
    "router 10.255.0.1",
    "external self-originate",
    "external 198.51.100.255 adv-router 10.255.0.5",
    "net 10.0.0.1 self",
    "opaque-as adv-router 10.255.0.5",
    "self-originate",
    "adv-router 10.255.0.5",
  ])
    await outputOf(prompt, `show ip ospf database ${line}`);
  assert.deepEqual(prompt.node.ospf.asked, [
    "database 1 10.255.0.1 false ",
    "database 5  true ",
    "database 5 198.51.100.255 false 10.255.0.5",
    "database 2 10.0.0.1 true ",
    "database 11  false 10.255.0.5",
    "database 0  true ",
    "database 0  false 10.255.0.5",
  ]);
});

const via = (gateway: string, name: string) => ({ gateway, interface: name });

function withRoutes(): Prompt {
  const prompt = fakePrompt(NOW);
  const [direct, route] = [
    { pathType: "intra-area", area: "0.0.0.0" },
    { nextHops: [via("10.0.0.2", "e0")] },
  ];
  prompt.node.ospf.routes = [
    {
      routes: [
        { prefix: "0.0.0.0/0", pathType: "external-2", cost: 5, type2Cost: 7, ...route },
        { prefix: "10.0.0.0/24", ...direct, cost: 5, nextHops: [via("", "e0")] },
      ],
    },
    {
      routes: [
        {
          prefix: "10.255.0.2/32",
          ...direct,
          cost: 5,
          nextHops: [via("10.0.0.2", "e0"), via("10.1.0.2", "p1")],
        },
        { prefix: "10.9.0.0/16", ...direct, pathType: "inter-area", cost: 25, ...route },
        { prefix: "192.0.2.0/24", pathType: "external-1", cost: 38, tag: 9, ...route },
      ],
    },
  ];
  const router = { area: "0.0.0.0", pathType: "intra-area", asBoundaryRouter: true, ...route };
  prompt.node.ospf.borderRouters = {
    routers: [{ ...router, routerId: "10.255.0.2", cost: 5, areaBorderRouter: true }],
  };
  return prompt;
}

const ROUTERS = `============ OSPF router routing table =============
R    10.255.0.2            [5] area: 0.0.0.0, ABR, ASBR
                           via 10.0.0.2, e0
`;

test("show ip ospf route and border-routers are the tables of the router", async () => {
  const prompt = withRoutes();
  assert.equal(
    await outputOf(prompt, "show ip ospf route"),
    `============ OSPF network routing table ============
N    10.0.0.0/24           [5] area: 0.0.0.0
                           directly attached to e0
N    10.255.0.2/32         [5] area: 0.0.0.0
                           via 10.0.0.2, e0
                           via 10.1.0.2, p1
N IA 10.9.0.0/16           [25] area: 0.0.0.0
                           via 10.0.0.2, e0

${ROUTERS}
============ OSPF external routing table ===========
N E2 0.0.0.0/0             [5/7] tag: 0
                           via 10.0.0.2, e0
N E1 192.0.2.0/24          [38] tag: 9
                           via 10.0.0.2, e0
`,
  );
  assert.equal(await outputOf(prompt, "show ip ospf border-routers"), ROUTERS);
  const json = (await jsonOf(prompt, "show ip ospf route")) as Record<string, unknown>;
  assert.deepEqual(json["192.0.2.0/24"], {
    routeType: "N E1",
    cost: 38,
    tag: 9,
    nexthops: [{ ip: "10.0.0.2", via: "e0" }],
  });
});

test("show ip ospf tells the router as a whole", async () => {
  const prompt = fakePrompt(NOW);
  prompt.node.ospf.router = {
    ...{ routerId: "10.255.0.1", asBoundaryRouter: true, opaque: true, lsaHoldMs: 1_050, lsas: 4, routes: 7 },
    ...{ lsaLongestHoldMs: 5_000, lsaArrivalMs: 1_000, maximumPaths: 16, maximumLsas: 200_000 },
    spf: {
      state: "QUIET",
      initialDelayMs: 5,
      holdDownMs: 4_000,
      lastRun: ago(13_129),
      lastDurationMs: 0.3417,
      fullRuns: 10n,
    },
    asCounts: [{ type: 5, count: 1, checksumSum: 0x2c93an }],
    areas: [
      {
        ...{ area: "0.0.0.0", interfaces: 2, activeInterfaces: 2, fullNeighbors: 2 },
        counts: [{ type: 1, count: 3, checksumSum: 0xf4b2n }],
      },
    ],
  };
  const text = await outputOf(prompt, "show ip ospf");
  for (const line of [
    " OSPF Routing Process, Router ID: 10.255.0.1",
    " OpaqueCapability flag is enabled",
    " SPF algorithm last executed 13.129s ago",
    " Last SPF duration 0.342 millisec(s)",
    " SPF timer is inactive",
    " Number of LSA 4, of at most 200000. Number of routes 7",
    " This router is an ASBR (injecting external routing information)",
    " Number of external LSA 1. Checksum Sum 0x0002c93a",
    " Area ID: 0.0.0.0 (Backbone)",
    "   Number of interfaces in this area: Total: 2, Active: 2",
    "   Number of router LSA 3. Checksum Sum 0x0000f4b2",
    "   Number of opaque area LSA 0. Checksum Sum 0x00000000",
  ])
    assert.ok(text.split("\n").includes(line), `${line}\n--\n${text}`);
  const json = (await jsonOf(prompt, "show ip ospf")) as Record<string, unknown>;
  assert.deepEqual([json["spfLastExecutedMsecs"], json["lsaExternalChecksum"]], [13_129, 0x2c93a]);
});

test("show ip route ADDRESS explain tells OSPF's reasons, and what the routing table makes of them", async () => {
  const prompt = fakePrompt(NOW);
  prompt.node.ospf.explanation = {
    route: { prefix: "10.1.0.0/24", pathType: "intra-area", area: "0.0.0.0", cost: 20 },
    candidates: [{ lsa: { type: "router", linkStateId: "10.255.0.2" }, verdict: "used", cost: 20 }],
    lines: ["10.1.0.7 is in 10.1.0.0/24: intra-area of area 0.0.0.0, cost 20"],
  };
  const route = (prefix: string, source: number, distance: number, more: Partial<Route> = {}) =>
    ({
      prefix,
      source,
      distance,
      metric: 0,
      selected: false,
      installed: false,
      refusal: "",
      ...more,
    }) as Route;
  const used = { selected: true, installed: true };
  prompt.node.routes = [route("10.1.0.0/24", 4, 110, used)];
  const explain = () => outputOf(prompt, "show ip route 10.1.0.7 explain");
  const lines = "10.1.0.7 is in 10.1.0.0/24: intra-area of area 0.0.0.0, cost 20\n";
  assert.equal(await explain(), `${lines}In use: the ospf route 10.1.0.0/24, packets go by it.\n`);
  prompt.node.routes = [route("10.1.0.0/24", 3, 1, used), route("10.1.0.0/24", 4, 110)];
  assert.match(await explain(), /In use: the static route .*\n {2}its distance 1 is less than OSPF's 110\n$/);
  prompt.node.routes = [route("10.1.0.0/25", 1, 0, used), route("10.1.0.0/24", 4, 110)];
  assert.match(await explain(), /connected route 10\.1\.0\.0\/25.*\n {2}its prefix is longer than OSPF's 10/);
  prompt.node.routes = [];
  assert.match(await explain(), /In the routing table no route leads there\.\n$/);
  const json = (await jsonOf(prompt, "show ip route 10.1.0.0/24 explain")) as Record<string, unknown>;
  assert.equal(json["address"], "10.1.0.0");
  assert.deepEqual((json["candidates"] as { verdict: string }[])[0]!.verdict, "used");
});

test("clear ip ospf asks for it, and tells what was done", async () => {
  const prompt = withNeighbors();
  assert.equal(await outputOf(prompt, "clear ip ospf neighbor"), "cleared 2 neighbors\n");
  await outputOf(prompt, "clear ip ospf neighbor 10.255.0.2");
  assert.equal(await outputOf(prompt, "clear ip ospf process"), "the OSPF process begins anew\n");
  assert.deepEqual(prompt.node.ospf.asked, [
    "clear neighbors",
    "clear neighbors 10.255.0.2",
    "clear process",
  ]);
});

test("router ids and interfaces complete with what there is", async () => {
  const prompt = withNeighbors();
  prompt.node.ospf.interfaces = withInterfaces().node.ospf.interfaces;
  prompt.node.ospf.database = withDatabase().node.ospf.database;
  const textsAt = async (line: string) => {
    const { text, entries } = await completeAt(prompt.tree, line);
    return entries.length === 0 ? text : entries.map((each) => each.text);
  };
  assert.deepEqual(await textsAt("show ip ospf neighbor 10.255.0."), [
    "10.255.0.2",
    "10.255.0.5",
    "10.255.0.3",
  ]);
  assert.deepEqual(await textsAt("show ip ospf interface p"), "p1 ");
  assert.deepEqual(await textsAt("show ip ospf database adv-router 10.255.0.5"), "10.255.0.5 ");
  assert.deepEqual(await textsAt("show ip ospf database opaque-"), [
    "opaque-area",
    "opaque-as",
    "opaque-link",
  ]);
});
