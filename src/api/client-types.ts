import type { Client } from "@connectrpc/connect";
import type { DirectoryService } from "#api/gen/parley/v1/directory_pb.ts";
import type { LinksService } from "#api/gen/parley/v1/links_pb.ts";
import type { MembershipService } from "#api/gen/parley/v1/membership_pb.ts";
import type { NodeService } from "#api/gen/parley/v1/node_pb.ts";
import type { OspfService } from "#api/gen/parley/v1/ospf_pb.ts";
import type { PacketsService } from "#api/gen/parley/v1/packets_pb.ts";
import type { PeersService } from "#api/gen/parley/v1/peers_pb.ts";
import type { RoutesService } from "#api/gen/parley/v1/routes_pb.ts";
import type { WhisperService } from "#api/gen/parley/v1/whisper_pb.ts";

/** A parley.v1 client, whatever carries it: a Unix socket, TCP with a token, a browser. */
export interface ParleyClient {
  readonly node: Client<typeof NodeService>;
  readonly directory: Client<typeof DirectoryService>;
  readonly links: Client<typeof LinksService>;
  readonly routes: Client<typeof RoutesService>;
  readonly ospf: Client<typeof OspfService>;
  readonly membership: Client<typeof MembershipService>;
  readonly peers: Client<typeof PeersService>;
  readonly whisper: Client<typeof WhisperService>;
  readonly packets: Client<typeof PacketsService>;
}
