import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { z } from "zod";
import { endpointText, filePath, limit, namedEndpointText } from "#config/schema.ts";

function messages(schema: z.ZodType, value: unknown): readonly string[] {
  return schema.safeParse(value).error?.issues.map(({ message }) => message) ?? [];
}

test("An endpoint is read from text and goes back to it.", () => {
  assert.deepEqual(endpointText().parse("192.0.2.7:55555"), { host: "192.0.2.7", port: 55555 });
  assert.deepEqual(endpointText().parse("[2001:DB8::7]:1"), { host: "2001:db8::7", port: 1 });
  assert.deepEqual(namedEndpointText().parse("gopher.example:1"), { host: "gopher.example", port: 1 });
  fc.assert(
    fc.property(
      fc.oneof(
        fc.ipV4(),
        fc.ipV6().map((ip) => `[${ip}]`),
      ),
      fc.integer({ min: 0, max: 65_535 }),
      (ip, port) => {
        const endpoint = endpointText().parse(`${ip}:${port}`);
        assert.deepEqual(endpointText().parse(endpointText().encode(endpoint)), endpoint);
      },
    ),
  );
});

test("What is no endpoint is refused with an example.", () => {
  const expected = 'expected an IP address and a port; write 127.0.0.1:55555 or "[::1]:55555"';
  for (const value of ["", "127.0.0.1", "gopher.example:1", "1.2.3.4:70000", "::1:5", 5, null, {}]) {
    assert.deepEqual(messages(endpointText(), value), [expected], String(value));
  }
  const list = 'expected text, got a list; put an address in brackets in quotes, such as "[::1]:55555"';
  assert.deepEqual(messages(endpointText(), ["::1"]), [list]);
  assert.deepEqual(messages(namedEndpointText(), "-:1"), [
    'expected a host or an IP address, and a port; write gopher.example:55555, 127.0.0.1:55555 or "[::1]:55555"',
  ]);
});

test("An endpoint may be optional or have a default in the form that is written.", () => {
  const schema = z.strictObject({
    listen: endpointText().prefault("[::]:8083"),
    advertise: endpointText().optional(),
  });
  assert.deepEqual(schema.parse({}), { listen: { host: "::", port: 8083 } });
  assert.deepEqual(schema.encode(schema.parse({})), { listen: "[::]:8083" });
});

test("A path is text with something in it.", () => {
  assert.equal(filePath().parse("./data"), "./data");
  assert.deepEqual(messages(filePath(), ""), ["is empty; write a path, such as ./data"]);
  assert.deepEqual(messages(filePath(), "a\0b"), ["holds a NUL character; write a path, such as ./data"]);
  assert.deepEqual(messages(filePath(), 5), ["expected a path; write text, such as ./data"]);
});

test("A limit is a whole number within its bounds, or its default.", () => {
  const schema = limit(1, 10, 4);
  assert.equal(schema.parse(undefined), 4);
  assert.equal(schema.parse(10), 10);
  const expected = ["must be from 1 to 10; the default is 4"];
  assert.deepEqual(messages(schema, 0), expected);
  assert.deepEqual(messages(schema, 11), expected);
  assert.equal(messages(schema, 1.5).length, 1);
});
