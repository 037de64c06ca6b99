import { formatEndpoint, parseEndpoint } from "#base/endpoint.ts";
import { encodeUtf8 } from "#base/utf8.ts";
import type { Http, HttpCall, HttpHandlers, HttpLimits, HttpRequest, HttpResponse } from "#host/http.ts";
import { listenError } from "#host/listen-error.ts";
import type { Machine, Network } from "#sim/network.ts";

/** Who answers HTTP in a simulated network, by "IP:port". */
export type WebServers = Map<string, WebServer>;

interface WebServer {
  readonly machine: Machine;
  readonly limits: HttpLimits;
  readonly handlers: HttpHandlers;
}

/** HTTP whose requests and answers each take one delay of the network; servers are called by their IP address. */
export function simHttp(network: Network, machine: Machine): Http {
  const { webServers: servers, scheduler } = network;
  const after = (delayMs: number) =>
    new Promise<void>((resolve) => void scheduler.at(scheduler.now + delayMs, resolve));
  return {
    serve: async (at, limits, handlers) => {
      const port = at.port === 0 ? network.freePort(machine) : at.port;
      const place = formatEndpoint({ host: machine.host, port });
      if (servers.has(place)) throw listenError("TCP", at, "EADDRINUSE");
      const server = { machine, limits, handlers };
      servers.set(place, server);
      return {
        local: { host: at.host, port },
        close: async () => void (servers.get(place) === server && servers.delete(place)),
      };
    },
    call: async (call) => {
      const [, authority, target] = /^http:\/\/([^/]+)(\/.*)$/.exec(call.url) ?? [];
      const to = parseEndpoint(authority ?? "");
      if (!to) throw new Error("ENOTFOUND");
      const host = to.host.startsWith("127.") ? machine.host : to.host;
      await after(network.delay());
      const server = servers.get(formatEndpoint({ host, port: to.port }));
      if (!server) throw new Error("ECONNREFUSED");
      if (server.machine.paused || !network.reachable(machine, server.machine)) {
        await after(call.timeoutMs);
        throw new Error("timeout");
      }
      const late = after(call.timeoutMs).then(() => {
        throw new Error("timeout");
      });
      late.catch(() => {}); // most answers are in time
      const answer = answerOf(server, requestOf(call, target!, machine.host));
      const { status, body } = await Promise.race([answer, late]);
      await after(network.delay());
      if (encodeUtf8(body).length > call.mostBytes)
        throw new Error(`the answer has more than ${call.mostBytes} bytes`);
      return { status, body };
    },
  };
}

async function answerOf({ limits, handlers }: WebServer, request: HttpRequest): Promise<HttpResponse> {
  const plain = { contentType: "text/plain; charset=utf-8" };
  if (request.body.length > limits.bodyBytes) {
    handlers.dropped("body");
    return { ...plain, status: 413, body: `the body has more than ${limits.bodyBytes} bytes\n` };
  }
  try {
    return await handlers.request(request);
  } catch (error) {
    handlers.failed(error);
    return { ...plain, status: 500, body: "something went wrong\n" };
  }
}

function requestOf(call: HttpCall, target: string, source: string): HttpRequest {
  const mark = target.indexOf("?");
  return {
    method: call.method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? "" : target.slice(mark + 1),
    authorization: call.authorization,
    body: encodeUtf8(call.body),
    source,
  };
}
