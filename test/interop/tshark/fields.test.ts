import assert from "node:assert/strict";
import { build, givenLayers } from "#packet/build.ts";
import { hexText } from "#packet/primitive.ts";
import { standardRegistry } from "#wire/registry.ts";
import { programTest } from "../program-test.ts";
import { allCaptures, captureName } from "./captures.ts";
import { compareFields, packetsOf } from "./compare.ts";
import { isOursToShow, knownDifference } from "./known.ts";
import { withMerged } from "./merge.ts";
import { tsharkFields, type FrameFields } from "./tshark.ts";

const registry = standardRegistry();

const captures = allCaptures();
let asked: Promise<ReadonlyMap<string, readonly FrameFields[]>> | undefined;

/** What tshark says of every frame, by capture. */
function tsharkSays(): Promise<ReadonlyMap<string, readonly FrameFields[]>> {
  return (asked ??= withMerged(captures, (file, begins) => {
    const frames = tsharkFields(file);
    const starts = [...begins.values(), frames.length + 1];
    return new Map(
      [...begins.keys()].map((each, i) => [each, frames.slice(starts[i]! - 1, starts[i + 1]! - 1)]),
    );
  }));
}

for (const file of captures) {
  const name = captureName(file);
  programTest(`${name}: every field has the value that tshark gives it`, ["tshark"], async () => {
    const theirs = (await tsharkSays()).get(file)!;
    const { frames, equal, differences, onlyTshark } = compareFields(registry, file, theirs);
    assert.equal(theirs.length, frames);
    assert.ok(equal > frames * 10, `${equal} values of ${frames} frames were compared`);
    assert.deepEqual(
      differences.filter((line) => !knownDifference(name, line)),
      [],
    );
    if (name === "errors" || name === "cut") return;
    const missing = [...onlyTshark.keys()].filter(
      (only) => isOursToShow(only) && !knownDifference(name, `only tshark ${only}`),
    );
    assert.deepEqual(missing, [], "fields that lie in the bytes and have no name here");
  });

  programTest(`${name}: every frame is written back byte for byte`, [], () => {
    const packets = packetsOf(registry, file);
    assert.ok(packets.length > 0);
    for (const [i, packet] of packets.entries())
      assert.equal(hexText(build(registry, givenLayers(packet))), hexText(packet.bytes), `frame ${i + 1}`);
  });
}
