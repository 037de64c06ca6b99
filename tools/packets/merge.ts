// Merges captures into one pcapng file: node tools/packets/merge.ts OUT FILE…
import { mergeCaptures } from "../../test/interop/tshark/merge.ts";

const [out, ...files] = process.argv.slice(2);
for (const [file, begin] of mergeCaptures(files, out!)) console.log(`${begin} ${file}`);
