/** `npm run bench -- NAME`: runs one benchmark and prints what it measured. Benchmarks are no tests. */
const benches: Readonly<Record<string, () => Promise<{ run(): Promise<void> }>>> = {
  whisper: () => import("./whisper.ts"),
  start: () => import("./start.ts"),
  prompt: () => import("./prompt.ts"),
  routes: () => import("./routes.ts"),
  "packets-bpf": () => import("./packets-bpf.ts"),
  "packets-offline": () => import("./packets-offline.ts"),
  ospf: () => import("./ospf.ts"),
  "ospf-spf": () => import("./ospf-spf.ts"),
  membership: () => import("./membership.ts"),
  "membership-sim": () => import("./membership-sim.ts"),
  directory: () => import("./directory.ts"),
  "packets-live": () => import("./packets-live.ts"),
};

// Whoever reads may have seen enough (| head). Benches end their processes when this one exits.
process.stdout.on("error", () => process.exit(0));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(1));

const name = process.argv[2] ?? "";
const load = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (load) await (await load()).run();
else {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join(" | ")}\n`);
  process.exitCode = 2;
}
