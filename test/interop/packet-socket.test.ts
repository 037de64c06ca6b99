import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { isLeftOut } from "./left-out.ts";
import { ip, Namespace, namespaceTest } from "./namespace.ts";

const NODE = [process.execPath, "--disable-warning=ExperimentalWarning"];

/** Runs a program in a namespace; the JSON it prints. */
async function run(space: Namespace, file: string, ...args: readonly string[]): Promise<unknown> {
  const [program, ...flags] = NODE;
  const command = ["netns", "exec", space.name, program!, ...flags, `test/interop/${file}`, ...args];
  const { stdout } = await promisify(execFile)("ip", command, { timeout: 60_000, killSignal: "SIGKILL" });
  return JSON.parse(stdout);
}

/** One scene of packet-socket-scenes.ts, in both modes. */
function sceneTest<Result>(
  name: string,
  scene: string,
  check: (result: Result, mode: "latency" | "bulk") => void,
  programs: readonly string[] = [],
): void {
  namespaceTest(name, ["sysctl", ...programs], async (space) => {
    const results = (await run(space, "packet-socket-scenes.ts", scene)) as Result[];
    check(results[0]!, "latency");
    if (results[1] !== undefined) check(results[1], "bulk");
  });
}

/** Two namespaces and a cable: p0 in each, 10.77.0.1 and 10.77.0.2. */
async function withPeers(one: Namespace, run: (other: Namespace) => Promise<void>): Promise<void> {
  const other = new Namespace(`${one.name}-2`);
  try {
    ip("-n", one.name, "link", "add", "p0", "type", "veth", "peer", "name", "p0", "netns", other.name);
    for (const [i, { name }] of [one, other].entries()) {
      // Neighbor discovery would come between.
      execFileSync("ip", ["netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.p0.disable_ipv6=1"]);
      ip("-n", name, "addr", "add", `10.77.0.${i + 1}/24`, "dev", "p0");
      ip("-n", name, "link", "set", "p0", "up");
    }
    await run(other);
  } finally {
    other.delete();
  }
}

interface Everything {
  readonly [name: string]: unknown;
  readonly skewMs: number;
  readonly problems: readonly string[];
}

sceneTest<Everything>(
  "frames of 14 to 65,549 bytes, and thousands at once, come whole, in order and with their time",
  "everything",
  ({ skewMs, problems, ...rest }) => {
    const statistics = { received: 0, dropped: 0 };
    assert.deepEqual(rest, { taken: 8, isSame: true, ordered: true, partly: 2, own: 0, statistics, type: 1 });
    assert.ok(skewMs > -2 && skewMs < 1_000, `${skewMs} ms late`);
    assert.match(problems.join("; "), /65600 bytes is longer than.*10 bytes is shorter than/);
  },
);

interface Tags {
  readonly expected: readonly string[];
  readonly whole: readonly string[];
  readonly short: readonly string[];
  readonly tiny: readonly string[];
  readonly behind: readonly string[];
  readonly lengths: readonly (readonly number[])[];
}

sceneTest<Tags>(
  "VLAN tags that the kernel takes out are in the bytes again, as far as they were kept",
  "tags",
  ({ expected, whole, short, tiny, behind, lengths }) => {
    assert.deepEqual(whole, expected);
    assert.deepEqual(
      short,
      expected.map((hex) => hex.slice(0, 80)),
    );
    assert.deepEqual(
      tiny,
      expected.map((hex) => hex.slice(0, 20)),
    );
    assert.deepEqual(behind, expected.slice(0, 1));
    for (const each of lengths) assert.deepEqual(each, [68, 72]);
  },
);

sceneTest(
  "a filter chooses in the kernel, also one that is set later; own frames and those of others are left out",
  "filters",
  (result) =>
    assert.deepEqual(result, {
      arp: [2, 4, 8, 9, 10],
      lengths: Array.from({ length: 5 }, () => [30, 64]),
      cut: [1, 2, 4].map((number) => [number, 30, 64]),
      whole: [1, 2, 3, 4],
      outgoing: [true, true, true, true],
      own: 0,
      refused: "the kernel refused a filter of 1 instructions: system error 22",
      kept: "a filter has 1 to 4096 instructions, not 0",
    }),
);

interface Drops {
  readonly sent: number;
  readonly early: { readonly received: number; readonly dropped: number };
  readonly late: { readonly received: number; readonly dropped: number };
  readonly again: { readonly received: number; readonly dropped: number };
  readonly kept: number;
}

sceneTest<Drops>(
  "what finds no room is counted, and stays counted after close",
  "drops",
  ({ sent, early, late, again, kept }) => {
    assert.equal(early.received, sent);
    assert.ok(early.dropped > 0, `${early.dropped} dropped`);
    assert.equal(kept, late.received - late.dropped);
    assert.deepEqual([late, again], [early, early]);
  },
);

interface Removal {
  readonly flapped: readonly string[];
  readonly errors: readonly (readonly string[])[];
  readonly numbers: readonly number[];
  readonly toldMs: number;
  readonly after: number;
  readonly idleCpuMs: number;
}

sceneTest<Removal>(
  "an interface may be down and come up again; when it is gone the socket says so, once",
  "removal",
  ({ flapped, errors, numbers, toldMs, after, idleCpuMs }) => {
    assert.deepEqual(flapped, []);
    assert.deepEqual(numbers, [1, 2, 3]);
    assert.deepEqual(errors, [
      ["OperatorError", "the interface va is gone"],
      ["OperatorError", "the interface vb is gone"],
    ]);
    assert.ok(toldMs < 2_000, `told after ${toldMs} ms`);
    assert.equal(after, 0);
    assert.ok(idleCpuMs < 50, `${idleCpuMs} ms of 200 busy afterwards`);
  },
);

sceneTest<{ counts: readonly number[] }>(
  "sockets of a fanout group share the flows",
  "fanout",
  ({ counts }) => {
    assert.equal(counts[0]! + counts[1]!, 400);
    for (const count of counts) assert.ok(count > 50, `${counts}`);
  },
);

sceneTest<{ types: readonly number[]; ends: readonly string[] }>(
  "loopback shows each packet once, with an Ethernet header; a tunnel has none",
  "media",
  ({ types, ends }) => {
    assert.deepEqual(types, [1, 101]);
    // An answer quotes what it answers.
    assert.deepEqual(ends, ["once", "once"]);
  },
);

sceneTest<{ kept: number; dropped: number; different: readonly string[] }>(
  "the simulator runs filters as the kernel does",
  "programs",
  ({ kept, dropped, different }) => {
    assert.deepEqual(different, []);
    assert.ok(kept > 50 && dropped > 50, `${kept} kept, ${dropped} dropped`);
  },
);

sceneTest<{ same: number }>(
  "tcpdump sees what is sent, byte by byte",
  "tcpdump",
  ({ same }) => assert.equal(same, 2_000),
  ["tcpdump"],
);

interface Resources {
  readonly descriptors: number;
  readonly rings: number;
  readonly maps: number;
  readonly residentKiB: number;
}

namespaceTest(
  "200 sockets opened and closed under load and garbage collection leave nothing behind",
  ["sysctl"],
  (space, context) => {
    const text = space.run(...NODE, "--expose-gc", "test/interop/packet-socket-cycles.ts");
    const { before, after, packets, late } = JSON.parse(text) as {
      readonly [name in "before" | "after"]: Resources;
    } & { readonly packets: number; readonly late: number };
    context.diagnostic(text.trim());
    assert.equal(after.descriptors, before.descriptors);
    assert.deepEqual([before.rings, after.rings], [0, 0]);
    // The heap comes and goes; 200 rings or callbacks would be hundreds.
    assert.ok(after.maps < before.maps + 40, `${before.maps} maps before, ${after.maps} after`);
    assert.ok(after.residentKiB < before.residentKiB + 40_000, text);
    assert.ok(packets > 200 * 20);
    assert.equal(late, 0);
  },
);

namespaceTest(
  "an echo request is seen leaving and its reply coming, a datagram with its checksum unfinished",
  [],
  (one) =>
    withPeers(one, async () => {
      const results = (await run(one, "packet-socket-peers.ts", "echo", "1")) as {
        readonly mode: string;
        readonly packets: readonly string[];
        readonly partial: readonly boolean[];
      }[];
      for (const { mode, packets, partial } of results) {
        const ping = ["out arp", "in arp", "out 10.77.0.1 icmp 8 40 9", "in 10.77.0.2 icmp 0"];
        assert.deepEqual(packets, [...ping, "out 10.77.0.1 udp", "in 10.77.0.2 icmp 3"], mode);
        // The checksum of the datagram is left to the hardware that a cable between namespaces has not.
        assert.deepEqual(partial, [false, false, false, false, true, false], mode);
      }
    }),
);

interface Hello {
  readonly texts: readonly string[];
  readonly strangers: readonly string[];
  readonly interfaces: readonly string[];
  readonly errors: readonly string[];
  readonly long: string;
  readonly errnos: readonly (string | null)[];
  readonly left: number;
  readonly after: string;
}

namespaceTest("two routers hear each other's hellos by raw IP, until the interface is gone", [], (one) =>
  withPeers(one, async (two) => {
    const results = (await Promise.all(
      [one, two].map((space, i) => run(space, "packet-socket-peers.ts", "hello", `${i + 1}`)),
    )) as Hello[];
    for (const [i, { texts, ...rest }] of results.entries()) {
      const [own, other] = [`10.77.0.${i + 1}`, `10.77.0.${2 - i}`];
      const heard = (text: string, ttl: number, tos: number, destination = own, length = 20 + text.length) =>
        JSON.stringify({ source: other, destination, ttl, tos, text, length });
      const expected = [
        heard("hello", 1, 0xc0, "224.0.0.5"),
        heard("heard", 1, 0xc0, "224.0.0.5"),
        heard("unicast", 64, 0xc0),
        heard("from own", 77, 0),
        heard("virtual", 200, 0xc0),
        heard("aaaaaaaaaa", 64, 0xc0, own, 20_020),
      ];
      assert.deepEqual([...texts].sort(), expected.sort());
      assert.deepEqual(rest, {
        strangers: [own],
        interfaces: ["p0"],
        errors: ["the interface p0 is gone"],
        long: "",
        errnos: ["EMSGSIZE", "ENETUNREACH", "ENETUNREACH"],
        left: 0,
        after: "ENODEV",
      });
    }
  }),
);

test("without the capability, or without the interface, the error names it and the remedy", (context) => {
  const isRoot = process.platform === "linux" && process.getuid?.() === 0;
  if (isLeftOut(context, isRoot ? undefined : "needs Linux and root, to become somebody else")) return;
  const nobody = ["--reuid", "65534", "--regid", "65534", "--clear-groups", "--inh-caps=-all"];
  const text = execFileSync("setpriv", [...nobody, ...NODE, "test/interop/packet-socket-denied.ts"], {
    encoding: "utf8",
    // Its compile cache is not nobody's to write.
    env: { PATH: process.env.PATH },
  });
  const results = JSON.parse(text) as string[][];
  const [latency, bulk, raw, sender, ...nowhere] = results;
  const messages = [latency, bulk, raw, sender].map((each) => each![0]);
  const what = ["packet socket on lo", "packet socket on lo", "raw IP socket for protocol 89 on lo"];
  for (const [i, message] of messages.entries()) {
    const name = what[i] ?? "raw IP socket for protocol 89";
    assert.equal(message, `cannot open a ${name}: this needs the capability CAP_NET_RAW`);
    assert.match(results[i]![1]!, /as root, or .* AmbientCapabilities=CAP_NET_RAW/);
  }
  assert.equal(nowhere.length, 2);
  for (const [message] of nowhere) assert.equal(message, "there is no interface nowhere0");
});
