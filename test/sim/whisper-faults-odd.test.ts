import { test } from "node:test";
import { seeds } from "./seeds.ts";
import { whisperFaults } from "./whisper-world.ts";

for (const seed of seeds(4, 1, 6)) {
  test(`200 peers under loss, partitions and restarts show each message once (seed ${seed})`, () => {
    whisperFaults({ seed, nodes: 200 });
  });
}
