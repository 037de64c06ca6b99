// Compares what Parley and tshark read from captures: node tools/packets/compare.ts FILE…
import { standardRegistry } from "#wire/registry.ts";
import { compareFields } from "../../test/interop/tshark/compare.ts";

const registry = standardRegistry();
for (const file of process.argv.slice(2)) {
  const { frames, equal, differences, onlyTshark } = compareFields(registry, file);
  console.log(`${file}: ${frames} frames, ${equal} values equal, ${differences.length} differences`);
  for (const line of differences) console.log(`  ${line}`);
  const names = [...onlyTshark].sort().map(([name, count]) => `${name} (${count})`);
  if (names.length > 0) console.log(`  only tshark: ${names.join(", ")}`);
}
