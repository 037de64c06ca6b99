import { Code, type ServiceImpl } from "@connectrpc/connect";
import type { ServerReflection, ServerReflectionRequest } from "#api/gen/grpc/reflection/v1/reflection_pb.ts";
import type {
  ServerReflection as ServerReflectionV1Alpha,
  ServerReflectionRequest as ServerReflectionRequestV1Alpha,
} from "#api/gen/grpc/reflection/v1alpha/reflection_pb.ts";
import type { SchemaIndex } from "#api/schema-index.ts";

/** grpc.reflection.v1: how grpcurl and others learn the API without its proto files. */
export function reflectionService(schema: SchemaIndex): ServiceImpl<typeof ServerReflection> {
  return { serverReflectionInfo: (requests) => answers(schema, requests) };
}

/** The same messages under the older name of the service. */
export function reflectionServiceV1Alpha(schema: SchemaIndex): ServiceImpl<typeof ServerReflectionV1Alpha> {
  return { serverReflectionInfo: (requests) => answers(schema, requests) };
}

async function* answers<Request extends Asked>(schema: SchemaIndex, requests: AsyncIterable<Request>) {
  for await (const request of requests) {
    yield { validHost: request.host, originalRequest: request, messageResponse: answer(schema, request) };
  }
}

type Asked = ServerReflectionRequest | ServerReflectionRequestV1Alpha;

function answer(schema: SchemaIndex, { messageRequest: asked }: Asked) {
  switch (asked.case) {
    case "listServices": {
      const service = schema.services.map((name) => ({ name }));
      return { case: "listServicesResponse", value: { service } } as const;
    }
    case "fileByFilename":
      return files(schema.fileByName(asked.value), asked.value);
    case "fileContainingSymbol":
      return files(schema.fileOfSymbol(asked.value), asked.value);
    case "allExtensionNumbersOfType":
      // parley.v1 has no extensions: a message that we know has none.
      if (!schema.isMessage(asked.value)) return refused(Code.NotFound, asked.value);
      return { case: "allExtensionNumbersResponse", value: { baseTypeName: asked.value } } as const;
    case "fileContainingExtension":
      return refused(Code.NotFound, `${asked.value.containingType} extension ${asked.value.extensionNumber}`);
    case undefined:
      return refused(Code.InvalidArgument, "the empty request");
  }
}

function files(fileDescriptorProto: Uint8Array[] | undefined, asked: string) {
  if (!fileDescriptorProto) return refused(Code.NotFound, asked);
  return { case: "fileDescriptorResponse", value: { fileDescriptorProto } } as const;
}

/** An answer on the stream, which goes on. Codes of Connect are those of gRPC. */
function refused(errorCode: Code, asked: string) {
  const errorMessage = `parleyd has nothing for ${asked.slice(0, 200).toWellFormed()}`;
  return { case: "errorResponse", value: { errorCode, errorMessage } } as const;
}
