import { createSocket } from "node:dgram";
import type { Endpoint } from "#base/endpoint.ts";
import type { DatagramHandlers, Datagrams, DatagramSocket } from "#host/datagrams.ts";
import { listenError } from "#host/listen-error.ts";
import { errorCode } from "#system/error-code.ts";
import { remoteEndpoint } from "#system/remote-endpoint.ts";

/** UDP through Node. */
export function systemDatagrams(): Datagrams {
  return { open };
}

function open(at: Endpoint, handlers: DatagramHandlers): Promise<DatagramSocket> {
  const socket = createSocket({ type: at.host.includes(":") ? "udp6" : "udp4" });
  return new Promise((resolve, reject) => {
    socket.once("error", (error) => reject(listenError("UDP", at, errorCode(error), error)));
    socket.bind({ address: at.host, port: at.port, exclusive: true }, () => {
      socket.removeAllListeners("error");
      let open = true;
      const close = (): void => {
        if (open) socket.close();
        open = false;
      };
      socket.on("error", (error) => {
        close();
        handlers.failed(errorCode(error));
      });
      socket.on(
        "message",
        (data, from) => open && handlers.received(remoteEndpoint(from.address, from.port), data),
      );
      const { address, port } = socket.address();
      resolve({
        local: remoteEndpoint(address, port),
        // A datagram that cannot be sent (unreachable, too large, no buffer) is a lost one.
        send: (to, data) => open && socket.send(data, to.port, to.host, () => {}),
        close,
      });
    });
  });
}
