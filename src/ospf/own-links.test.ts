import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { formatIpv4 } from "#base/ipv4.ts";
import { parse } from "#packet/parse.ts";
import * as wire from "#wire/ospf/lsa-bodies.ts";
import { Lsa as WireLsa } from "#wire/ospf/lsa.ts";
import type { InterfaceConfig } from "#ospf/config.ts";
import { interfaceDefaults } from "#ospf/defaults.ts";
import type { InterfaceState } from "#ospf/interface-machine.ts";
import { placeOf } from "#ospf/link-place.ts";
import { externalBody, makeLsa, networkBody, routerBody } from "#ospf/lsa-bodies.ts";
import { linksOf } from "#ospf/own-links.ts";
import { Area, Neighbor, OspfInterface } from "#ospf/state.ts";
import { testLink } from "#ospf/testing/bench.ts";
import { ip } from "#ospf/testing/lsas.ts";

const WORDS = ["", "p2p", "transit", "stub"];

/** The interface eth0 10.0.0.1/24 of that type and state, with Full neighbors at those addresses. */
function links(
  config: Partial<InterfaceConfig>,
  state: InterfaceState,
  full: readonly string[] = [],
  { maxMetric = false, designated = "0.0.0.0", address = "10.0.0.1/24" } = {},
): string[] {
  const each = new OspfInterface(new Area({ areaId: 0, interfaces: [] }), {
    ...interfaceDefaults("eth0"),
    ...config,
  });
  const link = { ...testLink(7, "eth0", address), ...(address === "" && { addresses: [] }) };
  Object.assign(each, placeOf(link, each.config), { state, designated: ip(designated) });
  for (const text of full) {
    const neighbor = new Neighbor(each, ip(text.replace("10.0.0", "192.0.2")), ip(text));
    neighbor.state = "Full";
    each.neighbors.set(neighbor.key, neighbor);
  }
  const byHand = new Neighbor(each, ip("192.0.2.200"), ip("10.0.0.200"));
  byHand.state = "Loading";
  each.neighbors.set(byHand.key, byHand);
  return linksOf(each, maxMetric).map(
    ({ type, id, data, metric }) => `${WORDS[type]} ${formatIpv4(id)} ${formatIpv4(data)} ${metric}`,
  );
}

const STUB = "stub 10.0.0.0 255.255.255.0 10";
const P2P = { type: "point-to-point" } as const;
const P2MP = { type: "point-to-multipoint" } as const;
const LAN = { type: "broadcast" } as const;

// RFC 2328 12.4.1.1 to 12.4.1.4.
const CASES: readonly (readonly [string, string[], string[]])[] = [
  ["nothing while it is down", links(P2P, "Down", ["10.0.0.2"]), []],
  [
    "a neighbor and the network of a point-to-point link",
    links(P2P, "Point-to-Point", ["10.0.0.2"]),
    ["p2p 192.0.2.2 10.0.0.1 10", STUB],
  ],
  ["the network alone without a Full neighbor", links(P2P, "Point-to-Point"), [STUB]],
  [
    "the index of a link without an address",
    links(P2P, "Point-to-Point", ["10.0.0.2"], { address: "" }),
    ["p2p 192.0.2.2 0.0.0.7 10"],
  ],
  [
    "each neighbor of point-to-multipoint, and its own address",
    links(P2MP, "Point-to-Point", ["10.0.0.2", "10.0.0.3"]),
    ["p2p 192.0.2.2 10.0.0.1 10", "p2p 192.0.2.3 10.0.0.1 10", "stub 10.0.0.1 255.255.255.255 0"],
  ],
  ["a stub while it waits", links(LAN, "Waiting"), [STUB]],
  ["a stub when it leads nobody", links(LAN, "DR", [], { designated: "10.0.0.1" }), [STUB]],
  [
    "the transit network that it leads",
    links(LAN, "DR", ["10.0.0.2"], { designated: "10.0.0.1" }),
    ["transit 10.0.0.1 10.0.0.1 10"],
  ],
  [
    "the transit network whose leader is adjacent",
    links(LAN, "DROther", ["10.0.0.2"], { designated: "10.0.0.2" }),
    ["transit 10.0.0.2 10.0.0.1 10"],
  ],
  [
    "a stub when only others are adjacent",
    links(LAN, "Backup", ["10.0.0.3"], { designated: "10.0.0.2" }),
    [STUB],
  ],
  ["a stub when it is passive", links({ ...LAN, passive: true }, "DROther"), [STUB]],
  [
    "the address of a loopback as a host",
    links({ type: "loopback" }, "Loopback"),
    ["stub 10.0.0.1 255.255.255.255 0"],
  ],
  [
    "the highest metric for transit of a stub router, the own network as before (RFC 6987)",
    links(P2P, "Point-to-Point", ["10.0.0.2"], { maxMetric: true }),
    ["p2p 192.0.2.2 10.0.0.1 65535", STUB],
  ],
];
for (const [what, found, expected] of CASES)
  test(`an interface tells ${what}`, () => assert.deepEqual(found, expected));

test("without an address a broadcast interface is nowhere, and a secondary address is no network of its own", () => {
  const link = testLink(1, "eth0", "10.0.0.1/24");
  const [address] = link.addresses;
  const config = interfaceDefaults("eth0");
  assert.equal(placeOf({ ...link, addresses: [] }, config), undefined);
  assert.equal(placeOf({ ...link, running: false }, config), undefined);
  const second = {
    ...address!,
    address: testLink(1, "", "10.5.0.1/16").addresses[0]!.address,
    prefixLength: 16,
  };
  const place = placeOf({ ...link, addresses: [address!, second] }, config)!;
  assert.deepEqual(
    [place.type, place.stubs],
    ["broadcast", [{ network: ip("10.5.0.0"), mask: 0xffff_0000 }]],
  );
  const secondary = { ...second, flags: ["secondary"] };
  assert.deepEqual(placeOf({ ...link, addresses: [address!, secondary] }, config)!.stubs, []);
  assert.equal(placeOf({ ...link, flags: ["POINTOPOINT"] }, config)!.type, "point-to-point");
  assert.equal(placeOf({ ...link, flags: ["LOOPBACK"] }, config)!.type, "loopback");
});

const word = fc.integer({ min: 0, max: 0xffff_ffff });

test("bodies are what the declarations say", () => {
  const some = fc.array(
    fc.record({
      type: fc.integer({ min: 1, max: 4 }),
      id: word,
      data: word,
      metric: fc.integer({ min: 0, max: 0xffff }),
    }),
    { maxLength: 20 },
  );
  fc.assert(
    fc.property(some, fc.boolean(), (told, isAsBoundary) => {
      const parsed = parse(wire.RouterLsa, routerBody(told, isAsBoundary));
      assert.ok(parsed.ok);
      assert.equal(parsed.value.flags.asBoundaryRouter, isAsBoundary);
      assert.deepEqual(
        parsed.value.links.map(({ type, linkId, linkData, metric }) => [type, linkId, linkData, metric]),
        told.map(({ type, id, data, metric }) => [type, formatIpv4(id), formatIpv4(data), metric]),
      );
    }),
  );
  fc.assert(
    fc.property(word, fc.array(word), (mask, routers) => {
      const parsed = parse(wire.NetworkLsa, networkBody(mask, routers));
      assert.ok(parsed.ok);
      assert.equal(parsed.value.networkMask, formatIpv4(mask));
      assert.deepEqual([...parsed.value.attachedRouters], routers.map(formatIpv4));
    }),
  );
  const route = fc.record({
    network: word,
    length: fc.integer({ min: 0, max: 32 }),
    metric: fc.integer({ min: 0, max: 0xff_ffff }),
    isType2: fc.boolean(),
    tag: word,
    forwardingAddress: word,
  });
  fc.assert(
    fc.property(route, (given) => {
      const identity = { type: 5, id: given.network, advertisingRouter: 1 };
      const made = makeLsa(identity, { options: 2, sequence: -5, body: externalBody(given) }, 0);
      const parsed = parse(WireLsa, made.bytes);
      assert.ok(parsed.ok, parsed.ok ? "" : parsed.error);
      const body = parsed.value.body as wire.AsExternalLsa;
      assert.deepEqual(
        [body.metric, body.externalMetric === 1, body.externalRouteTag, body.forwardingAddress],
        [given.metric, given.isType2, given.tag, formatIpv4(given.forwardingAddress)],
      );
      assert.equal(parsed.value.lsSequenceNumber, 0xffff_fffb);
    }),
  );
});
