// Compares which packets queries select here and in tshark: node tools/packets/compare-queries.ts FILE… [-- QUERY…]
import { standardRegistry } from "#wire/registry.ts";
import { QUERIES } from "../../test/interop/tshark/queries.ts";
import { selectedNumbers } from "../../test/interop/tshark/select.ts";
import { tsharkNumbers } from "../../test/interop/tshark/tshark.ts";

const split = process.argv.indexOf("--");
const files = process.argv.slice(2, split < 0 ? undefined : split);
const queries = split < 0 ? QUERIES : process.argv.slice(split + 1);
const registry = standardRegistry();
let equal = 0;
let different = 0;
for (const file of files) {
  for (const text of queries) {
    let theirs: readonly number[];
    try {
      theirs = await tsharkNumbers(file, text);
    } catch (error) {
      console.log(`${text}: ${String(error).slice(0, 200)}`);
      continue;
    }
    try {
      const { quick, slow } = selectedNumbers(registry, file, text);
      if (String(quick) !== String(slow)) console.log(`${file} ${text}: quick ${difference(quick, slow)}`);
      if (String(quick) === String(theirs)) equal++;
      else {
        different++;
        console.log(`${file} ${text}: ${difference(quick, theirs)}`);
      }
    } catch (error) {
      console.log(`${text}: ${String(error)}`);
      different++;
    }
  }
}
console.log(`${equal} equal, ${different} different`);

function difference(ours: readonly number[], theirs: readonly number[]): string {
  const more = ours.filter((each) => !theirs.includes(each));
  const less = theirs.filter((each) => !ours.includes(each));
  return `only ours ${more.slice(0, 12).join(" ") || "-"}; only theirs ${less.slice(0, 12).join(" ") || "-"}`;
}
