import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { liveTest } from "./live.ts";

/** What udhcpc calls: does what it is told to, and says what that was. */
const SCRIPT = `#!/bin/sh
echo "$1 ip=$ip/$mask router=$router dns=$dns lease=$lease server=$serverid"
case $1 in
  deconfig) ip addr flush dev $interface ;;
  bound | renew)
    ip addr replace $ip/$mask dev $interface
    ip route replace default via $router dev $interface
    ;;
esac
echo "$1 done"
`;

liveTest(
  "dhcp-server serves udhcpc: a lease, its renewal, its release, and the same address again",
  ["busybox"],
  async (lab) => {
    const other = lab.space();
    await lab.cable([lab.home, "p0"], [other, "p0"]);
    writeFileSync(lab.file("script"), SCRIPT, { mode: 0o755 });
    const server = await lab.respond(
      "p0",
      "dhcp-server",
      "address=192.0.2.1",
      "pool=192.0.2.100-192.0.2.101",
      "router=192.0.2.1",
      "dns=192.0.2.53,192.0.2.54",
      "lease=600",
    );
    const client = ["busybox", "udhcpc", "-f", "-R", "-i", "p0", "-s", lab.file("script")];
    const { address: mac } = JSON.parse(other.run("ip", "-j", "link", "show", "p0"))[0] as {
      address: string;
    };

    const first = lab.start(other, ...client);
    await first.saw(/bound done/);
    const given = "ip=192.0.2.100/24 router=192.0.2.1 dns=192.0.2.53 192.0.2.54 lease=600 server=192.0.2.1";
    assert.ok(first.stdout.includes(`bound ${given}`), first.stdout);
    assert.match(first.stderr, /lease of 192\.0\.2\.100 obtained from 192\.0\.2\.1, lease time 600/);
    assert.match(other.run("ip", "addr", "show", "dev", "p0"), /inet 192\.0\.2\.100\/24/);
    // Renewing is for the server alone, whose address the kernel then asks ARP for.
    first.signal("SIGUSR1");
    await first.saw(/renew done/);
    assert.ok(first.stdout.includes(`renew ${given}`), first.stdout);
    assert.match(first.stderr, /sending renew to server 192\.0\.2\.1/);
    assert.match(other.run("ip", "neigh", "show", "192.0.2.1"), /lladdr 02:00:c0:00:02:01/);
    // Asked to end it gives the address back.
    first.signal("SIGTERM");
    await first.ended();
    await server.saw(/was released/);

    // Another one gets another address; the first one its own again, though it asks last.
    other.run("ip", "link", "set", "p0", "address", "02:00:00:00:00:99");
    const stranger = lab.start(other, ...client);
    await stranger.saw(/bound ip=192\.0\.2\.101\/24/);
    await stranger.kill();
    other.run("ip", "link", "set", "p0", "address", mac);
    const again = lab.start(other, ...client);
    await again.saw(/bound ip=192\.0\.2\.100\/24/);
    await again.kill();

    const { status, stdout } = await server.interrupt();
    assert.equal(status, 0);
    assert.deepEqual(stdout.trim().split("\n"), [
      `offers 192.0.2.100 to ${mac}`,
      `192.0.2.100 is ${mac}'s {"seconds":600}`,
      `192.0.2.100 is ${mac}'s {"seconds":600}`,
      `192.0.2.100 was released by ${mac}`,
      "offers 192.0.2.101 to 02:00:00:00:00:99",
      `192.0.2.101 is 02:00:00:00:00:99's {"seconds":600}`,
      `offers 192.0.2.100 to ${mac}`,
      `192.0.2.100 is ${mac}'s {"seconds":600}`,
    ]);
  },
);
