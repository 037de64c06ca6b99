import { givenLayers, build } from "#packet/build.ts";
import { standardRegistry } from "./.app-registry.ts";
import { packetsOf } from "/work/main/test/interop/tshark/compare.ts";
const registry = standardRegistry();
for (const file of process.argv.slice(2)) {
  let bad = 0,
    n = 0,
    partial = 0;
  for (const [i, packet] of packetsOf(registry, file).entries()) {
    n++;
    if (packet.layers.some((l) => !l.whole)) partial++;
    let out: Uint8Array | undefined;
    try {
      out = build(registry, givenLayers(packet));
    } catch (e) {
      console.log(i + 1, String(e));
      bad++;
      continue;
    }
    if (Buffer.compare(Buffer.from(out), Buffer.from(packet.bytes)) !== 0) {
      bad++;
      console.log(
        i + 1,
        "differs",
        packet.layers.map((l) => l.message.name + (l.whole ? "" : "!")).join(":"),
      );
    }
    if (process.env.PROBLEMS && packet.problems.length)
      console.log(
        i + 1,
        packet.layers.map((l) => l.message.name + (l.whole ? "" : "!")).join(":"),
        packet.problems.map((p) => p.kind + " " + p.error + "@" + p.at).join("; "),
      );
  }
  console.log(file, n, "frames", partial, "partial", bad, "bad");
}
