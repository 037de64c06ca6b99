import { Code, type ServiceImpl } from "@connectrpc/connect";
import { eventBytes, eventMessage, serviceStatusMessage } from "#api/convert.ts";
import { timestampOf } from "#api/convert-time.ts";
import type { NodeService } from "#api/gen/parley/v1/node_pb.ts";
import type { ApiLimits } from "#api/limits.ts";
import { newest } from "#api/newest.ts";
import { refusing } from "#api/refusal.ts";
import { eventFilter, watch } from "#api/watch.ts";
import type { NodeControl } from "#services/control.ts";

/** parley.v1.NodeService over the daemon's control. */
export function nodeService(control: NodeControl, limits: ApiLimits): ServiceImpl<typeof NodeService> {
  return {
    getVersion() {
      const started = timestampOf(control.started);
      return { ...control.version, node: control.name, ...(started && { started }) };
    },
    listServices() {
      const { cpuSeconds, memoryBytes } = control.usage();
      const started = timestampOf(control.started);
      const usage = { cpuSeconds, memoryBytes: BigInt(memoryBytes), ...(started && { started }) };
      return { services: control.services().map(serviceStatusMessage), usage };
    },
    async restartService({ name }) {
      const known = control.services().some((service) => service.name === name);
      await refusing(known ? Code.Unavailable : Code.NotFound, () => control.restart(name));
      return {};
    },
    getConfiguration() {
      return { yaml: control.configuration() };
    },
    async reload() {
      return { changed: [...(await refusing(Code.FailedPrecondition, () => control.reload()))] };
    },
    shutdown() {
      control.shutdown();
      return {};
    },
    listEvents(request) {
      const pattern = request.pattern.toLowerCase();
      const wanted = eventFilter(request);
      const events = control.log
        .since(0)
        .filter((event) => wanted(event) && event.text.toLowerCase().includes(pattern));
      return { events: newest(events, request.limit, limits.listBytes, eventBytes).map(eventMessage) };
    },
    watch(request, { signal }) {
      return watch(control.log, request, signal, limits);
    },
  };
}
