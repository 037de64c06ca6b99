import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { extname } from "node:path";
import { displayPath, explainFileError } from "#config/layer-files.ts";
import { MAXIMUM_FILE_SIZE } from "#config/limits.ts";
import type { Place, PlaceSource } from "#config/located.ts";
import { readTomlLayer } from "#config/toml-layer.ts";
import { readYamlLayer, type LayerText } from "#config/yaml-layer.ts";

/**
 * Reads one file as a layer, TOML or YAML by its name. Whatever is wrong with it is a problem of the result.
 */
export async function readLayerFile(path: string, workingFolder: string, order: number): Promise<LayerText> {
  const name = displayPath(path, workingFolder);
  const source: PlaceSource = { name, shortName: name, order };
  let bytes: Uint8Array;
  try {
    bytes = await readBounded(path);
  } catch (error) {
    const { message, remedy } = explainFileError(error);
    return wrongAsWhole(source, message, remedy);
  }
  if (bytes.length > MAXIMUM_FILE_SIZE) {
    return wrongAsWhole(source, `is larger than ${MAXIMUM_FILE_SIZE} bytes`, "is it the right file?");
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return wrongAsWhole(source, "is not UTF-8 text", "save it as UTF-8");
  }
  return extname(path) === ".toml" ? readTomlLayer(text, source) : readYamlLayer(text, source);
}

/** The file's bytes, at most one more than the limit. */
async function readBounded(path: string): Promise<Uint8Array> {
  // Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const buffer = new Uint8Array(MAXIMUM_FILE_SIZE + 1);
    let length = 0;
    while (length < buffer.length) {
      const { bytesRead } = await file.read(buffer, length, buffer.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return buffer.subarray(0, length);
  } finally {
    await file.close();
  }
}

function wrongAsWhole(source: PlaceSource, message: string, remedy: string): LayerText {
  const place: Place = { source, line: 0, column: 0 };
  return { map: { kind: "map", place, entries: new Map() }, problems: [{ place, key: "", message, remedy }] };
}
