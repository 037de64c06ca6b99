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
  const known = knownTokens(tokens);
  return (call) => {
    const needed = roleFor(`${call.service.typeName}/${call.method.name}`);
    const token = bearerOf(call.requestHeader.get("authorization"));
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

/** The status of a request that is no call but needs the read token: 200, 401 without a known token. */
export function readGate(tokens: ApiTokens | undefined): (authorization: string | undefined) => 200 | 401 {
  if (!tokens) return () => 200;
  const known = knownTokens(tokens);
  return (authorization) => {
    const token = bearerOf(authorization);
    return token !== undefined && roleOf(token, known) !== undefined ? 200 : 401;
  };
}

function bearerOf(authorization: string | null | undefined): string | undefined {
  return /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
}

function knownTokens(tokens: ApiTokens): readonly KnownToken[] {
  return ROLES.flatMap((role) => {
    const token = tokens[role];
    return token ? [{ role, digest: digestOf(token) }] : [];
  });
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
