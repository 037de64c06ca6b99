import { z } from "zod";
import { formatEndpoint, parseNamedEndpoint } from "#base/endpoint.ts";
import { dialable } from "#peers/dialable.ts";
import type { PeerKind, ServiceAddress } from "#peers/io.ts";

const KINDS: readonly PeerKind[] = ["whisper", "member", "mesh"];
const EXPECTED =
  'expected a host or an IP address, and a port; write gopher.example:55555, 127.0.0.1:55555, "[::1]:55555" or ' +
  "member://127.0.0.1:7946";

/** The section `peers`: "IP:port" for whisper, "KIND://IP:port" for any kind; host names too. */
export const peersConfig = z
  .array(peerText())
  .max(1_024, "has more than 1,024 addresses; one that answers is enough")
  .prefault([])
  .meta({
    description:
      "Peers to begin with, IP:port or host:port; one that answers names the others. `member://` and `mesh://` before it " +
      "name the other kinds",
  });

function peerText() {
  return z.codec(z.string({ error: EXPECTED }), z.custom<ServiceAddress>(), {
    decode: (written, context) => {
      const read = readPeer(written);
      if (typeof read === "object") return read;
      context.issues.push({ code: "custom", input: written, message: read });
      return z.NEVER;
    },
    encode: formatPeer,
  });
}

/** A configured peer; or what is wrong with it, with the remedy. */
function readPeer(written: string): ServiceAddress | string {
  const [, scheme, rest] = /^(?:(\w+):\/\/)?(.*)$/s.exec(written)!;
  const kind = scheme === undefined ? "whisper" : KINDS.find((each) => each === scheme);
  if (!kind) return `has the unknown kind "${scheme}"; write ${KINDS.join("://, ")}:// or nothing`;
  const endpoint = parseNamedEndpoint(rest!);
  if (!endpoint) return EXPECTED;
  const address = formatEndpoint(endpoint);
  if (typeof dialable(address, "configuration", true) === "string")
    return "is never dialled; write a unicast address and a port above 0";
  return { kind, address };
}

/** As it is written: whisper's without its kind. */
function formatPeer({ kind, address }: ServiceAddress): string {
  return kind === "whisper" ? address : `${kind}://${address}`;
}
