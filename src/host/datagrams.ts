import type { Endpoint } from "#base/endpoint.ts";

export interface DatagramHandlers {
  received(from: Endpoint, data: Uint8Array): void;
  /** The socket itself failed and is closed. A datagram that could not be sent is no failure: it is lost. */
  failed(error: string): void;
}

export interface DatagramSocket {
  readonly local: Endpoint;
  /** Hands one datagram to the network, which may lose it. */
  send(to: Endpoint, data: Uint8Array): void;
  close(): void;
}

/** UDP. */
export interface Datagrams {
  /** Opens a socket on `at` (port 0: any free one). Rejects with an OperatorError when the address is not to be had. */
  open(at: Endpoint, handlers: DatagramHandlers): Promise<DatagramSocket>;
}
