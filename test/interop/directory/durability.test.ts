import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test, type TestContext } from "node:test";
import { isLeftOut, missingProgram } from "../left-out.ts";
import { DirectoryDaemon, idsOf, post } from "./daemon.ts";
import { NatsServer } from "./nats.ts";

const folder = mkdtempSync(join(tmpdir(), "parley-directory-"));
const running: DirectoryDaemon[] = [];
after(async () => {
  for (const daemon of running) await daemon.end("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

async function serve(name: string, ip: string, store: string, most: number): Promise<DirectoryDaemon> {
  const settings = [`directory.serve=${ip}:8080`, `directory.store=${store}`, `directory.max-peers=${most}`];
  const daemon = new DirectoryDaemon(folder, name, [...settings, "directory.check=0"]);
  running.push(daemon);
  return await daemon.serving();
}

/** Joins in the JSON API, `together` at a time, until `isOver`; the ids whose join was answered. */
async function joins(
  url: string,
  prefix: string,
  together: number,
  isOver: (count: number) => boolean,
): Promise<string[]> {
  const answered: string[] = [];
  let next = 0;
  const client = async (): Promise<void> => {
    for (let id; !isOver(next);) {
      id = `${prefix}-${next++}`;
      const body = JSON.stringify({
        id,
        name: "n",
        ip: "192.0.2.1",
        port: "7946",
        protocol: "tcp",
        timestamp: "1",
        limit: 0,
      });
      try {
        const answer = await fetch(`${url}/v1/join`, { method: "POST", body });
        if (answer.status === 200 && (await answer.text()).includes('"outcome":"added"')) answered.push(id);
      } catch {
        return; // the server was killed
      }
    }
  };
  await Promise.all(Array.from({ length: together }, client));
  return answered;
}

test(
  "10,000 registrations are there, and still after the server was killed",
  { timeout: 120_000 },
  async () => {
    const store = join(folder, "many.sqlite");
    const first = await serve("many", "127.84.3.1", store, 10_000);
    const answered = await joins("http://127.84.3.1:8080", "peer", 16, (count) => count >= 10_010);
    assert.equal(answered.length, 10_000, "ten too many were sent");
    const listed = idsOf((await post("http://127.84.3.1:8080/list")).body);
    assert.deepEqual([...answered].sort(), listed);
    await first.end("SIGKILL");
    await serve("many", "127.84.3.1", store, 10_000);
    assert.deepEqual(idsOf((await post("http://127.84.3.1:8080/list")).body), listed);
  },
);

test("kill -9 amid joins loses none that was answered", { timeout: 120_000 }, async () => {
  const store = join(folder, "killed.sqlite");
  const answered: string[] = [];
  for (let round = 0; round < 4; round++) {
    const daemon = await serve("killed", "127.84.3.2", store, 50_000);
    const before = idsOf((await post("http://127.84.3.2:8080/list")).body);
    for (const id of answered) assert.ok(before.includes(id), `${id} was lost`);
    const killAt = 150 + 170 * round;
    let isKilled = false;
    const ids = await joins("http://127.84.3.2:8080", `round${round}`, 32, (count) => {
      if (count >= killAt && !isKilled) {
        isKilled = true;
        daemon.child.kill("SIGKILL");
      }
      return false;
    });
    assert.ok(ids.length > killAt - 64, `only ${ids.length} were answered`);
    answered.push(...ids);
  }
  await serve("killed", "127.84.3.2", store, 50_000);
  const kept = new Set(idsOf((await post("http://127.84.3.2:8080/list")).body));
  assert.deepEqual(
    answered.filter((id) => !kept.has(id)),
    [],
  );
  assert.ok(answered.length > 1_000, String(answered.length));
});

async function withNats(
  context: TestContext,
  ip: string,
  run: (nats: NatsServer) => Promise<void>,
): Promise<void> {
  if (isLeftOut(context, missingProgram(["nats-server"]))) return;
  const nats = new NatsServer(ip);
  try {
    await nats.start();
    await run(nats);
  } finally {
    await nats.remove();
  }
}

test(
  "two servers on one NATS, one killed amid joins: none that was answered is lost",
  { timeout: 120_000 },
  async (t) => {
    await withNats(t, "127.84.3.10", async ({ url }) => {
      const one = await serve("one", "127.84.3.11", `${url}/shared`, 2_000);
      const two = await serve("two", "127.84.3.12", `${url}/shared`, 2_000);
      let isKilled = false;
      const [atOne, atTwo] = await Promise.all([
        joins("http://127.84.3.11:8080", "one", 8, (count) => {
          if (count >= 300 && !isKilled) {
            isKilled = true;
            one.child.kill("SIGKILL");
          }
          return false;
        }),
        joins("http://127.84.3.12:8080", "two", 8, (count) => count >= 600),
      ]);
      assert.equal(atTwo.length, 600, "the one that lives answers all");
      assert.ok(atOne.length > 250, String(atOne.length));
      const kept = new Set(idsOf((await post("http://127.84.3.12:8080/list")).body));
      assert.deepEqual(
        [...atOne, ...atTwo].filter((id) => !kept.has(id)),
        [],
      );
      await serve("one", "127.84.3.11", `${url}/shared`, 2_000);
      const again = (await post("http://127.84.3.11:8080/list")).body;
      assert.equal(again, (await post("http://127.84.3.12:8080/list")).body);
      for (const daemon of [two, running.at(-1)!]) await daemon.end("SIGTERM");
    });
  },
);

test("two servers on one NATS never take more than there is room for", { timeout: 60_000 }, async (t) => {
  await withNats(t, "127.84.3.20", async ({ url }) => {
    const daemons = [
      await serve("left", "127.84.3.21", `${url}/room`, 100),
      await serve("right", "127.84.3.22", `${url}/room`, 100),
    ];
    const places = ["http://127.84.3.21:8080", "http://127.84.3.22:8080"];
    const ids = await Promise.all(
      places.map((place, i) => joins(place, `n${i}`, 8, (count) => count >= 120)),
    );
    assert.equal(ids.flat().length, 100);
    // What one server answered, the other knows when it is asked next.
    assert.match((await post(`${places[0]}/leave`, ids.flat()[0]!)).body, /"numpeers":99/);
    assert.equal(idsOf((await post(`${places[1]}/list`)).body).length, 99);
    for (const daemon of daemons) await daemon.end("SIGTERM");
  });
});

test(
  "while NATS is away nothing is promised, and when it is back the server goes on",
  { timeout: 60_000 },
  async (t) => {
    await withNats(t, "127.84.3.30", async (nats) => {
      const daemon = await serve("away", "127.84.3.31", `${nats.url}/away`, 100);
      const url = "http://127.84.3.31:8080";
      const body = (id: string) => `${id} n 192.0.2.1 1 tcp 0 1`;
      assert.deepEqual(idsOf((await post(`${url}/join`, body("before"))).body), ["before"]);
      await nats.kill();
      const refused = await post(`${url}/join`, body("meanwhile"));
      assert.deepEqual([refused.status, refused.body], [503, "the store takes no changes now; try again\n"]);
      assert.equal((await post(`${url}/ping`)).body, "OK");
      await nats.start();
      let answer = refused;
      while (answer.status === 503) answer = await post(`${url}/join`, body("after"));
      const ids = idsOf(answer.body);
      assert.ok(ids.includes("before") && ids.includes("after"), ids.join(" "));
      await daemon.end("SIGTERM");
    });
  },
);
