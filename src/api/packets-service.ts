import { Code, type ServiceImpl } from "@connectrpc/connect";
import { capturedMessage, captureMessage, responderMessage } from "#api/convert-packets.ts";
import type { PacketsService } from "#api/gen/parley/v1/packets_pb.ts";
import { refusing } from "#api/refusal.ts";
import { reasonOf } from "#api/watch.ts";
import type { NodeControl } from "#services/control.ts";
import type { CaptureRequest, CaptureStream, PacketsApi } from "#services/packets-api.ts";

/** parley.v1.PacketsService over the packets service that runs at the time of the call. */
export function packetsService(control: NodeControl): ServiceImpl<typeof PacketsService> {
  const running = () => refusing(Code.Unavailable, () => control.api("packets") as PacketsApi);
  return {
    async *capture({ interface: name, query, snapLength, promiscuous }, { signal }) {
      const packets = await running();
      const request = { interface: name, query, snapLength, promiscuous };
      yield* captured(packets, request, signal);
    },
    async listCaptures() {
      return { captures: (await running()).captures().map(captureMessage) };
    },
    async listResponders() {
      const packets = await running();
      const available = [...(await packets.availableResponders())];
      return { responders: packets.responders().map(responderMessage), available };
    },
    async startResponder({ name, interface: interfaceName, options }) {
      const packets = await running();
      const started = await coded(() => packets.startResponder(name, interfaceName, options));
      return { responder: responderMessage(started) };
    },
    async stopResponder({ name, interface: interfaceName }) {
      const packets = await running();
      const only = interfaceName === "" ? undefined : interfaceName;
      const stopped = await coded(() => packets.stopResponder(name, only));
      return { stopped: stopped.map(responderMessage) };
    },
  };
}

async function* captured(packets: PacketsApi, request: CaptureRequest, signal: AbortSignal) {
  // However the call ends, also when its client reads no more, the capture ends with it.
  const ended = new AbortController();
  try {
    const ends = AbortSignal.any([signal, ended.signal]);
    const stream: CaptureStream = await coded(() => packets.startCapture(request, ends));
    yield capturedMessage({ packets: [], dropped: 0 }, stream.linkType);
    const batches = stream[Symbol.asyncIterator]();
    for (;;) {
      const next = await coded(() => batches.next());
      if (signal.aborted) throw reasonOf(signal);
      if (next.done) return;
      yield capturedMessage(next.value, stream.linkType);
    }
  } catch (error) {
    throw signal.aborted ? reasonOf(signal) : error;
  } finally {
    ended.abort();
  }
}

/** The result of `run`; what is refused gets the code of its kind. */
async function coded<Result>(run: () => Result | Promise<Result>): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    const kind = error instanceof Error && "kind" in error ? String(error.kind) : "";
    return refusing(CODES.get(kind) ?? Code.FailedPrecondition, () => Promise.reject(error));
  }
}

// By the kinds of a PacketsError; any other OperatorError is about what the node lacks.
const CODES: ReadonlyMap<string, Code> = new Map([
  ["invalid", Code.InvalidArgument],
  ["missing", Code.NotFound],
]);
