// Runs as a user without capabilities: prints what opening sockets says.
import { OperatorError } from "#base/operator-error.ts";
import { systemHost } from "#system/host.ts";

const { packetSockets, rawIp } = systemHost();
const handlers = { received: () => {}, failed: () => {} };
const results = await Promise.allSettled([
  packetSockets.open({ interface: "lo", mode: "latency" }, handlers),
  packetSockets.open({ interface: "lo", mode: "bulk" }, handlers),
  rawIp.open({ interface: "lo", protocol: 89 }, handlers),
  rawIp.openSender({ protocol: 89 }),
  packetSockets.open({ interface: "nowhere0", mode: "bulk" }, handlers),
  rawIp.open({ interface: "nowhere0", protocol: 89 }, handlers),
]);
const said = results.map((result) => {
  const error: unknown = result.status === "rejected" ? result.reason : undefined;
  return error instanceof OperatorError ? [error.message, error.remedy] : [String(error)];
});
process.stdout.write(`${JSON.stringify(said)}\n`);
