import assert from "node:assert/strict";
import { test } from "node:test";
import { METHOD_ROLES, permits, roleFor, ROLES } from "#api/roles.ts";
import { API_SERVICES } from "#api/router.ts";

const methods = API_SERVICES.flatMap(({ typeName, methods }) =>
  methods.map(({ name }) => `${typeName}/${name}`),
);

test("every method of every service has a role, and the table names nothing else", () => {
  assert.deepEqual([...METHOD_ROLES.keys()].sort(), methods.toSorted());
});

test("a method that the table does not name is for the administrator", () => {
  assert.equal(roleFor("parley.v1.NodeService/SelfDestruct"), "admin");
});

test("methods that change nothing are for readers, and only those", () => {
  const isRead = /\/(Get|List|Explain|Watch$|Check$|ServerReflectionInfo$)/;
  for (const method of methods) assert.equal(roleFor(method) === "read", isRead.test(method), method);
});

test("each role includes the ones before it", () => {
  for (const [i, held] of ROLES.entries()) {
    for (const [j, needed] of ROLES.entries()) assert.equal(permits(held, needed), i >= j);
  }
});
