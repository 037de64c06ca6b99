/** What an address is for: only a service of that kind dials it. */
export type PeerKind = "whisper" | "member" | "mesh";

/** How an address became known. `message`: the Addr of a whisper message. */
export type PeerOrigin = "configuration" | "operator" | "broadcast" | "directory" | "membership" | "message";

/** One service of a node, and where it listens. */
export interface ServiceAddress {
  readonly kind: PeerKind;
  /** "IP:port". */
  readonly address: string;
}

/** What a node says of itself under its key. Of two by the same key the one with the higher sequence counts. */
export interface Announcement {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  readonly name: string;
  readonly sequence: number;
  /** Seconds since the Unix epoch. */
  readonly expires: number;
  readonly services: readonly ServiceAddress[];
  /** Present in whisper's lobby (`chat join`). */
  readonly lobby: boolean;
}

/** Someone named an address. */
export interface Sighting extends ServiceAddress {
  readonly origin: PeerOrigin;
  /** Who named it, as its address or name; "" when it was the operator. */
  readonly source: string;
  /** What the node there is called, where the origin tells. */
  readonly name?: string;
}

/** What a service knows of one address of its kind. Times are ms since the Unix epoch. */
export interface PeerReport {
  readonly state: "linked" | "dialling" | "waiting" | "known" | "held" | "lost";
  readonly reason?: string;
  readonly since?: number;
  /** What the node there calls itself. */
  readonly name?: string;
}
