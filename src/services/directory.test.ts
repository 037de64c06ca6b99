import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import type { HttpRequest } from "#host/http.ts";
import type { DirectoryApi } from "#services/directory-api.ts";
import { directoryConfig } from "#services/directory-config.ts";
import { directory } from "#services/directory.ts";
import { EventLog } from "#services/event-log.ts";
import type { IdentityApi } from "#services/identity-api.ts";
import { identity } from "#services/identity.ts";
import { ServiceManager } from "#services/manager.ts";
import type { PeersApi } from "#services/peers-api.ts";
import { peersConfig } from "#services/peers-config.ts";
import { peers } from "#services/peers.ts";
import { service } from "#services/service.ts";
import { settled } from "#services/testing/bench.ts";
import type { SimHost } from "#sim/host.ts";
import { World } from "#sim/world.ts";

/** Something that others can dial: it announces 10.0.0.N:7946 as a member, or as what the test says, and takes streams. */
const reachable = service({
  name: "reachable",
  type: "Reachable",
  needs: { identity },
  config: z.strictObject({ kind: z.enum(["member", "whisper"]), ip: z.string() }),
  async start(host, { kind, ip }, needs) {
    const listener = await host.streams.listen({ host: ip, port: 7_946 }, () => {
      return { connected: () => {}, data: () => {}, writable: () => {}, closed: () => {} };
    });
    host.atStop(() => listener.close());
    needs.identity.announce(kind, `${ip}:7946`, host.signal);
  },
});

const SERVER = "http://10.0.0.1:8080";

/** Nodes on a simulated network, of which some serve directories. */
class DirectoryBench {
  readonly world = new World({ seed: 1, latencyMs: [1, 5] });
  #count = 0;

  /** A node at 10.0.0.N with this section; with a kind it has something to register. */
  async add(section: object, kind?: "member" | "whisper"): Promise<DirectoryNode> {
    const ip = `10.0.0.${++this.#count}`;
    const node = new DirectoryNode(this, this.world.addHost(ip), ip);
    await node.start(section, kind);
    return node;
  }

  /** Lets virtual time pass, and what it sets off come to its end. */
  async pass(durationMs: number): Promise<void> {
    const end = this.world.now + durationMs;
    while (this.world.now < end) {
      this.world.run(Math.min(50, end - this.world.now));
      await settled();
    }
  }

  async during<Result>(run: Promise<Result>): Promise<Result> {
    let isDone = false;
    const done = (): void => void (isDone = true);
    run.then(done, done);
    for (let passed = 0; !isDone && passed < 60_000; passed += 50) await this.pass(50);
    return run;
  }
}

class DirectoryNode {
  readonly bench: DirectoryBench;
  readonly host: SimHost;
  readonly ip: string;
  readonly log: EventLog;
  readonly manager: ServiceManager;
  /** Requests that this node's server got. */
  readonly asked: HttpRequest[] = [];

  constructor(bench: DirectoryBench, host: SimHost, ip: string) {
    this.bench = bench;
    this.ip = ip;
    this.host = host;
    this.log = new EventLog(() => bench.world.now);
    const http: SimHost["http"] = {
      call: host.http.call,
      serve: (at, limits, handlers) => {
        const request: typeof handlers.request = (asked) => {
          this.asked.push(asked);
          return handlers.request(asked);
        };
        return host.http.serve(at, limits, { ...handlers, request });
      },
    };
    this.manager = new ServiceManager([identity, peers, reachable, directory], {
      host: { ...host, http },
      node: { name: `n${ip.split(".").at(-1)}`, dataFolder: "/data" },
      log: this.log,
    });
  }

  async start(section: object, kind?: "member" | "whisper"): Promise<void> {
    const sections = new Map<string, unknown>([
      ["identity", {}],
      ["peers", peersConfig.parse([])],
      ["directory", directoryConfig.parse(section)],
    ]);
    if (kind) sections.set("reachable", { kind, ip: this.ip });
    await this.bench.during(this.manager.start(sections));
  }

  get directory(): DirectoryApi {
    return this.manager.api("directory") as DirectoryApi;
  }

  get peers(): PeersApi {
    return this.manager.api("peers") as PeersApi;
  }

  get fingerprint(): string {
    return (this.manager.api("identity") as IdentityApi).fingerprint;
  }

  /** "registered", or "failed, ECONNREFUSED". */
  get states(): string[] {
    return this.directory
      .clients()
      .map(({ state, reason }) => (reason === "" ? state : `${state}, ${reason}`));
  }

  /** Addresses that this node's directory has. */
  get served(): string[] {
    return this.directory
      .server()!
      .peers.map(({ address }) => address)
      .sort();
  }

  async post(path: string, body: string, to = SERVER): Promise<string> {
    const call = {
      method: "POST",
      contentType: "",
      authorization: "",
      timeoutMs: 1_000,
      mostBytes: 1e6,
    } as const;
    return (await this.bench.during(this.host.http.call({ ...call, url: `${to}${path}`, body }))).body;
  }
}

test("nodes register at start, learn of each other with signatures, renew, and leave when they stop", async () => {
  const bench = new DirectoryBench();
  const server = await bench.add({ serve: "0.0.0.0:8080", "max-peers": 10, expiry: 60 });
  const bob = await bench.add({ url: SERVER }, "member");
  const carol = await bench.add({ url: `${SERVER}/` }, "whisper");
  await bench.pass(1_000);
  assert.deepEqual([bob.states, carol.states], [["registered"], ["registered"]]);
  assert.deepEqual(server.served, ["10.0.0.2:7946", "10.0.0.3:7946"]);
  assert.ok(server.directory.server()!.peers.every(({ isSigned }) => isSigned));
  assert.deepEqual(carol.peers.addresses("member"), ["10.0.0.2:7946"]);
  // Bob was first; he learns of carol when he renews, well before a minute has passed.
  await bench.pass(45_000);
  assert.deepEqual(bob.peers.addresses("whisper"), ["10.0.0.3:7946"]);
  assert.deepEqual(carol.peers.addresses("whisper"), []);
  await bench.pass(120_000);
  assert.deepEqual(server.served.length, 2, "renewed several times");
  await bench.during(bob.manager.stop());
  assert.deepEqual(server.served, ["10.0.0.3:7946"]);
});

test("who does not come any more is forgotten when his time is over", async () => {
  const bench = new DirectoryBench();
  const sections = { serve: "0.0.0.0:8080", "max-peers": 9, expiry: 60, "unrenewed-expiry": 100, check: 0 };
  const server = await bench.add(sections);
  const peer = { id: "carol", name: "carol", ip: "192.0.2.3", port: "1" };
  await server.post("/join", "bob bob 192.0.2.2 1 tcp 0 1");
  await server.post("/v1/join", JSON.stringify(peer));
  await bench.pass(55_000);
  assert.equal(server.served.length, 2);
  await server.post("/v1/join", JSON.stringify(peer));
  await bench.pass(46_500);
  assert.deepEqual(server.served, ["192.0.2.3:1"], "bob's 100 s are over, carol has renewed");
  await bench.pass(15_000);
  assert.deepEqual(server.served, []);
});

test("those who registered from their own address are dialled: reached ones stay, the others go", async () => {
  const bench = new DirectoryBench();
  const server = await bench.add({
    serve: "0.0.0.0:8080",
    "max-peers": 9,
    check: 20,
    "unrenewed-expiry": 80,
  });
  const bob = await bench.add({ url: "http://10.0.0.99:8080" }, "member");
  const carol = await bench.add({ url: "http://10.0.0.99:8080" });
  await bob.post("/join", `bob bob ${bob.ip} 7946 tcp 0 1`);
  await carol.post("/join", `carol carol ${carol.ip} 7946 tcp 0 1`);
  await carol.post("/join", `other other 192.0.2.9 7946 tcp 0 1`);
  await bench.pass(50_000);
  assert.equal(server.served.length, 3, "twice nobody answered at carol's");
  await bench.pass(18_500);
  assert.deepEqual(server.served, [`${bob.ip}:7946`, "192.0.2.9:7946"]);
  const { counters } = server.directory.server()!;
  assert.deepEqual([counters.get("check failed"), counters.get("peer unreachable")], [3, 1]);
  await bench.pass(32_000);
  assert.deepEqual(server.served, [`${bob.ip}:7946`], "nobody dials where others point at");
  await bench.during(bob.manager.stop());
  await bench.pass(90_000);
  assert.deepEqual(server.served, []);
});

test("when a peer that the directory named is lost, the node asks for a refill", async () => {
  const bench = new DirectoryBench();
  const server = await bench.add({ serve: "0.0.0.0:8080", "max-peers": 9 });
  const bob = await bench.add({ url: SERVER }, "member");
  await server.post("/join", "carol carol 10.0.0.77 7946 tcp 0 1");
  await bench.pass(500);
  await bench.during(bob.directory.list(""));
  assert.deepEqual(bob.peers.addresses("member"), ["10.0.0.77:7946"]);
  server.asked.splice(0);
  bob.peers.report("member", "10.0.0.77:7946", { state: "lost", reason: "no answer" });
  await bench.pass(5_000);
  assert.deepEqual(
    server.asked.map(({ path }) => path),
    ["/v1/refill"],
  );
});

test("a server without the JSON API is spoken to as the original's clients do", async () => {
  const bench = new DirectoryBench();
  const server = await bench.add({ url: "http://10.0.0.99:8080" });
  const asked: string[] = [];
  const original = await server.host.http.serve({ host: "0.0.0.0", port: 8_080 }, {} as never, {
    request: async ({ path, body }) => {
      const text = new TextDecoder().decode(body);
      if (path.startsWith("/v1/"))
        return { status: 404, contentType: "text/plain", body: "404 page not found\n" };
      asked.push(`${path} ${text.replace(bob.fingerprint, "ID").replace(/\d{9,}$/, "TIME")}`);
      const own = { id: bob.fingerprint, name: "n2", ip: bob.ip, port: "7946", protocol: "tcp" };
      const carol = { id: "c", name: "carol", ip: "10.0.0.3", port: "56471", protocol: "tcp" };
      const Peers = path === "/leave" ? { c: carol } : { c: carol, [bob.fingerprint]: own };
      const answer = { Config: { maxpeers: 2, minrefillcandidates: 2 }, Peers };
      return {
        status: 200,
        contentType: "text/plain; charset=utf-8",
        body: JSON.stringify(answer, undefined, 2),
      };
    },
    dropped: () => {},
    failed: (error) => assert.fail(String(error)),
  });
  const bob = await bench.add({ url: SERVER }, "member");
  await bench.pass(1_000);
  assert.deepEqual(bob.states, ["registered"]);
  assert.deepEqual(bob.peers.addresses("member"), ["10.0.0.3:56471"]);
  await bench.during(bob.manager.stop());
  assert.deepEqual(asked, ["/join ID n2 10.0.0.2 7946 tcp 0 TIME", "/leave ID"]);
  await original.close();
});

test("directories that are away are asked again with growing pauses, and others are asked meanwhile", async () => {
  const bench = new DirectoryBench();
  const server = await bench.add({ serve: "0.0.0.0:8080", "max-peers": 9 });
  const bob = await bench.add({ urls: [SERVER, "http://10.0.0.3:8080"] }, "member");
  await bench.pass(30_000);
  assert.deepEqual(bob.states, ["registered", "failed, ECONNREFUSED"]);
  assert.deepEqual(server.served, ["10.0.0.2:7946"]);
  const late = await bench.add({ serve: "0.0.0.0:8080", store: "late", "max-peers": 9 });
  await bench.pass(60_000);
  assert.deepEqual([bob.states, late.served], [["registered", "registered"], ["10.0.0.2:7946"]]);
});

test("answers of no directory are refused, whatever they are", async () => {
  const bench = new DirectoryBench();
  const server = await bench.add({ url: "http://10.0.0.99:8080" });
  const bodies = ["", "[]", "{}", '{"Config":1}', '{"config":{},"peers":{"a":1}}', "<html>", "null"];
  await server.host.http.serve({ host: "0.0.0.0", port: 8_080 }, {} as never, {
    request: async () => ({ status: 200, contentType: "", body: bodies[0]! }),
    dropped: () => {},
    failed: (error) => assert.fail(String(error)),
  });
  const bob = await bench.add({ url: SERVER }, "member");
  for (; bodies.length > 0; bodies.shift()) {
    const [result] = await bench.during(bob.directory.list(""));
    assert.match(result!.error, /what answers is no directory/, String(bodies[0]));
  }
  assert.deepEqual(bob.peers.list(), []);
});

test("a configuration is printed as it was written", () => {
  const written = { serve: "[::1]:8080", url: "http://h:1/", urls: ["https://b"], trusted: ["10.0.0.0/8"] };
  const printed = directoryConfig.encode(directoryConfig.parse(written));
  assert.deepEqual({ ...printed, ...written }, printed);
});

test("two servers on one store have one directory, and one of them can go", async () => {
  const bench = new DirectoryBench();
  const section = { serve: "0.0.0.0:8080", store: "nats://10.0.0.50:4222", "max-peers": 3 };
  const [one, two] = [await bench.add(section), await bench.add(section)];
  const other = "http://10.0.0.2:8080";
  await one.post("/join", "alice alice 192.0.2.1 1 tcp 0 1");
  await one.post("/join", "bob bob 192.0.2.2 1 tcp 0 1", other);
  await one.post("/join", "carol carol 192.0.2.3 1 tcp 0 1");
  assert.match(await one.post("/join", "dave dave 192.0.2.4 1 tcp 0 1", other), /"numpeers":3/);
  const list = await one.post("/list", "");
  assert.equal(await one.post("/list", "", other), list);
  await bench.during(one.manager.stop());
  assert.equal(await two.post("/list", "", other), list);
});

test("a full directory lists, and takes an older node in the place of the youngest when it asks for a refill", async () => {
  const bench = new DirectoryBench();
  const server = await bench.add({ serve: "0.0.0.0:8080", "max-peers": 1 });
  const bob = await bench.add({ url: SERVER }, "member");
  await bench.pass(500);
  await server.post("/leave", bob.fingerprint);
  assert.deepEqual(server.served, ["10.0.0.2:7946"], "only by its key");
  await bench.during(bob.directory.leave(""));
  assert.deepEqual([server.served, bob.states], [[], ['absent, left until "directory join"']]);
  await server.post("/join", "young young 192.0.2.9 7946 tcp 0 9999999999");
  const [listing] = await bench.during(bob.directory.join(SERVER));
  assert.equal(listing!.error, "");
  assert.deepEqual(bob.states, ["full, it has no room for this node"]);
  assert.deepEqual(server.served, ["192.0.2.9:7946"]);
  await bench.during(bob.directory.refill(""));
  assert.deepEqual([server.served, bob.states], [["10.0.0.2:7946"], ["registered"]]);
  await assert.rejects(bob.directory.join("http://192.0.2.1"), /not configured/);
  await bench.during(bob.directory.reset(""));
  assert.deepEqual([server.served, bob.states], [[], ["asking, it was reset"]]);
  await bench.pass(5_000);
  assert.deepEqual([server.served, bob.states], [["10.0.0.2:7946"], ["registered"]]);
});
