// Joins a cluster of HashiCorp's memberlist and says who comes and goes. What is typed goes to all; the end of it leaves.
// node join.mjs NAME IP:PORT [IP:PORT of a member]...
import { createInterface } from "node:readline";
import { startMember } from "parley/membership/node";

const [name, address, ...join] = process.argv.slice(2);
const text = (bytes) => new TextDecoder().decode(bytes);

function show(event) {
  if (event.type === "user") return console.log(`${event.from} says: ${text(event.payload)}`);
  if (event.type === "reached") return console.log(`reached ${event.address}: ${event.members} members`);
  if (!("member" in event)) return console.log(JSON.stringify(event));
  const { name, address, meta } = event.member;
  console.log(`${event.type} ${name} ${address} ${text(meta)} ${event.reason ?? ""}`.trimEnd());
}

const meta = new TextEncoder().encode("speaks JavaScript");
const member = await startMember({ name, address, join, meta, event: show });
console.log(`${name} is a member at ${address}`);

const input = createInterface({ input: process.stdin });
input.on("line", (line) => member.push({ type: "broadcast", payload: new TextEncoder().encode(line) }));
input.on("close", async () => {
  const present = member.core.members().filter(({ state }) => state === "alive");
  console.log(
    `of ${present.length} members: ${present
      .map((each) => each.name)
      .sort()
      .join(" ")}`,
  );
  await member.leave();
});
