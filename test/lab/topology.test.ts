import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import { explain, OperatorError } from "#base/operator-error.ts";
import { birdConfiguration, frrConfiguration, parleyConfiguration } from "#lab/configurations.ts";
import { readTopology, type Topology } from "#lab/topology.ts";
import { ROOT } from "./helpers.ts";

suite("A lab file with links", () => {
  test("gets names and addresses for all that it leaves out.", async () => {
    const { network, prompt, name } = await read(`
name: tri
nodes: { f: { kind: frr }, a: { stub-networks: [198.51.100.0/24] }, b: { loopback: 192.0.2.1 } }
links:
  - { ends: [f, a] }
  - { ends: [a, b], network: 10.0.2.0/24, cost: 7, mtu: 1400 }
  - { ends: [b, a] }
  - { ends: [f, a, { node: b, cost: 3, priority: 0, address: 10.0.4.9 }], network: 10.0.4.0/28 }
`);
    assert.deepEqual([name, prompt], ["tri", "a"]);
    assert.deepEqual(
      network!.nodes.map((node) => [
        node.name,
        node.routerId,
        node.loopback,
        node.helloInterval,
        node.deadInterval,
      ]),
      [
        ["f", "192.0.2.2", "192.0.2.2", 10, 40],
        ["a", "192.0.2.3", "192.0.2.3", 10, 40],
        ["b", "192.0.2.1", "192.0.2.1", 10, 40],
      ],
    );
    assert.deepEqual(
      network!.links.map((link) => [
        link.name,
        link.network,
        ...link.ends.map((end) => `${end.interface} ${end.address}`),
      ]),
      [
        ["f-a", "10.0.1.0/30", "to-a 10.0.1.1/30", "to-f 10.0.1.2/30"],
        ["a-b", "10.0.2.0/24", "to-b 10.0.2.1/24", "to-a 10.0.2.2/24"],
        ["b-a", "10.0.3.0/30", "e0 10.0.3.1/30", "e0 10.0.3.2/30"],
        ["lan1", "10.0.4.0/28", "lan1 10.0.4.1/28", "lan1 10.0.4.2/28", "lan1 10.0.4.9/28"],
        ["a stub0", "198.51.100.0/24", "stub0 198.51.100.1/24"],
      ],
    );
    const last = network!.nodes[2]!.interfaces.at(-1)!;
    assert.deepEqual([last.type, last.cost, last.priority], ["broadcast", 3, 0]);
    assert.equal(network!.links[1]!.mtu, 1400);
  });

  test("without a name has that of its folder; nodes may be a list of names.", async () => {
    const topology = await readTopology(join(ROOT, "examples/ospf-mixed/lab.yaml"));
    assert.equal(topology.name, "ospf-mixed");
    const ring = await readTopology(join(ROOT, "examples/ospf-ring"));
    assert.deepEqual([ring.nodes, ring.prompt], [["r1", "r2", "r3", "r4"], "r1"]);
    const listed = await read("nodes: [a, { name: b, kind: bird }]\n");
    assert.deepEqual(
      listed.network!.nodes.map(({ name, kind }) => [name, kind]),
      [
        ["a", "parley"],
        ["b", "bird"],
      ],
    );
    assert.match(listed.name, /^lab-test-/);
    assert.equal((await read("nodes: [a, b]\n")).network, undefined);
  });

  test("becomes the configuration of each kind of router.", async () => {
    const { network } = await read(`
timers: { hello-interval: 1 }
nodes:
  p: { ospf: { max-metric: true, area 0: { interface to-f: { cost: 9 } } }, routes: { install: false } }
  f: { kind: frr, stub-networks: [198.51.100.0/24], lines: "ip route 198.18.0.0/24 blackhole" }
  b: { kind: bird }
links: [{ ends: [p, f], cost: 5 }, { name: nb, ends: [p, f, b], type: non-broadcast }]
`);
    const [p, f, b] = network!.nodes;
    assert.equal(
      parleyConfiguration(p!),
      `node:
  name: p
ospf:
  router-id: 192.0.2.1
  hello-interval: 1
  dead-interval: 4
  area 0:
    interface lo: {}
    interface to-f:
      type: point-to-point
      cost: 9
    interface nb:
      type: non-broadcast
      poll-interval: 4
      neighbors:
        - address: 10.0.2.2
        - address: 10.0.2.3
  max-metric: true
routes:
  install: false
`,
    );
    assert.equal(
      frrConfiguration(f!),
      `hostname f
interface lo
 ip ospf area 0
interface to-p
 ip ospf area 0
 ip ospf network point-to-point
 ip ospf hello-interval 1
 ip ospf dead-interval 4
 ip ospf cost 5
interface nb
 ip ospf area 0
 ip ospf network non-broadcast
 ip ospf hello-interval 1
 ip ospf dead-interval 4
interface stub0
 ip ospf area 0
 ip ospf passive
 ip ospf hello-interval 1
 ip ospf dead-interval 4
router ospf
 ospf router-id 192.0.2.2
 neighbor 10.0.2.1 poll-interval 4
 neighbor 10.0.2.3 poll-interval 4
ip route 198.18.0.0/24 blackhole
`,
    );
    assert.match(
      birdConfiguration(b!, "/x/bird.log"),
      /^log "\/x\/bird\.log" all;\nrouter id 192\.0\.2\.3;\n[^]* {4}interface "nb" \{ type nbma; hello 1; dead 4; poll 4; neighbors \{ 10\.0\.2\.1 eligible; 10\.0\.2\.2 eligible; \}; \};\n/,
    );
  });

  const two = "nodes: [a, b]\n";
  const many = Array.from({ length: 65 }, (_, i) => `n${i}`).join(", ");
  const cases: Readonly<Record<string, readonly [text: string, expected: RegExp]>> = {
    "an unknown section": [`${two}linkz: []`, /^F:2:1: linkz: is not a known section; did you mean links\?/],
    "an unknown key of a node": [
      "nodes: { a: { kid: frr } }",
      /^F:1:15: nodes\.a\.kid: is not a known key; did you mean kind\?/,
    ],
    "an unknown kind": [
      "nodes: { a: { kind: fr } }",
      /^F:1:21: nodes\.a\.kind: must be .*; did you mean frr\?/,
    ],
    "an unknown key of a link": [
      `${two}links: [{ ends: [a, b], csot: 3 }]`,
      /^F:2:25: links\[0\]\.csot: is not a known key; did you mean cost\?/,
    ],
    "an unknown type": [
      `${two}links: [{ ends: [a, b], type: brodcast }]`,
      /^F:2:31: links\[0\]\.type: must be .*; did you mean broadcast\?/,
    ],
    "an unknown end": [
      "nodes: [alice, bob]\nlinks: [{ ends: [bob, alic] }]",
      /^F:2:23: links\[0\]\.ends\[1\]: there is no node alic; did you mean alice\?/,
    ],
    "a link with itself": [`${two}links: [{ ends: [a, a] }]`, /^F:2:21: .*a is at two ends of one link; /],
    "one end": [`${two}links: [{ ends: [a] }]`, /^F:2:17: links\[0\]\.ends: needs two ends; .*stub-networks/],
    "host bits": [
      `${two}links: [{ ends: [a, b], network: 10.0.0.1/30 }]`,
      /^F:2:34: links\[0\]\.network: has host bits set; write 10\.0\.0\.0\/30/,
    ],
    "networks that overlap": [
      `${two}links: [{ ends: [a, b], network: 10.0.0.0/24 }, { ends: [a, b], network: 10.0.0.4/30 }]`,
      /^F:2:74: links\[1\]\.network: overlaps 10\.0\.0\.0\/24 of links 0; /,
    ],
    "a network that is too small": [
      "nodes: [a, b, c]\nlinks: [{ ends: [a, b, c], network: 10.0.0.0/30 }]",
      /^F:2:37: links\[0\]\.network: has 2 addresses for 3 ends; /,
    ],
    "an address of elsewhere": [
      `${two}links: [{ ends: [a, { node: b, address: 10.0.9.3 }], network: 10.0.0.0/30 }]`,
      /^F:2:41: links\[0\]\.ends\[1\]\.address: is no address of 10\.0\.0\.0\/30; /,
    ],
    "point-to-point with three": [
      "nodes: [a, b, c]\nlinks: [{ ends: [a, b, c], type: point-to-point }]",
      /^F:2:34: links\[0\]\.type: is for two ends, not 3; /,
    ],
    "a router id twice": [
      "nodes: { a: { router-id: 1.1.1.1 }, b: { router-id: 1.1.1.1 } }",
      /^F:1:53: nodes\.b\.router-id: 1\.1\.1\.1 is that of a; /,
    ],
    "a router id that is none": [
      "nodes: { a: { router-id: 1.1.1 } }",
      /^F:1:26: .*expected an IPv4 address; /,
    ],
    "a link with the name of a node": [
      `${two}links: [{ name: a, ends: [a, b] }]`,
      /^F:2:17: links\[0\]\.name: a is the name of something else; /,
    ],
    "a prompt that is none": [
      "nodes: { a: {}, f: { kind: frr } }\nprompt: f",
      /^F:2:9: prompt: f is no Parley; name one of a/,
    ],
    "sections for FRR": [
      "nodes: { f: { kind: frr, ospf: {} } }",
      /^F:1:32: nodes\.f\.ospf: is not for frr; write lines/,
    ],
    "lines for a Parley": ['nodes: { a: { lines: "x" } }', /^F:1:22: nodes\.a\.lines: is not for parley; /],
    "a file that is not there": [
      "nodes: { a: { config: a.yaml } }",
      /^F:1:23: nodes\.a\.config: there is no file a\.yaml; paths start at the lab file/,
    ],
    "a dead interval that is none": [
      `${two}timers: { hello-interval: 4, dead-interval: 4 }`,
      /^F:2:45: timers\.dead-interval: is not longer than hello-interval; /,
    ],
    "too many nodes": [`nodes: [${many}]`, /^F:1:8: nodes: a lab has at most 64 nodes; remove some/],
    "too many nodes in a map": [
      `nodes: { ${many.replaceAll(",", ": {},")}: {} }`,
      /^F:1:8: nodes: a lab has at most 64 nodes; remove some/,
    ],
    "a key twice": ["nodes: { a: {}, a: {} }", /^F:1:17: nodes\.a: is set twice, first in line 1; /],
    "all at once": [
      `${two}linkz: []\nprompt: 3`,
      /^F:2:1: linkz: [^\n]+\nF:3:9: prompt: expected text, got a number; [^\n]+$/,
    ],
  };
  for (const [what, [text, expected]] of Object.entries(cases))
    test(`is refused for ${what}, with the place and the remedy.`, async () => {
      await assert.rejects(read(text), (error) => {
        assert(error instanceof OperatorError, explain(error));
        assert.match(error.message, expected);
        return true;
      });
    });
});

/** A lab file; in errors it is called F. */
async function read(text: string): Promise<Topology> {
  const folder = await mkdtemp(join(tmpdir(), "lab-test-"));
  const file = join(folder, "lab.yaml");
  try {
    await writeFile(file, text);
    return await readTopology(file);
  } catch (error) {
    if (error instanceof Error) error.message = error.message.replaceAll(file, "F");
    throw error;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
