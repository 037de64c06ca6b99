import { connect, createServer, type Socket } from "node:net";

/**
 * The least that a relay in Node can do, as a measure of the machine: lines in, JSON parsed, a line on the standard
 * output, the bytes on to every peer. No duplicates, queues, limits or reconnecting. Arguments: the peers' ports.
 */
const peers: Socket[] = process.argv.slice(2).map((port) => connect({ port: Number(port), noDelay: true }));
const server = createServer({ noDelay: true }, (socket) => {
  let rest = "";
  socket.setEncoding("utf8");
  socket.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) show(line);
  });
});
server.listen({ host: "127.0.0.1", port: 0 }, () => {
  const address = server.address();
  if (address !== null && typeof address === "object") {
    process.stdout.write(`listening on 127.0.0.1:${address.port}\n`);
  }
});

function show(line: string): void {
  const message = JSON.parse(line) as { readonly Body: string };
  process.stdout.write(`${message.Body}\n`);
  for (const peer of peers) peer.write(`${line}\n`);
}
