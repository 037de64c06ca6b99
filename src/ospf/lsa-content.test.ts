import { maskOf, parseIpv4, writeIpv4 } from "#base/ipv4.ts";
import { seededRandom } from "#base/random.ts";
import { emit } from "#packet/build.ts";
import { Packet } from "#packet/dissect.ts";
import { CaptureReader } from "#packet/file/capture-reader.ts";
import type { Message } from "#packet/message.ts";
import { parse } from "#packet/parse.ts";
import { randomGiven } from "#packet/random-values.ts";
import { readContent, RouterLinks, saysTheSame } from "#ospf/lsa-content.ts";
import { Lsa, type LsaContent } from "#ospf/lsa.ts";
import { lsa, networkLsa, routerLsa, summaryLsa, toRouter, toStub } from "#ospf/testing/lsas.ts";
import { AsExternalLsa, NetworkLsa, RouterLsa, SummaryLsa } from "#wire/ospf/lsa-bodies.ts";
import { Lsa as DeclaredLsa, LsaHeader } from "#wire/ospf/lsa.ts";
import { Ospf } from "#wire/ospf/ospf.ts";
import type { LinkStateUpdate } from "#wire/ospf/packets.ts";
import { standardRegistry } from "#wire/registry.ts";
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";

/** What the declaration reads, in the words of LsaContent; undefined for what it finds broken. */
function declared(bytes: Uint8Array): LsaContent | undefined {
  const parsed = parse(DeclaredLsa, bytes);
  if (!parsed.ok) return undefined;
  const { lsType, body } = parsed.value;
  // What does not fit the declaration whole is left as bytes.
  if (body instanceof Uint8Array && BODIES[lsType]) return undefined;
  switch (lsType) {
    case 1: {
      const { flags, links } = body as RouterLsa;
      return {
        type: "router",
        isBorder: flags.areaBorderRouter,
        isAsBoundary: flags.asBoundaryRouter,
        isVirtualEndpoint: flags.virtualLinkEndpoint,
        links: links.map(({ type, linkId, linkData, metric }) => ({
          type,
          id: parseIpv4(linkId)!,
          data: parseIpv4(linkData)!,
          metric,
        })),
      };
    }
    case 2: {
      const { networkMask, attachedRouters } = body as NetworkLsa;
      return contiguous(networkMask, {
        type: "network",
        routers: attachedRouters.map((each) => parseIpv4(each)!),
      });
    }
    case 3:
    case 4: {
      const { networkMask, metric } = body as SummaryLsa;
      if (lsType === 4) return { type: "summary", mask: parseIpv4(networkMask)!, metric };
      return contiguous(networkMask, { type: "summary", metric });
    }
    case 5:
    case 7: {
      const { networkMask, externalMetric, metric, forwardingAddress, externalRouteTag } =
        body as AsExternalLsa;
      return contiguous(networkMask, {
        type: "external",
        isType2: externalMetric === 1,
        metric,
        forwardingAddress: parseIpv4(forwardingAddress)!,
        tag: externalRouteTag,
      });
    }
    default:
      return { type: "other" };
  }
}

type WithoutMask<T> = T extends { mask: unknown } ? Omit<T, "mask"> : never;

function contiguous(text: string, rest: WithoutMask<LsaContent>): LsaContent | undefined {
  const mask = parseIpv4(text)!;
  const bits = mask.toString(2).padStart(32, "0");
  return /^1*0*$/.test(bits) ? ({ ...rest, mask } as LsaContent) : undefined;
}

const BODIES: Readonly<Record<number, Message>> = {
  1: RouterLsa as unknown as Message,
  2: NetworkLsa as unknown as Message,
  3: SummaryLsa as unknown as Message,
  4: SummaryLsa as unknown as Message,
  5: AsExternalLsa as unknown as Message,
  7: AsExternalLsa as unknown as Message,
};

test("random LSAs, whole, cut and spoilt, are read as their declaration reads them", () => {
  const random = seededRandom("lsa-content");
  const seen = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const lsType = 1 + random.below(9);
    const declaration = BODIES[lsType];
    const body = declaration ? emit(declaration, randomGiven(declaration, random)) : new Uint8Array(4);
    let bytes = emit(DeclaredLsa, { ...randomGiven(LsaHeader, random), length: undefined, lsType, body });
    // A random mask is seldom a mask.
    if (lsType > 1 && i % 4 > 0) writeIpv4(bytes, 20, maskOf(random.below(33)));
    if (i % 2 === 0 && bytes.length > 20) {
      bytes = bytes.slice();
      const at = 20 + random.below(bytes.length - 20);
      bytes[at] = random.below(3) === 0 ? 255 : random.below(6);
    }
    const content = readContent(new Lsa(bytes, 0));
    if (lsType !== 6 && lsType < 8)
      assert.deepEqual(content, declared(bytes), Buffer.from(bytes).toString("hex"));
    else assert.deepEqual(content, { type: "other" });
    const kind = `${lsType} ${content ? "read" : "malformed"}`;
    seen.set(kind, (seen.get(kind) ?? 0) + 1);
  }
  for (const type of [1, 2, 3, 4, 5, 7]) assert.ok((seen.get(`${type} read`) ?? 0) > 100, `type ${type}`);
  for (const type of [1, 2, 3, 5, 7]) assert.ok((seen.get(`${type} malformed`) ?? 0) > 20, `type ${type}`);
});

test("every LSA of the captures is read as its declaration reads it", () => {
  const folder = new URL("../../test/captures/ospf/", import.meta.url);
  const registry = standardRegistry();
  let count = 0;
  for (const name of readdirSync(folder).filter((each) => each.endsWith(".pcap"))) {
    const reader = new CaptureReader();
    reader.push(readFileSync(new URL(name, folder)));
    reader.end();
    while (reader.next()) {
      const { bytes, start, stop, linkType } = reader;
      const packet = new Packet(registry, registry.find("linktype", linkType)!, bytes.slice(start, stop));
      const ospf = packet.get(Ospf);
      if (ospf?.type !== 4) continue;
      let at = packet.layer(Ospf as never)!.start + 28;
      for (const { length, lsType } of (ospf.body as LinkStateUpdate).lsas) {
        const one = packet.bytes.slice(at, (at += length));
        const expected = lsType === 6 || lsType >= 8 ? { type: "other" } : declared(one);
        assert.deepEqual(readContent(new Lsa(one, 0)), expected);
        count++;
      }
    }
  }
  assert.ok(count > 50);
});

test("what is too short, too long or has a mask with holes is malformed", () => {
  const one = routerLsa(1, [toRouter(2, 3, 4), toStub(5, 24, 6)]).bytes;
  const wrong = [
    one.slice(0, 40),
    lengthened(one.slice(0, 47)),
    lengthened(Uint8Array.from([...one, 0, 0, 0, 0])),
    lengthened(networkLsa(1, 2, 24, [3]).bytes.slice(0, 26)),
    lengthened(summaryLsa(1, 24, 2, 3).bytes.slice(0, 24)),
    lsa(3, 1, 2, new Uint8Array([255, 0, 255, 0, 0, 0, 0, 1])).bytes,
    lsa(2, 1, 2, new Uint8Array([255, 255, 255, 3])).bytes,
    lsa(5, 1, 2, new Uint8Array(15)).bytes,
  ];
  for (const bytes of wrong)
    assert.equal(readContent(new Lsa(bytes, 0)), undefined, Buffer.from(bytes).toString("hex"));
  const links = new RouterLinks();
  assert.equal(links.open(new Lsa(wrong[1]!, 0)), false);
  assert.equal(links.next(), false);
});

/** With the length in its header. */
function lengthened(bytes: Uint8Array): Uint8Array {
  bytes[18] = bytes.length >> 8;
  bytes[19] = bytes.length;
  return bytes;
}

test("a refreshed LSA says the same, one with another metric or bit does not", () => {
  const links = [toRouter(2, 3, 4)];
  const one = routerLsa(1, links);
  assert.ok(saysTheSame(one, routerLsa(1, links, { sequence: 7, age: 5, at: 99 })));
  assert.ok(!saysTheSame(one, routerLsa(1, [toRouter(2, 3, 5)])));
  assert.ok(!saysTheSame(one, routerLsa(1, links, { isBorder: true })));
  assert.ok(!saysTheSame(one, routerLsa(1, [...links, ...links])));
});
