import { describe } from "node:test";
import { labTest, type OspfLab } from "./ospf-lab.ts";

type Kind = "frr" | "bird";
const P = "192.0.2.1";
const Q = "192.0.2.2";

interface Scene {
  readonly parley: string;
  readonly frr: string;
  readonly bird: string;
  readonly limitMs?: number;
}

const FAST = "hello-interval: 1\ndead-interval: 4";

/** Two routers on one wire, 10.0.0.1 and 10.0.0.2; both kernels get the other's loopback. */
async function pair(lab: OspfLab, kind: Kind, scene: Scene): Promise<void> {
  await lab.parley("p", P, `${FAST}\narea 0:\n  interface e0: ${scene.parley}\n  interface lo: {}`);
  if (kind === "frr") await lab.frr("q", Q, frrConfig(scene.frr));
  else await lab.bird("q", Q, birdConfig(scene.bird));
  await lab.network.addWire("w", [
    { node: "p", interface: "e0", address: "10.0.0.1/24" },
    { node: "q", interface: "e0", address: "10.0.0.2/24" },
  ]);
  await lab.start();
  await lab.expectRoutes("p", [`${Q} via 10.0.0.2`], scene.limitMs);
  await lab.expectRoutes("q", [`${P} via 10.0.0.1`], scene.limitMs);
}

function frrConfig(lines: string): string {
  return `interface e0
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ${lines.replaceAll("; ", "\n ")}
router ospf
 ospf router-id ${Q}
 network 10.0.0.0/8 area 0
 network ${Q}/32 area 0
`;
}

function birdConfig(lines: string): string {
  return `protocol ospf v2 o1 {
  ipv4 { import all; export none; };
  area 0 { interface "e0" { hello 1; dead 4; ${lines} }; interface "lo" { stub; }; };
}
`;
}

const SCENES: Readonly<Record<string, Scene>> = {
  "point-to-point": {
    parley: "{ type: point-to-point }",
    frr: "ip ospf network point-to-point",
    bird: "type ptp;",
  },
  "broadcast, Parley leads": {
    parley: "{ type: broadcast, priority: 9 }",
    frr: "ip ospf priority 1",
    bird: "type bcast; priority 1;",
  },
  "broadcast, the peer leads": {
    parley: "{ type: broadcast, priority: 1 }",
    frr: "ip ospf priority 9",
    bird: "type bcast; priority 9;",
  },
  "broadcast, Parley never leads": {
    parley: "{ type: broadcast, priority: 0 }",
    frr: "ip ospf priority 1",
    bird: "type bcast; priority 1;",
  },
  "simple password": {
    parley: "{ type: point-to-point, authentication: { type: simple, key: pl41n } }",
    frr: "ip ospf network point-to-point; ip ospf authentication; ip ospf authentication-key pl41n",
    bird: 'type ptp; authentication simple; password "pl41n";',
  },
  MD5: {
    parley: "{ type: point-to-point, authentication: { type: md5, key-id: 7, key: s3cretKEY } }",
    frr: "ip ospf network point-to-point; ip ospf authentication message-digest; ip ospf message-digest-key 7 md5 s3cretKEY",
    bird: 'type ptp; authentication cryptographic; password "s3cretKEY" { id 7; algorithm keyed md5; };',
  },
};

// They mostly wait for dead intervals.
describe("two routers", { concurrency: 6 }, () => {
  for (const kind of ["frr", "bird"] as const)
    for (const [name, scene] of Object.entries(SCENES))
      labTest(`${kind}: ${name}`, [kind], (lab) => pair(lab, kind, scene));

  for (const bits of [1, 256, 384, 512]) {
    const algorithm = bits === 1 ? "sha1" : `sha${bits}`;
    labTest(`bird: HMAC-SHA-${bits}`, ["bird"], (lab) =>
      pair(lab, "bird", {
        parley: `{ type: point-to-point, authentication: { type: hmac-sha-${bits}, key-id: 9, key: s3cretKEY } }`,
        frr: "",
        bird: `type ptp; authentication cryptographic; password "s3cretKEY" { id 9; algorithm hmac ${algorithm}; };`,
      }),
    );
  }

  labTest("frr: NBMA", ["frr"], async (lab) => {
    await pair(lab, "frr", {
      parley: "{ type: non-broadcast, poll-interval: 2, neighbors: [{ address: 10.0.0.2 }] }",
      frr: "ip ospf network non-broadcast",
      bird: "",
      limitMs: 30_000,
    });
  });

  labTest("bird: NBMA", ["bird"], (lab) =>
    pair(lab, "bird", {
      parley: "{ type: non-broadcast, poll-interval: 2, neighbors: [{ address: 10.0.0.2 }] }",
      frr: "",
      bird: "type nbma; poll 2; neighbors { 10.0.0.1 eligible; };",
      limitMs: 30_000,
    }),
  );
});
