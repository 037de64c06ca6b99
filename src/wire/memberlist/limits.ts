/** Every bound on what is read, so that no peer makes us work or hold more than a packet is worth. */
export interface MemberlistLimits {
  /** Levels of maps and arrays inside each other; the deepest known message has five. */
  readonly msgpackDepth: number;
  /** Values in one message: far above a push/pull of a large cluster. */
  readonly msgpackValues: number;
  /** Bytes of one string or byte slice. */
  readonly msgpackBytes: number;
  /** Bytes that one compressed message may become; newer Go peers refuse more than 40 MiB. */
  readonly decompressedBytes: number;
  /** Of that, what any compressed message may become; beyond it, so many times its own size: a few kilobytes must not cost
   * a second of work. News of members shrink to a third. */
  readonly decompressedFreely: number;
  readonly decompressedTimes: number;
  /** Compounds and compressed messages inside each other; Go peers send compounds in compression, no more. */
  readonly nesting: number;
  /** Messages in one packet, with those of compounds inside compounds. */
  readonly messages: number;
  /** Nodes of one push/pull; newer Go peers refuse more. */
  readonly nodes: number;
  /** The application's state in a push/pull, and one user message in a stream; newer Go peers refuse more. */
  readonly userBytes: number;
  /** An encrypted stream message; Go peers refuse more. */
  readonly sealedBytes: number;
}

export const MEMBERLIST_LIMITS: MemberlistLimits = {
  msgpackDepth: 16,
  msgpackValues: 16 * 1024 * 1024,
  msgpackBytes: 40 * 1024 * 1024,
  decompressedBytes: 40 * 1024 * 1024,
  decompressedFreely: 1024 * 1024,
  decompressedTimes: 64,
  nesting: 4,
  messages: 4_096,
  nodes: 1024 * 1024,
  userBytes: 20 * 1024 * 1024,
  sealedBytes: 20 * 1024 * 1024,
};

/** For looking at captured frames, of which there are many and each is small. */
export const FRAME_LIMITS: MemberlistLimits = {
  ...MEMBERLIST_LIMITS,
  msgpackValues: 256 * 1024,
  decompressedBytes: 1024 * 1024,
};

/** Meta data of a node; Go peers refuse more. */
export const MOST_META_BYTES = 512;
/** Protocol and delegate versions of a node: lowest, highest and spoken of each. Other lengths crash Go peers. */
export const VERSION_BYTES = 6;
/** memberlist 0.2.2 computes with eight bits and loses compounds of more. */
export const MOST_COMPOUND_PARTS = 127;
export const MOST_LABEL_BYTES = 255;
