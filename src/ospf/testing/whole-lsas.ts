import { INITIAL_SEQUENCE } from "#ospf/constants.ts";
import { externalBody, makeLsa, routerBody } from "#ospf/lsa-bodies.ts";
import type { Lsa } from "#ospf/lsa.ts";
import { ip } from "#ospf/testing/lsas.ts";

export interface WholeLsaOptions {
  readonly type?: number;
  readonly id?: string;
  readonly router?: string;
  readonly sequence?: number;
  /** Seconds. */
  readonly age?: number;
  readonly body?: Uint8Array;
  /** ms. */
  readonly now?: number;
}

/** An LSA as it comes in a packet, its checksum right: an AS-external-LSA unless something else is said. */
export function wholeLsa({
  type = 5,
  id = "198.51.100.0",
  router = "192.0.2.77",
  sequence = INITIAL_SEQUENCE,
  age = 0,
  body = type === 1 ? routerBody([], false) : externalOf(20),
  now = 0,
}: WholeLsaOptions = {}): Lsa {
  const made = makeLsa(
    { type, id: ip(id), advertisingRouter: ip(router) },
    { options: 2, sequence, body },
    now,
  );
  return age === 0 ? made : made.withAge(age, now);
}

/** The body of an AS-external-LSA for a /24. */
export function externalOf(metric: number): Uint8Array {
  return externalBody({ network: 0, length: 24, metric, isType2: true, tag: 0, forwardingAddress: 0 });
}
