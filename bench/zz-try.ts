import { standardRegistry } from "#wire/registry.ts";
import { factsOf } from "#packet/facts.ts";
import { givenLayers, build } from "#packet/build.ts";
import { packetsOf } from "../test/interop/tshark/compare.ts";
import { packetTree } from "#packet/show.ts";
const registry = standardRegistry();
const files = process.argv.slice(2);
for (const f of files) {
  let same = 0,
    n = 0,
    raws = 0,
    bytesBodies = 0,
    problems = new Map();
  for (const p of packetsOf(registry, f)) {
    n++;
    const again = build(registry, givenLayers(p));
    if (Buffer.compare(again, p.bytes) === 0) same++;
    else console.log("DIFF", n);
    for (const pr of p.problems)
      problems.set(pr.kind + ":" + pr.error, (problems.get(pr.kind + ":" + pr.error) ?? 0) + 1);
    for (const l of p.layers) {
      const b = (l.values as any).body;
      if (b instanceof Uint8Array) {
        bytesBodies++;
        if (process.env.V) console.log(n, Buffer.from(b).toString("hex").slice(0, 80));
      } else if (b?.raw) {
        raws++;
        if (process.env.V) console.log("RAW", n, b);
      }
    }
    if (process.env.N && Number(process.env.N) === n) {
      for (const l of packetTree(p)) console.log(" ".repeat(l.depth * 2) + l.text);
      for (const x of factsOf(p))
        if (/memberlist|serf/.test(x.query) && x.type !== "protocol")
          console.log(
            "   ",
            x.query,
            x.type,
            x.value instanceof Uint8Array ? Buffer.from(x.value).toString("hex") : x.value,
          );
      console.dir(p.layers.at(-1)!.values, { depth: 9 });
    }
  }
  console.log(f.split("/").at(-1), n, "same", same, "raw", raws, "bytes", bytesBodies, [...problems]);
}
