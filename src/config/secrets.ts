/**
 * Which keys hold secrets. A secret is written as a dotted key, which covers all below it, and may hold "*"
 * for a part of any name: "api.tokens", "ospf.*.*.authentication.key".
 */
export function isSecret(path: readonly PropertyKey[], secrets: readonly string[]): boolean {
  return secrets.some((secret) => {
    const parts = secret.split(".");
    return parts.length <= path.length && agrees(parts, path);
  });
}

/** True for a secret, for what is below one, and for a map that would hold one. */
export function touchesSecret(path: readonly PropertyKey[], secrets: readonly string[]): boolean {
  return secrets.some((secret) => agrees(secret.split("."), path));
}

/** As far as both reach. */
function agrees(parts: readonly string[], path: readonly PropertyKey[]): boolean {
  return parts.every((part, i) => i >= path.length || part === "*" || part === String(path[i]));
}

/** What is shown in a secret's place. */
export const MASK = "********";
