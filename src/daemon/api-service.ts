import { z } from "zod";
import { openApiServer } from "#api/server.ts";
import { endpointText, filePath } from "#config/schema.ts";
import { defaultSocketPath } from "#config/default-socket.ts";
import type { NodeControl } from "#services/control.ts";
import { service } from "#services/service.ts";

const token = z
  .string()
  .min(16, "is shorter than 16 characters; make one with: openssl rand -hex 16")
  .max(512)
  .optional();

const config = z
  .strictObject({
    socket: filePath()
      .prefault(defaultSocketPath())
      .meta({ description: "The Unix socket where prompts attach; only its owner may" }),
    listen: endpointText()
      .optional()
      .meta({ description: "gRPC, gRPC-Web, Connect and metrics on one TCP port; needs a token" }),
    tokens: z
      .strictObject({
        read: token.meta({ description: "Whoever has it may look" }),
        write: token.meta({ description: "And say, connect and disconnect" }),
        admin: token.meta({
          description: "And restart, reload, shut down, capture packets and start responders",
        }),
      })
      .prefault({}),
  })
  .refine(({ listen, tokens }) => !listen || Object.values(tokens).some((each) => each !== undefined), {
    path: ["listen"],
    message: "a TCP listener needs a token; add api.tokens.admin, made with: openssl rand -hex 16",
  })
  .prefault({});

/** parley.v1 on a Unix socket and, when configured, on TCP. Always there: it is how people reach the daemon. */
export function apiService(control: NodeControl) {
  return service({
    name: "api",
    type: "APIServer",
    always: true,
    needs: {},
    config,
    listens: ({ listen }) => (listen ? [{ key: "api.listen", transport: "tcp", endpoint: listen }] : []),
    async start(host, { socket, listen, tokens }) {
      const server = await openApiServer({
        control,
        socket,
        listen,
        tokens,
        failed: (error) => {
          const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
          host.log.publish("error", `a call failed: ${text.replaceAll(/\s*\n\s*/g, " ")}`);
        },
      });
      host.atStop(() => server.close());
      return { socket: server.socket, listen: server.listen };
    },
  });
}
