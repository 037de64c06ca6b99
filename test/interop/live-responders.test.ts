import assert from "node:assert/strict";
import { liveTest, type Lab } from "./live.ts";
import type { Namespace } from "./namespace.ts";

/** Responders at home, and the kernel of another host, 10.77.0.2 behind a cable, that asks. */
async function asked(lab: Lab): Promise<Namespace> {
  const other = lab.space();
  await lab.cable([lab.home, "p0"], [other, "p0", "10.77.0.2/24"]);
  return other;
}

liveTest("icmp-echo answers the system's ping, for an address that nobody has", ["ping"], async (lab) => {
  const other = await asked(lab);
  const responder = await lab.respond("p0", "icmp-echo", "address=10.77.0.7");
  const [small, nobody] = await Promise.all([
    lab.run(other, "ping", "-c3", "-i0.01", "-W5", "10.77.0.7"),
    lab.run(other, "ping", "-c1", "-W1", "10.77.0.8"),
  ]);
  assert.match(nobody.stdout, /1 packets transmitted, 0 received/);
  assert.equal(small.status, 0);
  assert.match(small.stdout, /^64 bytes from 10\.77\.0\.7: icmp_seq=3 ttl=64 time=/m);
  assert.match(small.stdout, /3 packets transmitted, 3 received, 0% packet loss/);
  // ping compares what comes back: a pattern, and as much as fits into one frame.
  const full = await lab.run(other, "ping", "-c1", "-s1472", "-p", "00ff5a", "-W5", "10.77.0.7");
  assert.match(full.stdout, /^1480 bytes from 10\.77\.0\.7: icmp_seq=1/m);
  assert.doesNotMatch(full.stdout, /wrong data byte/);
  assert.equal((await lab.run(other, "ping", "-c1", "-s0", "-W5", "10.77.0.7")).status, 0);
  const { status, stdout, stderr } = await responder.interrupt();
  assert.equal(status, 0);
  assert.deepEqual(
    stdout.match(/"bytes":\d+/g),
    [56, 56, 56, 1472, 0].map((size) => `"bytes":${size}`),
  );
  // Five echoes and the question of ARP, of which there may have been several.
  assert.match(stderr, /^\d+ packets seen, ([6-9]) matched, \1 sent$/m);
  const neighbor = other.run("ip", "neigh", "show", "10.77.0.7");
  assert.match(neighbor, /lladdr 02:00:0a:4d:00:07/);
});

liveTest("arp answers arping, also one that looks for a duplicate", ["arping"], async (lab) => {
  const other = await asked(lab);
  const responder = await lab.respond("p0", "arp", "address=10.77.0.128/28");
  const found = await lab.run(other, "arping", "-c2", "-w5", "-I", "p0", "10.77.0.130");
  assert.equal(found.status, 0);
  const replies = found.stdout.match(/^Unicast reply from 10\.77\.0\.130 \[02:00:0A:4D:00:82\]/gm);
  assert.equal(replies?.length, 2);
  assert.match(found.stdout, /Sent 2 probes.*\nReceived 2 response/);
  const probe = await lab.run(other, "arping", "-D", "-c1", "-w5", "-I", "p0", "10.77.0.143");
  assert.equal(probe.status, 1);
  assert.match(probe.stdout, /Unicast reply from 10\.77\.0\.143 \[02:00:0A:4D:00:8F\]/);
  // Outside of the prefix there is nobody; and one that only announces gets no answer.
  const beyond = await lab.run(other, "arping", "-D", "-c1", "-w1", "-I", "p0", "10.77.0.144");
  assert.match(beyond.stdout, /Received 0 response/);
  await lab.run(other, "arping", "-A", "-c1", "-I", "p0", "-s", "10.77.0.2", "10.77.0.2");
  const { stdout } = await responder.interrupt();
  assert.deepEqual(stdout.trim().split("\n"), [
    ...Array.from({ length: 2 }, () => '10.77.0.130 is at 02:00:0a:4d:00:82 {"asked":"10.77.0.2"}'),
    '10.77.0.143 is at 02:00:0a:4d:00:8f {"asked":"0.0.0.0"}',
  ]);
});

liveTest("dns answers dig: a name, none, another type, with and without EDNS", ["dig"], async (lab) => {
  const other = await asked(lab);
  const names = "names=www.lab=10.77.0.80,mail.lab=10.77.0.25";
  await lab.respond("p0", "dns", "address=10.77.0.53", names, "ttl=77");
  const dig = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout } = await lab.run(other, "dig", "+time=3", "+tries=2", "@10.77.0.53", ...args);
    assert.equal(status, 0, stdout);
    // What dig itself warns of: a packet that it cannot read, bytes that are too many.
    assert.doesNotMatch(stdout, /malformed|extra bytes|mismatch|bad/i);
    return stdout;
  };
  const known = await dig("WWW.lab");
  assert.match(known, /status: NOERROR.*\n;; flags: qr aa rd; QUERY: 1, ANSWER: 1, /);
  assert.match(known, /^WWW\.lab\.\t+77\tIN\tA\t10\.77\.0\.80$/m);
  assert.match(known, /SERVER: 10\.77\.0\.53#53/);
  assert.equal(await dig("+short", "+noedns", "mail.lab"), "10.77.0.25\n");
  assert.match(await dig("other.lab"), /status: NXDOMAIN.*\n.*ANSWER: 0, /);
  assert.match(await dig("www.lab", "AAAA"), /status: NOERROR.*\n.*ANSWER: 0, /);
});
