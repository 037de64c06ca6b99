import { seededRandom } from "#base/random.ts";
import { queryTarget } from "./queries.ts";
const t = queryTarget(); const r = seededRandom("x");
for (let i = 0; i < 4000; i++) { try { t.run(t.make!(r)); } catch {} if (i % 500 === 0) { (globalThis as unknown as {gc():void}).gc(); console.log(i, Math.round(process.memoryUsage().heapUsed / 1e6)); } }
