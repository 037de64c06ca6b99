import { seededRandom } from "#base/random.ts";
import { randomValues, randomGiven } from "#packet/random-values.ts";
import { emit } from "#packet/build.ts";
import { parse } from "#packet/parse.ts";
import { readFields } from "#packet/read.ts";
import { standardRegistry } from "./.app-registry.ts";
import { applicationProtocols } from "#wire/groups/application.ts";
import { packetsOf } from "../../test/interop/tshark/compare.ts";
import { deepStrictEqual } from "node:assert";
const registry = standardRegistry();
for (const message of applicationProtocols) {
  const random = seededRandom("a" + message.name);
  let bad = 0, refused = 0;
  for (let i = 0; i < 3000; i++) {
    try {
      const given = randomGiven(message, random);
      const bytes = emit(message, given);
      const parsed = parse(message, bytes);
      if (!parsed.ok) { refused++; if (refused < 4) console.log(message.name, parsed.error); continue; }
      const again = emit(message, parsed.value as never);
      deepStrictEqual(Buffer.from(again).toString("hex"), Buffer.from(bytes).toString("hex"));
      deepStrictEqual(parse(message, again), parsed);
      const place = { headerEnd: 0, end: 0, next: -1 };
      const fast = registry.parser(registry.numberOf(message))(bytes, 0, bytes.length, bytes.length, place);
      if (fast) deepStrictEqual(fast, parsed.value);
      else if (!["bfd"].includes(message.name)) { if (bad++ < 3) console.log(message.name, "generated parser gave up", JSON.stringify(parsed.value).slice(0, 300)); }
    } catch (e) { if (bad++ < 3) console.log(message.name, String((e as Error).message).slice(0, 1500)); }
  }
  console.log(message.name, "bad", bad, "refused", refused);
}
for (const file of process.argv.slice(2)) {
  let slow = 0, same = 0;
  for (const packet of packetsOf(registry, file)) for (const layer of packet.layers) {
    if (!applicationProtocols.includes(layer.message)) continue;
    const context = { bytes: packet.bytes, captured: packet.captured, layerStart: layer.start, layerLimit: layer.limit, problems: [] };
    const reading = readFields(context, layer.message, layer.start, layer.limit);
    deepStrictEqual(layer.values, reading.values); same++;
    const place = { headerEnd: 0, end: 0, next: -1 };
    const fast = registry.parser(registry.numberOf(layer.message))(packet.bytes, layer.start, layer.limit, packet.captured, place);
    if (!fast) { slow++; if (layer.whole) console.log("slow", layer.message.name, layer.values["id"] ?? layer.values["transactionId"]); }
  }
  console.log(file, same, "same", slow, "slow");
}
