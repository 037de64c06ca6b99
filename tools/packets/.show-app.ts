import { packetTree } from "#packet/show.ts";
import { standardRegistry } from "./.app-registry.ts";
import { packetsOf } from "../../test/interop/tshark/compare.ts";
const [file, ...numbers] = process.argv.slice(2);
const packets = packetsOf(standardRegistry(), file!);
for (const n of numbers) for (const line of packetTree(packets[Number(n) - 1]!)) console.log("  ".repeat(line.depth) + line.text.slice(0, 150), line.query ?? "");
