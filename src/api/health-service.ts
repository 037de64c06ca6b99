import { Code, type ServiceImpl } from "@connectrpc/connect";
import {
  HealthCheckResponse_ServingStatus as Status,
  type Health,
} from "#api/gen/grpc/health/v1/health_pb.ts";
import { refusal } from "#api/refusal.ts";
import { reasonOf } from "#api/watch.ts";
import type { NodeControl } from "#services/control.ts";

/**
 * grpc.health.v1.Health. The node ("") and the API's own services serve as long as they answer; a service of the node,
 * by its name or by the API service it stands behind, serves while it runs.
 */
export function healthService(
  control: NodeControl,
  apiServices: readonly string[],
): ServiceImpl<typeof Health> {
  const statusOf = (asked: string): Status => {
    const name = BEHIND.get(asked) ?? asked;
    const service = control.services().find((status) => status.name === name);
    if (service) return service.state === "running" ? Status.SERVING : Status.NOT_SERVING;
    if (BEHIND.has(asked)) return Status.NOT_SERVING;
    return asked === "" || apiServices.includes(asked) ? Status.SERVING : Status.SERVICE_UNKNOWN;
  };
  return {
    check({ service }) {
      const status = statusOf(service);
      if (status !== Status.SERVICE_UNKNOWN) return { status };
      throw refusal(Code.NotFound, `no service is named "${service}"`, "see the list of services");
    },
    watch({ service }, { signal }) {
      return watchStatus(control, () => statusOf(service), signal);
    },
  };
}

/** The status now and at every change of it. A slow reader is told only the latest. */
async function* watchStatus(control: NodeControl, current: () => Status, signal: AbortSignal) {
  const ended = new AbortController();
  let wake = (): void => {};
  const happened = (): void => wake();
  control.log.subscribe(happened, AbortSignal.any([signal, ended.signal]));
  signal.addEventListener("abort", happened);
  let told: Status | undefined;
  try {
    for (;;) {
      // Before the look, so that a change after it is not missed.
      const change = new Promise<void>((resolve) => (wake = resolve));
      if (signal.aborted) throw reasonOf(signal);
      const status = current();
      if (status === told) await change;
      else {
        told = status;
        yield { status };
      }
    }
  } finally {
    ended.abort();
    signal.removeEventListener("abort", happened);
  }
}

// API services that are only as healthy as the service behind them.
const BEHIND: ReadonlyMap<string, string> = new Map([
  ["parley.v1.LinksService", "links"],
  ["parley.v1.RoutesService", "routes"],
  ["parley.v1.OspfService", "ospf"],
  ["parley.v1.MembershipService", "membership"],
  ["parley.v1.PeersService", "peers"],
  ["parley.v1.WhisperService", "whisper"],
  ["parley.v1.PacketsService", "packets"],
  ["parley.v1.DirectoryService", "directory"],
]);
