import type { Files } from "#host/files.ts";

/** Files in memory; nobody else may read them, and they stay when the node is started again. */
export class SimFiles implements Files {
  readonly contents = new Map<string, Uint8Array>();

  async read(path: string, mostBytes: number) {
    const content = this.contents.get(path);
    if (content && content.length > mostBytes)
      throw new RangeError(`${path} has more than ${mostBytes} bytes`);
    return content && { content };
  }

  async write(path: string, content: Uint8Array): Promise<void> {
    this.contents.set(path, content.slice());
  }
}
