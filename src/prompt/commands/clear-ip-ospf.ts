import { linesAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { command } from "#prompt/grammar.ts";

const CLEAR = ["Reset functions", "IP information", "OSPF information"] as const;

export const clearIpOspfNeighbor = command<ParleyContext>()("clear ip ospf neighbor [id:neighbor]", {
  help: [...CLEAR, "Drop adjacencies; they form again", "Router id of one neighbor"],
  async run({ client }, { id = "" }, call) {
    const { cleared } = await (await client()).ospf.clearNeighbors({ routerId: id }, call);
    return linesAnswer({ cleared }, [`cleared ${cleared} ${cleared === 1 ? "neighbor" : "neighbors"}`]);
  },
});

export const clearIpOspfProcess = command<ParleyContext>()("clear ip ospf process", {
  help: [...CLEAR, "Begin anew with empty databases"],
  async run({ client }, _args, call) {
    await (await client()).ospf.clearProcess({}, call);
    return linesAnswer({ process: "cleared" }, ["the OSPF process begins anew"]);
  },
});
