/** What a token permits; each role includes the ones before it. */
export const ROLES = ["read", "write", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** True when a token of role `held` is enough for what asks for `needed`. */
export function permits(held: Role, needed: Role): boolean {
  return ROLES.indexOf(held) >= ROLES.indexOf(needed);
}

/** The role that "service/Method" asks for over TCP. What the table does not name is for the administrator alone. */
export function roleFor(method: string): Role {
  return METHOD_ROLES.get(method) ?? "admin";
}

// GetConfiguration is for readers: its secrets are masked.
export const METHOD_ROLES: ReadonlyMap<string, Role> = new Map<string, Role>([
  ["parley.v1.NodeService/GetVersion", "read"],
  ["parley.v1.NodeService/ListServices", "read"],
  ["parley.v1.NodeService/GetConfiguration", "read"],
  ["parley.v1.NodeService/ListEvents", "read"],
  ["parley.v1.NodeService/Watch", "read"],
  ["parley.v1.NodeService/RestartService", "admin"],
  ["parley.v1.NodeService/Reload", "admin"],
  ["parley.v1.NodeService/Shutdown", "admin"],
  ["parley.v1.LinksService/ListInterfaces", "read"],
  ["parley.v1.RoutesService/ListRoutes", "read"],
  ["parley.v1.OspfService/GetOspf", "read"],
  ["parley.v1.OspfService/ListNeighbors", "read"],
  ["parley.v1.OspfService/ListInterfaces", "read"],
  ["parley.v1.OspfService/ListDatabase", "read"],
  ["parley.v1.OspfService/ListRoutes", "read"],
  ["parley.v1.OspfService/ListBorderRouters", "read"],
  ["parley.v1.OspfService/ExplainRoute", "read"],
  ["parley.v1.OspfService/ClearNeighbors", "write"],
  // All routes go and come back, at all routers of the area.
  ["parley.v1.OspfService/ClearProcess", "admin"],
  ["parley.v1.MembershipService/GetMembership", "read"],
  ["parley.v1.MembershipService/ListMembers", "read"],
  ["parley.v1.MembershipService/GetRoundTrip", "read"],
  ["parley.v1.MembershipService/ListBroadcasts", "read"],
  ["parley.v1.MembershipService/ListChat", "read"],
  ["parley.v1.MembershipService/SendEvent", "write"],
  ["parley.v1.MembershipService/Query", "write"],
  ["parley.v1.MembershipService/SetBroadcast", "write"],
  ["parley.v1.MembershipService/RemoveBroadcast", "write"],
  ["parley.v1.MembershipService/JoinChat", "write"],
  ["parley.v1.MembershipService/LeaveChat", "write"],
  ["parley.v1.MembershipService/Join", "write"],
  ["parley.v1.MembershipService/Leave", "write"],
  // Lists keys, and decides who can hear whom.
  ["parley.v1.MembershipService/ChangeKeyring", "admin"],
  ["parley.v1.PeersService/GetIdentity", "read"],
  ["parley.v1.PeersService/ListBook", "read"],
  ["parley.v1.PeersService/ExplainPeer", "read"],
  ["parley.v1.WhisperService/ListPeers", "read"],
  ["parley.v1.WhisperService/GetPeer", "read"],
  ["parley.v1.WhisperService/ListMessages", "read"],
  ["parley.v1.WhisperService/Say", "write"],
  ["parley.v1.WhisperService/Connect", "write"],
  ["parley.v1.WhisperService/Disconnect", "write"],
  // Whoever sees or answers packets sees what is not meant for him.
  ["parley.v1.PacketsService/Capture", "admin"],
  ["parley.v1.PacketsService/ListCaptures", "read"],
  ["parley.v1.PacketsService/ListResponders", "read"],
  ["parley.v1.PacketsService/StartResponder", "admin"],
  ["parley.v1.PacketsService/StopResponder", "admin"],
  ["parley.v1.DirectoryService/GetDirectory", "read"],
  ["parley.v1.DirectoryService/Join", "write"],
  ["parley.v1.DirectoryService/Refill", "write"],
  ["parley.v1.DirectoryService/Leave", "write"],
  ["parley.v1.DirectoryService/List", "read"],
  // It takes away what everybody has put there.
  ["parley.v1.DirectoryService/Reset", "admin"],
  ["grpc.health.v1.Health/Check", "read"],
  ["grpc.health.v1.Health/Watch", "read"],
  ["grpc.reflection.v1.ServerReflection/ServerReflectionInfo", "read"],
  ["grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", "read"],
]);
