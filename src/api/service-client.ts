import {
  create,
  fromBinary,
  toBinary,
  type DescMethod,
  type DescService,
  type Message,
} from "@bufbuild/protobuf";
import type { CallOptions, Client } from "@connectrpc/connect";
import { CallFailure, toConnectError } from "#api/call-failure.ts";
import type { CallSettings, HttpCalls } from "#api/http-calls.ts";

/**
 * A typed client of one service: unary methods and server streams, which is all that parley.v1 has. Errors are
 * ConnectErrors. Of the options, `signal`, `timeoutMs` and `headers` count.
 */
export function serviceClient<Service extends DescService>(
  service: Service,
  calls: HttpCalls,
): Client<Service> {
  const methods: Record<string, unknown> = {};
  for (const method of service.methods) {
    const path = `/${service.typeName}/${method.name}`;
    if (method.methodKind === "unary") {
      methods[method.localName] = (input: Message, options?: CallOptions) =>
        unary(calls, path, method, input, options);
    } else if (method.methodKind === "server_streaming") {
      methods[method.localName] = (input: Message, options?: CallOptions) =>
        stream(calls, path, method, input, options);
    }
  }
  return methods as Client<Service>; // built from the descriptor that the type comes from
}

async function unary(
  calls: HttpCalls,
  path: string,
  method: DescMethod,
  input: Message,
  options?: CallOptions,
) {
  try {
    const answer = await calls.unary(path, encoded(method, input), settingsOf(options));
    return fromBinary(method.output, answer);
  } catch (error) {
    throw await asConnectError(error);
  }
}

async function* stream(
  calls: HttpCalls,
  path: string,
  method: DescMethod,
  input: Message,
  options?: CallOptions,
) {
  try {
    for await (const answer of calls.stream(path, encoded(method, input), settingsOf(options))) {
      yield fromBinary(method.output, answer);
    }
  } catch (error) {
    throw await asConnectError(error);
  }
}

function encoded(method: DescMethod, input: Message): Uint8Array {
  return toBinary(method.input, create(method.input, input));
}

function settingsOf(options: CallOptions | undefined): CallSettings {
  const { signal, timeoutMs, headers } = options ?? {};
  return { signal, timeoutMs, ...(headers && { headers: Object.fromEntries(new Headers(headers)) }) };
}

async function asConnectError(error: unknown): Promise<unknown> {
  return error instanceof CallFailure ? await toConnectError(error) : error;
}
