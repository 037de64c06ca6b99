/** What is wrong with a packet, and where: an offset in the frame's bytes. */
export interface Problem {
  /**
   * truncated: the packet ends inside a field; cut: the capture holds only the packet's start; malformed: the bytes
   * contradict themselves; checksum: a bad one; offload: a checksum that hardware was to fill in, or a frame that it
   * was to split: nothing is wrong with the network.
   */
  readonly kind: "truncated" | "cut" | "malformed" | "checksum" | "offload";
  /** "truncated ospf.hello.priority". */
  readonly error: string;
  readonly at: number;
  /** Where a field would end that a length inside the packet cuts short. */
  readonly needs?: number;
}
