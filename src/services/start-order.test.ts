import assert from "node:assert/strict";
import { test } from "node:test";
import { OperatorError } from "#base/operator-error.ts";
import type { AnyService } from "#services/service.ts";
import { startOrder } from "#services/start-order.ts";
import { ServiceBench } from "#services/testing/bench.ts";

const bench = new ServiceBench();
const namesOf = (services: readonly AnyService[]) => services.map(({ name }) => name);

test("each service comes after all that it needs, otherwise as given", () => {
  const links = bench.dummy("links");
  const routes = bench.dummy("routes", { needs: [links] });
  const ospf = bench.dummy("ospf", { needs: [routes, links] });
  const api = bench.dummy("api");
  assert.deepEqual(namesOf(startOrder([ospf, api, routes, links])), ["links", "routes", "ospf", "api"]);
  assert.deepEqual(startOrder([]), []);
});

test("a cycle is named from end to end", () => {
  const needs: Record<string, AnyService> = {};
  const a: AnyService = { ...bench.dummy("a"), needs };
  const b = bench.dummy("b", { needs: [a] });
  const c = bench.dummy("c", { needs: [b] });
  needs["c"] = c;
  assert.throws(
    () => startOrder([a, b, c]),
    (error) => error instanceof OperatorError && /in a cycle: a -> c -> b -> a/.test(error.message),
  );
});

test("a need that is not there and two of one name are refused by name", () => {
  const links = bench.dummy("links");
  const ospf = bench.dummy("ospf", { needs: [links] });
  assert.throws(() => startOrder([ospf]), /service ospf needs links, which is not there/);
  // Another service of that name would give ospf an API of another type.
  assert.throws(() => startOrder([bench.dummy("links"), ospf]), /service ospf needs links/);
  assert.throws(() => startOrder([links, bench.dummy("links")]), /two services are called links/);
});
