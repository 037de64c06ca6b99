import { test } from "node:test";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { connectTo } from "#api/client.ts";
import { startServer } from "#api/test-server.ts";
import { parseIpv4, writeIpv4 } from "#base/ipv4.ts";
import { seededRandom } from "#base/random.ts";
import { ospfDefaults } from "#ospf/defaults.ts";
import { Lsa } from "#ospf/lsa.ts";
import { OspfRouter } from "#ospf/router.ts";
import { OspfViews } from "#services/ospf-view.ts";
import { simCipher } from "#sim/cipher.ts";
test("m", async (context) => {
  const random = seededRandom(1);
  const router = new OspfRouter({ ...ospfDefaults(1), areas: [] }, { random, cipher: simCipher(random), authenticationSequence: 0 });
  for (let at = 0; at < 50_000; at++) {
    const bytes = new Uint8Array(36);
    bytes.set([0, 7, 2, 5]);
    writeIpv4(bytes, 4, (parseIpv4("20.0.0.0")! + 256 * ((at * 7919) % 50_000)));
    writeIpv4(bytes, 8, 9); writeIpv4(bytes, 12, 0x8000_0001); bytes.set([0, 36], 18); writeIpv4(bytes, 20, 0xffff_ff00); writeIpv4(bytes, 24, 0x8000_0014);
    router.state.lsdb.put(new Lsa(bytes, 0), 0, true);
  }
  const server = await startServer(context);
  server.control.ospf = { views: new OspfViews(router, { now: () => 1, wallTime: () => 1 }), clearNeighbors() {}, clearProcess() {} };
  const { client, close } = await connectTo({ socket: server.socket });
  context.after(close);
  for (let i = 0; i < 3; i++) {
    let longest = 0, last = performance.now();
    const timer = setInterval(() => { const n = performance.now(); longest = Math.max(longest, n - last); last = n; }, 1);
    const start = performance.now();
    let count = 0, portions = 0;
    for await (const { lsas } of client.ospf.listDatabase({})) { count += lsas.length; portions++; }
    console.log(count, portions, (performance.now() - start).toFixed(0), "ms; longest gap", longest.toFixed(0));
    clearInterval(timer);
  }
  const t = performance.now(); router.state.size; new OspfViews(router, { now: () => 1, wallTime: () => 1 }).router(); console.log("router view", (performance.now() - t).toFixed(1));
});
