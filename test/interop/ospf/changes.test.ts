import assert from "node:assert/strict";
import { describe } from "node:test";
import { labTest, until, type OspfLab } from "./ospf-lab.ts";

const P = "192.0.2.1";
const Q = "192.0.2.2";
const TIMERS = "hello-interval: 1\ndead-interval: 4";
const PARLEY = `${TIMERS}\narea 0:\n  interface e0: { type: point-to-point }\n  interface lo: {}`;

function frrConfig(router = "", more = "", network = "point-to-point"): string {
  return `${more}
interface e0
 ip ospf network ${network}
 ip ospf hello-interval 1
 ip ospf dead-interval 4
router ospf
 ospf router-id ${Q}
 network 10.0.0.0/8 area 0
 network ${Q}/32 area 0
 ${router}
`;
}

function birdConfig(exported = "none", more = "", type = "type ptp;"): string {
  return `${more}
protocol ospf v2 o1 {
  ipv4 { import all; export ${exported}; };
  area 0 { interface "e0" { hello 1; dead 4; ${type} }; interface "lo" { stub; }; };
}
`;
}

async function wire(lab: OspfLab, mtu?: number): Promise<void> {
  await lab.network.addWire("w", [
    { node: "p", interface: "e0", address: "10.0.0.1/24" },
    { node: "q", interface: "e0", address: "10.0.0.2/24", ...(mtu !== undefined && { mtu }) },
  ]);
}

describe("two routers and what changes", { concurrency: 6 }, () => {
  for (const kind of ["frr", "bird"] as const) {
    const peer = (lab: OspfLab, ...options: Parameters<typeof birdConfig>) =>
      kind === "frr" ? lab.frr("q", Q, frrConfig(...options)) : lab.bird("q", Q, birdConfig(...options));

    labTest(`${kind}: externals both ways, with their tags`, [kind], async (lab) => {
      const statics = ["routes:", "  static:", "    - { prefix: 198.18.1.0/24, blackhole: true }"].join("\n");
      await lab.parley(
        "p",
        P,
        `redistribute: { static: { tag: 77, metric: 5, metric-type: 1 } }\n${PARLEY}`,
        statics,
      );
      if (kind === "frr")
        await peer(
          lab,
          "redistribute static metric 9 route-map tag",
          ["ip route 198.18.2.0/24 blackhole", "route-map tag permit 10", " set tag 88"].join("\n"),
        );
      else
        await peer(
          lab,
          "filter { if source = RTS_STATIC then { ospf_tag = 88; ospf_metric2 = 9; accept; } reject; }",
          "protocol static s1 { ipv4; route 198.18.2.0/24 blackhole; }",
        );
      await wire(lab);
      await lab.start();
      await lab.expectRoutes("p", ["198.18.2.0/24 via 10.0.0.2", `${Q} via 10.0.0.2`]);
      await lab.expectRoutes("q", ["198.18.1.0/24 via 10.0.0.1", `${P} via 10.0.0.1`]);
      const ours = await lab.routers.get("p")!.ask(`show ip ospf database external adv-router ${Q}`);
      assert.match(ours, /External Route Tag: 88/);
      const theirs = await lab.routers
        .get("q")!
        .ask(kind === "frr" ? "show ip ospf database external 198.18.1.0" : "show route all 198.18.1.0/24");
      assert.match(
        theirs,
        kind === "frr" ? /External Route Tag: 77/ : /OSPF.tag: 0x0000004d|ospf_tag: 0x0*4d/i,
      );
    });

    labTest(`${kind}: either side restarts, in order and by force`, [kind], async (lab) => {
      const p = await lab.parley("p", P, PARLEY);
      const q = await peer(lab);
      await wire(lab);
      await lab.start();
      const both = async () => {
        await lab.expectRoutes("p", [`${Q} via 10.0.0.2`], 30_000);
        await lab.expectRoutes("q", [`${P} via 10.0.0.1`], 30_000);
      };
      await both();
      await p.stop();
      await lab.expectRoutes("q", []);
      await p.start();
      await both();
      await p.kill();
      await p.start();
      await both();
      await q.kill();
      await lab.expectRoutes("p", []);
      await q.start();
      await both();
    });

    labTest(`${kind}: a wire loses its carrier, or all packets in silence`, [kind], async (lab) => {
      await lab.parley("p", P, PARLEY);
      await peer(lab);
      await wire(lab);
      await lab.start();
      for (const how of ["carrier", "silent"] as const) {
        await lab.expectRoutes("p", [`${Q} via 10.0.0.2`], 30_000);
        await lab.expectRoutes("q", [`${P} via 10.0.0.1`], 30_000);
        const begin = performance.now();
        await lab.network.cut("w", how);
        await lab.expectRoutes("p", []);
        const ms = performance.now() - begin;
        assert.ok(ms < 8_000, `${how}: ${ms} ms`);
        // BIRD computes its routes when an LSA changes; after a cut that is over before it has told of it, it never does.
        await lab.expectRoutes("q", []);
        await lab.network.heal("w");
      }
    });

    labTest(`${kind}: another MTU is named`, [kind], async (lab) => {
      const p = await lab.parley("p", P, PARLEY);
      await peer(lab);
      await wire(lab, 1_400);
      await lab.network.exec("p", "ip", "link", "set", "e0", "mtu", "1500");
      await lab.start();
      await until(() => lab.log.includes("MTU 1400, here 1500"), "the log to name the MTU");
      assert.match(await p.ask("show ip ospf neighbor"), /MTU 1400, here 1500/);
      // The other side decides: its packets are the shorter ones.
      assert.deepEqual(await lab.routes("p"), []);
    });
  }

  labTest("frr: point-to-multipoint", ["frr"], async (lab) => {
    await lab.parley("p", P, PARLEY.replace("point-to-point", "point-to-multipoint"));
    await lab.frr("q", Q, frrConfig("", "", "point-to-multipoint"));
    await wire(lab);
    await lab.start();
    await lab.expectRoutes("p", ["10.0.0.2 via 10.0.0.2", `${Q} via 10.0.0.2`]);
    await until(async () => (await lab.routes("q")).includes(`${P} via 10.0.0.1`), "FRR's route");
  });

  labTest("bird: point-to-multipoint", ["bird"], async (lab) => {
    const own = "{ type: point-to-multipoint, poll-interval: 2, neighbors: [{ address: 10.0.0.2 }] }";
    await lab.parley("p", P, PARLEY.replace("{ type: point-to-point }", own));
    await lab.bird("q", Q, birdConfig("none", "", "type ptmp; poll 2; neighbors { 10.0.0.1; };"));
    await wire(lab);
    await lab.start();
    await lab.expectRoutes("p", ["10.0.0.2 via 10.0.0.2", `${Q} via 10.0.0.2`], 30_000);
    await until(async () => (await lab.routes("q")).includes(`${P} via 10.0.0.1`), "BIRD's route", 30_000);
  });
});
