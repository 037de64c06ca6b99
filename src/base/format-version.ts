/** "v0.1.0 (2871e53; dirty)"; no parentheses when the commit is not known. */
export function formatVersion(version: {
  readonly version: string;
  readonly commit: string;
  readonly dirty: boolean;
}): string {
  if (version.commit === "") return `v${version.version}`;
  return `v${version.version} (${version.commit}${version.dirty ? "; dirty" : ""})`;
}
