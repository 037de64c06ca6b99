import { createHash, timingSafeEqual } from "node:crypto";
import { Code, type HandlerContext } from "@connectrpc/connect";
import { refusal } from "#api/refusal.ts";
import { permits, roleFor, ROLES, type Role } from "#api/roles.ts";

/** The tokens that open the TCP listener; an absent role has no token. */
export type ApiTokens = { readonly [R in Role]?: string | undefined };

/**
 * A gate that lets a call pass when its `authorization: Bearer TOKEN` permits the method. It runs before any of the
 * request's body is read. Throws ConnectError: Unauthenticated without a known token, PermissionDenied with a low one.
 */
export function tokenGate(tokens: ApiTokens): (call: HandlerContext) => void {
  const known = ROLES.flatMap((role) => {
    const token = tokens[role];
    return token ? [{ role, digest: digestOf(token) }] : [];
  });
  return (call) => {
    const needed = roleFor(`${call.service.typeName}/${call.method.name}`);
    const token = /^bearer +(\S+) *$/i.exec(call.requestHeader.get("authorization") ?? "")?.[1];
    if (token === undefined) {
      throw refusal(Code.Unauthenticated, `${call.method.name} needs a token`, GIVE_TOKEN);
    }
    const held = roleOf(token, known);
    if (held === undefined)
      throw refusal(Code.Unauthenticated, "this node does not know the token", GIVE_TOKEN);
    if (permits(held, needed)) return;
    const message = `${call.method.name} needs the ${needed} token, this is the ${held} token`;
    throw refusal(
      Code.PermissionDenied,
      message,
      `call it with the ${needed} token of the node's configuration`,
    );
  };
}

interface KnownToken {
  readonly role: Role;
  readonly digest: Buffer;
}

/**
 * The highest role that `token` opens. Digests of equal length are compared, all of them and each in constant time, so
 * that the time of an answer tells nothing about a token.
 */
function roleOf(token: string, known: readonly KnownToken[]): Role | undefined {
  const digest = digestOf(token);
  let held: Role | undefined;
  for (const candidate of known) if (timingSafeEqual(candidate.digest, digest)) held = candidate.role;
  return held;
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}

const GIVE_TOKEN =
  'give one of the node\'s tokens with --token, or as the header "authorization: Bearer TOKEN"';
