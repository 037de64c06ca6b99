import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import { World } from "#sim/world.ts";
import { namespaceTest } from "../interop/namespace.ts";
import { ROUTES_CASES } from "./routes-cases.ts";
import { OPTIONS, simulatedRoutesPlace } from "./routes-place.ts";

for (const [name, run] of Object.entries(ROUTES_CASES))
  test(`${name} (simulated)`, () => run(simulatedRoutesPlace()));

namespaceTest("all that routing tables promise holds on the real machine (system)", [], (space) => {
  const text = space.run(
    process.execPath,
    "--disable-warning=ExperimentalWarning",
    "test/ports/routes-system.ts",
  );
  const { count, failures } = JSON.parse(text) as { count: number; failures: string[] };
  assert.deepEqual(failures, []);
  assert.equal(count, Object.keys(ROUTES_CASES).length + 1);
});

const DENIED = `
  import { systemHost } from "#system/host.ts";
  const { routes } = systemHost();
  const handlers = { changed: () => {}, lost: () => {} };
  const options = { table: 254, protocol: 222 };
  const refusal = await routes.open({ ...options, readOnly: false }, handlers).then(() => "opened", (error) => error);
  const table = await routes.open({ ...options, readOnly: true }, handlers);
  const routesSeen = (await table.list()).length;
  table.close();
  console.log(JSON.stringify({ name: refusal.name, message: refusal.message, remedy: refusal.remedy, routesSeen }));
`;

namespaceTest(
  "without CAP_NET_ADMIN changing is refused with the remedy, reading is not",
  ["setpriv"],
  (space) => {
    space.run("ip", "route", "add", "blackhole", "10.9.0.0/24");
    const drop = ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin"];
    const node = [
      process.execPath,
      "--disable-warning=ExperimentalWarning",
      "--input-type=module-typescript",
    ];
    const said = JSON.parse(space.run(...drop, ...node, "-e", DENIED)) as Record<string, unknown>;
    assert.deepEqual([said["name"], said["routesSeen"]], ["OperatorError", 1]);
    assert.match(String(said["message"]), /needs the capability CAP_NET_ADMIN/);
    assert.match(String(said["remedy"]), /AmbientCapabilities=CAP_NET_ADMIN/);
  },
);

test("a simulated machine without the capability refuses as well", async () => {
  const { routes } = new World({ seed: 1 }).addHost("10.0.0.1");
  routes.isForbidden = true;
  const handlers = { changed: () => {}, lost: () => {} };
  await assert.rejects(routes.open(OPTIONS, handlers), OperatorError);
  assert.deepEqual(await (await routes.open({ ...OPTIONS, readOnly: true }, handlers)).list(), []);
});
