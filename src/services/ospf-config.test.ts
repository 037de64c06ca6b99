import assert from "node:assert/strict";
import { test } from "node:test";
import { parseIpv4 } from "#base/ipv4.ts";
import { loadConfiguration } from "#config/load.ts";
import { ConfigurationError } from "#config/problem.ts";
import { temporaryFolder } from "#config/temporary-folder.test.ts";
import type { InterfaceConfig, OspfConfig } from "#ospf/config.ts";
import { interfaceDefaults } from "#ospf/defaults.ts";
import { OSPF_SECRETS, ospfConfig, type OspfSection } from "#services/ospf-config.ts";
import { routerConfig } from "#services/ospf-router-config.ts";

const ip = (text: string): number => parseIpv4(text)!;

async function load(yaml: string) {
  await using folder = await temporaryFolder({ "a.yaml": yaml });
  const source = { path: "a.yaml", settings: [], folder: folder.path };
  return await loadConfiguration(source, { sections: { ospf: ospfConfig }, secrets: OSPF_SECRETS });
}

async function configOf(yaml: string): Promise<OspfConfig> {
  const { sections } = await load(yaml);
  return routerConfig(sections.get("ospf") as OspfSection, 1);
}

async function interfaceOf(yaml: string): Promise<InterfaceConfig> {
  return (await configOf(yaml)).areas[0]!.interfaces[0]!;
}

/** "line:column key: message; remedy" of each problem. */
async function problemsOf(yaml: string): Promise<string[]> {
  const error: unknown = await load(yaml).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ConfigurationError, `it was taken: ${yaml}`);
  return error.message.split("\n").map((line) => line.replace(/^.*a\.yaml:/, ""));
}

test("The example of the architecture is what the router gets.", async () => {
  const config = await configOf(`ospf:
  router-id: 192.0.2.1
  hello-interval: 10
  area 0:
    interface eth0: { type: point-to-point, cost: 10, authentication: { type: md5, key-id: 1, key: secret } }
    interface lo: {}
`);
  const authentication = { type: "cryptographic", keys: [{ id: 1, algorithm: "md5", secret: "secret" }] };
  assert.deepEqual(config.areas, [
    {
      areaId: 0,
      interfaces: [
        { ...interfaceDefaults("eth0"), type: "point-to-point", cost: 10, authentication },
        interfaceDefaults("lo"),
      ],
    },
  ]);
});

test("What is said for the router holds for an area, and that for its interfaces; the nearest counts.", async () => {
  const config = await configOf(`ospf:
  cost: 3
  hello-interval: 1
  retransmit-interval: 2
  authentication: { type: simple, key: one }
  area 0.0.0.7:
    cost: 5
    dead-interval: 9
    interface a: {}
    interface b: { cost: 7, hello-interval: 4, authentication: { type: "null" } }
    interface c: { bandwidth: 10 }
`);
  const found = config.areas[0]!.interfaces.map((each) => {
    const { cost, helloInterval, deadInterval, retransmitInterval, authentication } = each;
    return [cost, helloInterval, deadInterval, retransmitInterval, authentication.type];
  });
  assert.equal(config.areas[0]!.areaId, 7);
  assert.deepEqual(found, [
    [5, 1, 9, 2, "simple"],
    [7, 4, 9, 2, "null"],
    [10, 1, 9, 2, "simple"],
  ]);
  assert.equal(
    (await interfaceOf("ospf: { hello-interval: 3, area 0: { interface a: {} } }")).deadInterval,
    12,
  );
});

test("Without anything said an interface has the defaults of the router.", async () => {
  assert.deepEqual(await interfaceOf("ospf: { area 0: { interface eth0: {} } }"), interfaceDefaults("eth0"));
});

test("Neighbors, keys and timers become what the router knows.", async () => {
  const config = await configOf(`ospf:
  max-metric: true
  maximum-paths: 4
  timers: { spf-initial-delay: 7, lsa-hold: 2000 }
  redistribute: { connected: { filter: ["permit 10.0.0.0/8 le 24"] } }
  area 0:
    interface t0:
      type: non-broadcast
      neighbors: [{ address: 10.0.0.2, priority: 3 }, { address: 10.0.0.3 }]
      authentication: { type: hmac-sha-256, key-id: 7, key: new, also: [{ type: md5, key: old }] }
`);
  const { neighbors, authentication } = config.areas[0]!.interfaces[0]!;
  assert.deepEqual(neighbors, [
    { address: ip("10.0.0.2"), priority: 3 },
    { address: ip("10.0.0.3"), priority: 1 },
  ]);
  assert.deepEqual(authentication, {
    type: "cryptographic",
    keys: [
      { id: 7, algorithm: "sha256", secret: "new" },
      { id: 1, algorithm: "md5", secret: "old" },
    ],
  });
  assert.equal(config.timers.spf.initialDelayMs, 7);
  assert.equal(config.timers.lsaHoldMs, 2_000);
  assert.deepEqual([config.maxMetric, config.maximumPaths, config.isAsBoundary], [true, 4, true]);
});

test("Unknown keys are named where they stand, with the key that was probably meant.", async () => {
  assert.deepEqual(
    await problemsOf(`ospf:
  hello-intervall: 10
  area 0:
    dead-intervall: 3
    interface eth0: { priorty: 2 }
    eth1: { cost: 10 }
    interface: {}
  aera 1: {}
  area x: {}
  area 99999999999: {}
`),
    [
      "2:3: ospf.hello-intervall: is not a known key; did you mean hello-interval?",
      "4:5: ospf.area 0.dead-intervall: is not a known key; did you mean dead-interval?",
      "5:23: ospf.area 0.interface eth0.priorty: is not a known key; did you mean priority?",
      `6:5: ospf.area 0.eth1: is not a known key; write one such as "interface eth0"; also known are authentication, cost, dead-interval, hello-interval, retransmit-interval and transmit-delay`,
      `7:5: ospf.area 0.interface: is not a known key; write it as "interface eth0"`,
      `8:3: ospf.aera 1: is not a known key; write it as "area 0"`,
      `9:3: ospf.area x: is not a known key; write it as "area 0"`,
      `10:3: ospf.area 99999999999: is not a known key; write it as "area 0"`,
    ],
  );
});

const area = (text: string): string => `ospf: { area 0: { ${text} } }`;
const eth0 = (text: string): string => area(`interface eth0: { ${text} }`);
const router = (text: string): string => `ospf: { ${text} }`;

const REFUSED: readonly (readonly [yaml: string, message: RegExp])[] = [
  [eth0("cost: 0"), /interface eth0\.cost: must be from 1 to 65535/],
  [eth0("cost: 65536"), /must be from 1 to 65535/],
  [area("cost: 0"), /area 0\.cost: must be from 1 to 65535/],
  [router("hello-interval: 0"), /ospf\.hello-interval: must be from 1 to 65535 s/],
  [router("dead-interval: 65536"), /must be from 1 to 65535 s/],
  [router("retransmit-interval: 0"), /must be from 1 to 3600 s/],
  [router("transmit-delay: 3601"), /must be from 1 to 3600 s/],
  [eth0("poll-interval: 0"), /must be from 1 to 65535/],
  [eth0("priority: 256"), /must be from 0 to 255/],
  [eth0("priority: two"), /expected a number, got text|expected a whole number, got text/],
  [eth0("bandwidth: 0"), /must be from 1 to 4294967295/],
  [eth0("type: ptp"), /must be broadcast, point-to-point/],
  [eth0("neighbors: [{ address: eth1 }]"), /expected an IPv4 address/],
  [eth0("neighbors: [{ address: 10.0.0.1, priority: 256 }]"), /must be from 0 to 255/],
  [router("router-id: 1"), /ospf\.router-id: expected an IPv4 address; write one such as 192\.0\.2\.7/],
  [router("router-id: 0.0.0.0"), /0\.0\.0\.0 is no router id/],
  [router("reference-bandwidth: 0"), /must be from 1 to 4294967/],
  [router("maximum-paths: 65"), /must be from 1 to 64/],
  [router("maximum-lsas: 9"), /must be from 10 to 10000000/],
  [router("timers: { spf-hold-down: 60001 }"), /must be from 0 to 60000/],
  [router("redistribute: { static: { metric: 16777215 } }"), /must be from 0 to 16777214/],
  [router("redistribute: { static: { metric-type: 3 } }"), /must be 1 or 2/],
  [router("redistribute: { static: { tag: 4294967296 } }"), /must be from 0 to 4294967295/],
  [router('redistribute: { static: { filter: ["allow all"] } }'), /is no rule; write one such as/],
  [router("redistribute: { bgp: {} }"), /is not a known key/],
  [router("area 0: { interface a: {} }, area 1: { interface b: {} }"), /ospf\.area 1: is a second area/],
  [router("area 0: { interface a: {} }, area 0.0.0.0: {}"), /is the same area as "area 0"/],
  [router("area 0: 7"), /ospf\.area 0: expected a map, got a number/],
  [area("interface a/b: {}"), /is not a known key; write it as "interface eth0"/],
  [eth0("hello-interval: 10, dead-interval: 10"), /dead-interval: leaves no time for a Hello/],
  [
    router("hello-interval: 2, dead-interval: 9, area 0: { interface a: { hello-interval: 9 } }"),
    /hello-interval: leaves no time/,
  ],
];

for (const [yaml, message] of REFUSED)
  test(`It is refused with a reason and a remedy: ${yaml}`, async () => {
    const [problem, ...others] = await problemsOf(yaml);
    assert.match(problem!, message);
    assert.match(problem!, /^\d+:\d+: .+; .+/);
    assert.deepEqual(others, []);
  });

test("Authentication that does not fit together is refused, and no message shows a key.", async () => {
  for (const [text, message] of [
    ["{ type: md6, key: hidden77 }", /type: must be null, simple, md5, .*; did you mean md5\?/],
    ["{ type: simple, key: hidden777 }", /key: has more than 8 octets; shorten it/],
    ["{ type: simple, key: ぁぁぁ }", /has more than 8 octets/],
    ["{ type: simple, key: hidden77, key-id: 2 }", /key-id: is not a known key/],
    ["{ type: 'null', key: hidden77 }", /key: is not a known key/],
    ["{ type: md5 }", /key: is missing/],
    ["{ type: md5, key: '' }", /key: is empty; write a secret/],
    ["{ type: md5, key: 12345678 }", /key: expected text, got a number; write text, in quotes/],
    ["{ type: md5, key: hidden77, key-id: 256 }", /key-id: must be from 0 to 255/],
    ["{ key: hidden77 }", /type: is missing/],
    ["{ type: md5, key: hidden77, also: [{ type: simple, key: hidden77 }] }", /also\[0\]\.type: must be md5/],
    [
      "{ type: md5, key: hidden77, also: [{ type: md5, key: other }] }",
      /also\[0\]\.key-id: is 1, as that of another key/,
    ],
  ] as const) {
    const problems = await problemsOf(eth0(`authentication: ${text}`));
    assert.match(problems[0]!, message);
    assert.doesNotMatch(problems.join("\n"), /hidden77|12345678/);
  }
});

test("Keys are masked where the configuration is printed, at every place where they can stand.", async () => {
  const configuration = await load(`ospf:
  authentication: { type: md5, key: hidden1, also: [{ type: md5, key-id: 2, key: hidden2 }] }
  area 0:
    authentication: { type: simple, key: hidden3 }
    interface eth0: { authentication: { type: hmac-sha-1, key: hidden4, also: [{ type: md5, key-id: 2, key: hidden5 }] } }
`);
  const printed = configuration.print();
  assert.doesNotMatch(printed, /hidden/);
  assert.equal(printed.match(/key: "\*{8}"|key: '\*{8}'|key: \*{8}/g)?.length, 5, printed);
  assert.match(printed, /router-id|interface eth0/);
});

test("A key's times are moments with their zone.", async () => {
  const keyed = (times: string) =>
    `ospf:\n  area 0:\n    interface eth0: { authentication: { type: md5, key: secret, ${times} } }\n`;
  const { authentication } = await interfaceOf(
    keyed('send-from: "2026-12-01T01:00:00+01:00", accept-until: "2026-12-02T00:00:00Z"'),
  );
  const [sendFrom, acceptUntil] = [Date.UTC(2026, 11, 1) / 1_000, Date.UTC(2026, 11, 2) / 1_000];
  const key = { id: 1, algorithm: "md5", secret: "secret", sendFrom, acceptUntil };
  assert.deepEqual(authentication, { type: "cryptographic", keys: [key] });
  assert.deepEqual(await problemsOf(keyed('send-from: "2026-12-01 00:00"')), [
    "3:76: ospf.area 0.interface eth0.authentication.send-from: expected a time with its zone; write one such as 2026-12-01T00:00:00Z",
  ]);
});
