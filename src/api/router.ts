import { Code, ConnectError, createConnectRouter, type Interceptor } from "@connectrpc/connect";
import { compressionGzip } from "@connectrpc/connect-node";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import { Health } from "#api/gen/grpc/health/v1/health_pb.ts";
import { ServerReflection } from "#api/gen/grpc/reflection/v1/reflection_pb.ts";
import { ServerReflection as ServerReflectionV1Alpha } from "#api/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import { DirectoryService } from "#api/gen/parley/v1/directory_pb.ts";
import { LinksService } from "#api/gen/parley/v1/links_pb.ts";
import { MembershipService } from "#api/gen/parley/v1/membership_pb.ts";
import { NodeService } from "#api/gen/parley/v1/node_pb.ts";
import { OspfService } from "#api/gen/parley/v1/ospf_pb.ts";
import { PacketsService } from "#api/gen/parley/v1/packets_pb.ts";
import { PeersService } from "#api/gen/parley/v1/peers_pb.ts";
import { RoutesService } from "#api/gen/parley/v1/routes_pb.ts";
import { WhisperService } from "#api/gen/parley/v1/whisper_pb.ts";
import { directoryService } from "#api/directory-service.ts";
import { healthService } from "#api/health-service.ts";
import type { ApiLimits } from "#api/limits.ts";
import { linksService } from "#api/links-service.ts";
import { membershipService } from "#api/membership-service.ts";
import { nodeService } from "#api/node-service.ts";
import { ospfService } from "#api/ospf-service.ts";
import { packetsService } from "#api/packets-service.ts";
import { peersService } from "#api/peers-service.ts";
import { reflectionService, reflectionServiceV1Alpha } from "#api/reflection-service.ts";
import { internalError } from "#api/refusal.ts";
import { routesService } from "#api/routes-service.ts";
import { SchemaIndex } from "#api/schema-index.ts";
import { tokenGate, type ApiTokens } from "#api/token-gate.ts";
import { whisperService } from "#api/whisper-service.ts";
import type { NodeControl } from "#services/control.ts";

export interface RouterOptions {
  readonly control: NodeControl;
  readonly limits: ApiLimits;
  /** Given: every call needs one of these. Absent: whoever reaches the socket may do everything. */
  readonly tokens?: ApiTokens | undefined;
  /** Ends the streams when it aborts. */
  readonly shutdown: AbortSignal;
  /** Told of errors that are no one's mistake but ours. */
  readonly failed: (error: unknown) => void;
}

/** Every service of the API, by which roles, health and reflection are checked for completeness. */
export const API_SERVICES = [
  NodeService,
  LinksService,
  RoutesService,
  OspfService,
  MembershipService,
  PeersService,
  WhisperService,
  PacketsService,
  DirectoryService,
  Health,
  ServerReflection,
  ServerReflectionV1Alpha,
];

/** Who answers each path, in Connect, gRPC and gRPC-Web. */
export function createRouter(options: RouterOptions): ReadonlyMap<string, UniversalHandler> {
  const { control, limits, tokens } = options;
  const router = createConnectRouter({
    acceptCompression: [compressionGzip],
    readMaxBytes: limits.requestBytes,
    writeMaxBytes: limits.responseBytes,
    shutdownSignal: options.shutdown,
    interceptors: [hideInternals(options.failed)],
    ...(tokens && { requestGate: tokenGate(tokens) }),
  });
  const schema = new SchemaIndex(API_SERVICES);
  router.service(NodeService, nodeService(control, limits));
  router.service(LinksService, linksService(control));
  router.service(RoutesService, routesService(control));
  router.service(OspfService, ospfService(control));
  router.service(MembershipService, membershipService(control));
  router.service(PeersService, peersService(control));
  router.service(WhisperService, whisperService(control, limits));
  router.service(PacketsService, packetsService(control));
  router.service(DirectoryService, directoryService(control));
  router.service(Health, healthService(control, schema.services));
  router.service(ServerReflection, reflectionService(schema));
  router.service(ServerReflectionV1Alpha, reflectionServiceV1Alpha(schema));
  return new Map(router.handlers.map((handler) => [handler.requestPath, handler]));
}

/** Why streams end when the daemon does. */
export function stoppingError(): ConnectError {
  return new ConnectError("parleyd is stopping; try again when it runs", Code.Unavailable);
}

/** What a handler throws on purpose is a ConnectError; of anything else the client learns nothing. */
function hideInternals(failed: (error: unknown) => void): Interceptor {
  const hide = (error: unknown): ConnectError => {
    if (error instanceof ConnectError) return error;
    failed(error);
    return internalError(error);
  };
  return (next) => async (request) => {
    try {
      const response = await next(request);
      return response.stream ? { ...response, message: hidden(response.message, hide) } : response;
    } catch (error) {
      throw hide(error);
    }
  };
}

async function* hidden<Item>(items: AsyncIterable<Item>, hide: (error: unknown) => ConnectError) {
  try {
    yield* items;
  } catch (error) {
    throw hide(error);
  }
}
