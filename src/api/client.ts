import { formatVersion } from "#base/format-version.ts";
import { fromBinary } from "@bufbuild/protobuf";
import { CallFailure } from "#api/call-failure.ts";
import type { ParleyClient } from "#api/client-types.ts";
import {
  GetVersionResponseSchema,
  NodeService,
  type GetVersionResponse,
} from "#api/gen/parley/v1/node_pb.ts";
import { DirectoryService } from "#api/gen/parley/v1/directory_pb.ts";
import { LinksService } from "#api/gen/parley/v1/links_pb.ts";
import { MembershipService } from "#api/gen/parley/v1/membership_pb.ts";
import { OspfService } from "#api/gen/parley/v1/ospf_pb.ts";
import { PacketsService } from "#api/gen/parley/v1/packets_pb.ts";
import { PeersService } from "#api/gen/parley/v1/peers_pb.ts";
import { RoutesService } from "#api/gen/parley/v1/routes_pb.ts";
import { WhisperService } from "#api/gen/parley/v1/whisper_pb.ts";
import { HttpCalls, type ServerPlace } from "#api/http-calls.ts";
import { serviceClient } from "#api/service-client.ts";
import { OperatorError } from "#base/operator-error.ts";

/** A daemon's Unix socket, or the URL of its TCP listener ("http://127.0.0.1:7480", "https://…", "127.0.0.1:7480"). */
export type ApiTarget =
  { readonly socket: string } | { readonly server: string; readonly token?: string | undefined };

export interface ParleyConnection {
  readonly client: ParleyClient;
  /** What the daemon said of itself when it was asked for the first time. */
  readonly version: GetVersionResponse;
  /** For the banner: "parleyd v0.1.0 (2871e53; dirty)". */
  readonly description: string;
  /** Ends all calls and connections. An open connection without a call keeps no process alive. */
  close(): void;
}

/**
 * Connects to a daemon and asks for its version, so that a wrong address or token is told at once and in clear words.
 * Throws OperatorError.
 */
export async function connectTo(target: ApiTarget): Promise<ParleyConnection> {
  const calls = new HttpCalls(placeOf(target));
  try {
    const answer = await calls.unary(VERSION_PATH, new Uint8Array(), { timeoutMs: FIRST_ANSWER_MS });
    const version = fromBinary(GetVersionResponseSchema, answer);
    return {
      client: {
        node: serviceClient(NodeService, calls),
        directory: serviceClient(DirectoryService, calls),
        links: serviceClient(LinksService, calls),
        routes: serviceClient(RoutesService, calls),
        ospf: serviceClient(OspfService, calls),
        membership: serviceClient(MembershipService, calls),
        peers: serviceClient(PeersService, calls),
        whisper: serviceClient(WhisperService, calls),
        packets: serviceClient(PacketsService, calls),
      },
      version,
      description: `parleyd ${formatVersion(version)}`,
      close: () => calls.close(),
    };
  } catch (error) {
    calls.close();
    throw "socket" in target ? socketError(target.socket, error) : serverError(target, error);
  }
}

function placeOf(target: ApiTarget): ServerPlace {
  if ("socket" in target) return { socketPath: target.socket, secure: false, prefix: "" };
  const text = /^[a-z]+:\/\//i.test(target.server) ? target.server : `http://${target.server}`;
  const url = URL.parse(text);
  if (!url || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    const message = `"${target.server}" is no URL of a parleyd`;
    throw new OperatorError(message, "write --server http://HOST:PORT", { exitStatus: 2 });
  }
  if (target.token !== undefined && !/^[\x21-\x7e]*$/.test(target.token)) {
    throw new OperatorError("the token has letters that no token has", "check --token", { exitStatus: 2 });
  }
  const secure = url.protocol === "https:";
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: url.port === "" ? (secure ? 443 : 80) : Number(url.port),
    secure,
    prefix: url.pathname.replace(/\/+$/, ""),
    token: target.token,
  };
}

function socketError(path: string, error: unknown): OperatorError {
  const code = causeOf(error);
  if (code === "EACCES" || code === "EPERM") {
    return new OperatorError(`no permission to use ${path}`, "run parley as the user who runs parleyd", {
      cause: error,
    });
  }
  if (NOBODY_THERE.has(code)) {
    const remedy = "start it: parleyd, or name its socket with --socket";
    return new OperatorError(`no parleyd answers on ${path}`, remedy, { cause: error });
  }
  return otherError(path, "--socket", error);
}

function serverError(
  { server, token }: { server: string; token?: string | undefined },
  error: unknown,
): OperatorError {
  if (error instanceof CallFailure && error.code === "unauthenticated") {
    const message = token === undefined ? `${server} asks for a token` : `${server} does not know this token`;
    const remedy = "give one of the tokens of its configuration with --token";
    return new OperatorError(message, remedy, { cause: error });
  }
  const code = causeOf(error);
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") {
    return new OperatorError(`the host of ${server} is not known`, "check --server", { cause: error });
  }
  if (code !== "" && !WRONG_PROTOCOL.test(code)) {
    const remedy = "start it with this api.listen: parleyd, or check --server";
    return new OperatorError(`no parleyd answers at ${server} (${code})`, remedy, { cause: error });
  }
  return otherError(server, "--server", error);
}

/** Something is there, but it does not speak as a daemon does. */
function otherError(where: string, option: string, error: unknown): OperatorError {
  if (error instanceof CallFailure && error.code === "deadline_exceeded") {
    const message = `${where} takes connections but does not answer`;
    return new OperatorError(message, "see whether parleyd hangs, and start it again", { cause: error });
  }
  const message = `what answers at ${where} is no parleyd`;
  return new OperatorError(message, `check ${option}`, { cause: error });
}

/** The system's code of the failure, such as "ECONNREFUSED"; empty when the connection itself did well. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause ? String(cause.code) : "";
}

const VERSION_PATH = `/${NodeService.typeName}/${NodeService.method.getVersion.name}`;
const FIRST_ANSWER_MS = 5_000; // a daemon that is busy starting answers within this, a hanging one never does
const NOBODY_THERE: ReadonlySet<string> = new Set([
  "ENOENT",
  "ECONNREFUSED",
  "ENOTSOCK",
  "ENOTDIR",
  "EINVAL",
  "ENAMETOOLONG",
]);
const WRONG_PROTOCOL = /^(HPE_|ERR_SSL_|EPROTO|ECONNRESET)/;
