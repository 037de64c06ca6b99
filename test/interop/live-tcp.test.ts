import assert from "node:assert/strict";
import { liveTest, type Lab, type Program } from "./live.ts";
import { row, told } from "./live-row.ts";
import { ip, type Namespace } from "./namespace.ts";

/** Greets whoever connects, and says who did and that they said goodbye. */
const LISTENER = `require("net").createServer({ allowHalfOpen: true }, (c) => {
  const who = c.remoteAddress.replace("::ffff:", "") + " " + c.remotePort;
  console.log("accepted", who);
  c.on("error", (error) => console.log("error", error.code, who));
  c.on("end", () => (console.log("ended", who), c.end())).resume().write("hello\\n");
}).listen(8080, "0.0.0.0", () => console.log("listening"))`;

/** A kernel with port 8080 open, 8081 closed, 8082 silent, 8083 forbidden. */
async function withPorts(lab: Lab, host: Namespace): Promise<Program> {
  const rule = (...words: readonly string[]) => ip("-n", host.name, "rule", ...words);
  // Before the table of local addresses, which comes first by default.
  rule("add", "pref", "100", "lookup", "local");
  rule("del", "pref", "0");
  rule("add", "pref", "50", "ipproto", "tcp", "dport", "8082", "blackhole");
  rule("add", "pref", "51", "ipproto", "tcp", "dport", "8083", "prohibit");
  const listener = lab.start(host, process.execPath, "-e", LISTENER);
  await listener.saw(/listening/);
  return listener;
}

liveTest("handshake connects to a kernel, takes its greeting and says goodbye", [], async (lab) => {
  const [, router, far] = await row(lab, 3);
  const listener = await withPorts(lab, far!);
  const shake = (address: string, target: string, port: number) => {
    const gateway = target === "10.80.1.2" ? ["gateway=10.80.0.2"] : [];
    const all = [`address=${address}`, `target=${target}`, `port=${port}`, ...gateway];
    return told(lab.respond("right", "handshake", ...all));
  };
  const [open, closed, silent, nobody] = await Promise.all([
    shake("10.80.0.7", "10.80.1.2", 8080),
    shake("10.80.0.8", "10.80.1.2", 8081),
    shake("10.80.0.9", "10.80.1.2", 8082),
    shake("10.80.0.10", "10.80.0.99", 8080),
  ]);
  assert.deepEqual(open, [
    "resolving -> connecting",
    'connected {"ms":…}',
    "connecting -> open",
    "open -> closing",
    "closing -> lingering",
    "lingering -> closed",
    'closed {"received":6}',
    "done: closed",
  ]);
  assert.deepEqual(closed, ["resolving -> connecting", "connecting -> refused", "refused", "done: refused"]);
  assert.deepEqual(silent.slice(-3), ["connecting -> silent", "no answer", "done: silent"]);
  assert.deepEqual(nobody.slice(-2), ["nobody answers ARP for the next hop", "done: no neighbor"]);
  // The kernel saw a connection like any other: made, ended in order, without an error.
  const [, port] = /^accepted 10\.80\.0\.7 (\d+)$/m.exec(listener.stdout)!;
  assert.equal(listener.stdout, `listening\naccepted 10.80.0.7 ${port}\nended 10.80.0.7 ${port}\n`);
  assert.match(router!.run("ip", "neigh", "show", "10.80.0.7"), /lladdr 02:00:0a:50:00:07/);
});

liveTest("port-scan tells open, closed and filtered ports, and connects to none", [], async (lab) => {
  const [, , far] = await row(lab, 3);
  const listener = await withPorts(lab, far!);
  const options = ["address=10.80.0.7", "target=10.80.1.2", "gateway=10.80.0.2", "timeout=500"];
  const found = await told(lab.respond("right", "port-scan", ...options, "ports=8080-8083,22", "flight=3"));
  const ports = found.filter((line) => /^\d+ /.test(line)).sort();
  assert.deepEqual(ports, ["22 closed", "8080 open", "8081 closed", "8082 filtered", "8083 filtered"]);
  assert.deepEqual(found.slice(-2), ['done {"open":[8080],"closed":2,"filtered":2}', "done: done"]);
  assert.equal(listener.stdout, "listening\n");
});
