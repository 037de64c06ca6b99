import type { Endpoint } from "#base/endpoint.ts";

/** A whole request, as a server is asked. */
export interface HttpRequest {
  readonly method: string;
  /** Percent signs as they came; without the query. */
  readonly path: string;
  /** What stands behind "?"; empty for nothing. */
  readonly query: string;
  /** Of the header "authorization"; empty without it. */
  readonly authorization: string;
  readonly body: Uint8Array;
  /** IP address of whoever asks. */
  readonly source: string;
}

export interface HttpResponse {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  /** Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What a server takes at most. */
export interface HttpLimits {
  readonly bodyBytes: number;
  /** Connections of everybody, and of one address. */
  readonly connections: number;
  readonly connectionsPerAddress: number;
  /** For the head of a request, for all of it, and for the answer to be taken; ms. */
  readonly headMs: number;
  readonly requestMs: number;
  readonly answerMs: number;
}

/** Why a server did not pass on a request or a connection. */
export type HttpDrop = "body" | "head" | "slow" | "connections" | "slow-reader";

export interface HttpHandlers {
  /** Answers a request; what it rejects with is told as `failed`, and the client gets 500. */
  request(request: HttpRequest): Promise<HttpResponse>;
  dropped(reason: HttpDrop): void;
  failed(error: unknown): void;
}

export interface HttpListener {
  readonly local: Endpoint;
  /** Stops, lets what is being answered end for a moment, and frees the address. */
  close(): Promise<void>;
}

/** What a client asks. */
export interface HttpCall {
  /** "http://…" or "https://…". */
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly body: string;
  readonly contentType: string;
  /** Empty for none. */
  readonly authorization: string;
  /** For everything, ms. */
  readonly timeoutMs: number;
  /** Bytes of the answer at most. */
  readonly mostBytes: number;
}

/** HTTP/1.1. */
export interface Http {
  /** Listens on `at` (port 0: any free one). Rejects with an OperatorError when the address is not to be had. */
  serve(at: Endpoint, limits: HttpLimits, handlers: HttpHandlers): Promise<HttpListener>;
  /** Follows no redirection. Rejects with an Error whose message says why in a few words: "ECONNREFUSED", "timeout", …. */
  call(call: HttpCall): Promise<{ readonly status: number; readonly body: string }>;
}
