import { DIRECTORY_LIMITS } from "#directory/limits.ts";
import type { Operation, Refusal } from "#directory/request.ts";
import type { Registration } from "#directory/registration.ts";
import type { Outcome } from "#directory/rules.ts";
import type { DirectoryTable } from "#directory/table.ts";

/** An answer over HTTP. */
export interface DirectoryAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/**
 * The answer to what has been carried out. `from` says at which of so many peers the JSON API begins when it does not
 * tell all, so that not everybody learns of the same ones. `now` in ms since the Unix epoch.
 */
export function answerTo(
  operation: Operation,
  outcome: Outcome,
  table: DirectoryTable,
  from: (peers: number) => number,
  now: number,
): DirectoryAnswer {
  if (outcome === "refused") return refusalAnswer(NOT_YOURS, operation.isOriginal);
  if (outcome === "crowded") return refusalAnswer(CROWDED, operation.isOriginal);
  if (operation.type === "ping") return operation.isOriginal ? text(200, "OK") : json(200, { answer: "OK" });
  if (operation.isOriginal) return text(200, table.list());
  const { settings, peers } = table;
  const config = { ...settings, numPeers: peers.size };
  switch (operation.type) {
    case "join":
    case "refill": {
      const own = peers.get(operation.peer.id);
      const times = own && {
        expires: Math.floor(own.expires / 1_000),
        // Clocks differ: a client goes by this.
        expiresIn: Math.max(0, Math.floor((own.expires - now) / 1_000)),
      };
      const listed = some(table, operation.listed, from);
      return json(200, { outcome, registered: own !== undefined, ...times, config, peers: listed });
    }
    case "list":
      return json(200, { config, peers: some(table, operation.listed, from) });
    default:
      return json(200, { outcome, config });
  }
}

/** The answer to what is not carried out, as the API that was asked has it. */
export function refusalAnswer({ status, text: words }: Refusal, isOriginal: boolean): DirectoryAnswer {
  return isOriginal ? text(status, `${words}\n`) : json(status, { error: words });
}

/** Whether a path is one of the JSON API. */
export function isJsonPath(path: string): boolean {
  return path.startsWith("/v1/");
}

function some(table: DirectoryTable, most: number, from: (peers: number) => number): readonly unknown[] {
  const { ids } = table;
  const count = Math.min(most, DIRECTORY_LIMITS.taken, ids.length);
  const start = count < ids.length ? from(ids.length) : 0;
  return Array.from({ length: count }, (_, i) => shown(table.peers.get(ids[(start + i) % ids.length]!)!));
}

function shown({ source: _source, renews: _renews, expires, signed, ...peer }: Registration): unknown {
  return {
    ...peer,
    expires: Math.floor(expires / 1_000),
    ...(signed && { publicKey: signed.publicKey, announcement: signed.announcement }),
  };
}

/** The original's server leaves the type to Go, which calls its JSON plain text. */
function text(status: number, body: string): DirectoryAnswer {
  return { status, contentType: "text/plain; charset=utf-8", body };
}

function json(status: number, value: unknown): DirectoryAnswer {
  return { status, contentType: "application/json", body: JSON.stringify(value) };
}

const CROWDED: Refusal = {
  status: 429,
  reason: "share",
  text: "as many peers are registered from this address as one may have",
};
const NOT_YOURS: Refusal = {
  status: 403,
  reason: "owner",
  text: "this registration belongs to another key, or is newer",
};
