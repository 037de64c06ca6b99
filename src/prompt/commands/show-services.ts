import type { DaemonUsage, ServiceStatus } from "#api/gen/parley/v1/node_pb.ts";
import { formatDuration } from "#base/duration.ts";
import { tableAnswer } from "#prompt/answer.ts";
import type { ParleyContext } from "#prompt/commands/parley-context.ts";
import { formatServiceState } from "#prompt/commands/states.ts";
import { command } from "#prompt/grammar.ts";
import { formatClock, isoTime, toMs } from "#prompt/times.ts";

export const showServices = command<ParleyContext>()("show services", {
  help: ["Show running system information", "State of the services"],
  async run({ client, now }, _args, call) {
    const { services, usage } = await (await client()).node.listServices({}, call);
    const { value, blocks } = tableAnswer(services.map(toJson), {
      columns: ["Name", "State", "Since", "For", "Restarts", "Reason"],
      rows: services.map((service) => toRow(service, now())),
      rightAligned: [4],
      whenEmpty: "No service is configured.",
    });
    if (!usage) return { value: { services: value }, blocks };
    const lines = [usageLine(usage, now())];
    return {
      value: { services: value, daemon: usageJson(usage) },
      blocks: [...blocks, { type: "lines", lines }],
    };
  },
});

/** What runs, and of which type it is; two columns that are the same on every node. */
export const showProcesses = command<ParleyContext>()("show processes", {
  help: ["Show running system information", "Show running processes"],
  async run({ client }, _args, call) {
    const { services } = await (await client()).node.listServices({}, call);
    const running = services.filter(({ state }) => RUNNING.has(formatServiceState(state)));
    return tableAnswer(
      running.map(({ name, type }) => ({ name, type })),
      { columns: ["Name", "Type"], rows: running.map(({ name, type }) => [name, type]), minimumWidth: 16 },
    );
  },
});

const RUNNING: ReadonlySet<string> = new Set(["starting", "running", "stopping"]);

/** "parleyd: up for 3h 12m, CPU 4.1s (0.1% of a core), memory 104 MB". */
function usageLine({ started, cpuSeconds, memoryBytes }: DaemonUsage, now: number): string {
  const upMs = now - (toMs(started) ?? now);
  const share = upMs > 0 ? ((100_000 * cpuSeconds) / upMs).toFixed(1) : "0.0";
  const cpu = formatDuration(1_000 * cpuSeconds);
  const memory = Math.round(Number(memoryBytes) / 1e6);
  return `parleyd: up for ${formatDuration(upMs)}, CPU ${cpu} (${share}% of a core), memory ${memory} MB`;
}

function usageJson({ started, cpuSeconds, memoryBytes }: DaemonUsage): unknown {
  return { started: isoTime(started), cpuSeconds, memoryBytes: Number(memoryBytes) };
}

function toRow(service: ServiceStatus, now: number): string[] {
  const since = toMs(service.since);
  const next = toMs(service.nextAttempt);
  const reason = [service.reason];
  if (next !== undefined)
    reason.push(next > now ? `next attempt in ${formatDuration(next - now)}` : "trying again");
  return [
    service.name,
    formatServiceState(service.state),
    since === undefined ? "" : formatClock(since, now),
    since === undefined ? "" : formatDuration(now - since),
    String(service.restarts),
    reason.filter((part) => part !== "").join("; "),
  ];
}

function toJson(service: ServiceStatus): unknown {
  return {
    name: service.name,
    type: service.type,
    state: formatServiceState(service.state),
    needs: service.needs,
    since: isoTime(service.since),
    restarts: service.restarts,
    reason: service.reason,
    nextAttempt: isoTime(service.nextAttempt),
  };
}
