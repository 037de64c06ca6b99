/** The package export "parley/ospf": an OSPFv2 router that only thinks. See examples/ospf-library. */
export type { Address } from "#base/address.ts";
export type { HashAlgorithm } from "#base/cipher.ts";
export { formatIpv4, fromAddress, parseIpv4, toAddress, type Ipv4 } from "#base/ipv4.ts";
export { seededRandom, type Random } from "#base/random.ts";
export type { Link, LinkAddress } from "#host/links.ts";
export type { Core } from "#machine/core.ts";
export type {
  AreaConfig,
  Authentication,
  AuthenticationKey,
  BackoffTimers,
  ConfiguredNeighbor,
  ExternalRoute,
  InterfaceConfig,
  NetworkType,
  OspfConfig,
  OspfTimers,
} from "#ospf/config.ts";
export type { Digests } from "#ospf/authentication.ts";
export { interfaceDefaults, ospfDefaults } from "#ospf/defaults.ts";
export type { InterfaceState } from "#ospf/interface-machine.ts";
export type { OspfCommand, OspfEvent, OspfInput, OspfOutput } from "#ospf/io.ts";
export type { NeighborState } from "#ospf/neighbor-machine.ts";
export { OspfRouter } from "#ospf/router.ts";
export type { NextHop, OspfRoute, PathType, RouteChanges } from "#ospf/routes.ts";
export type { OspfSurroundings } from "#ospf/state.ts";
