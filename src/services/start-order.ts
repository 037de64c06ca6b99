import { OperatorError } from "#base/operator-error.ts";
import type { AnyService } from "#services/service.ts";

/**
 * The services in an order in which each comes after all that it needs; otherwise as they were given. Throws
 * OperatorError for two of one name, a need that is not among them and a cycle, naming the services concerned.
 */
export function startOrder(services: readonly AnyService[]): readonly AnyService[] {
  const byName = new Map<string, AnyService>();
  for (const each of services) {
    if (byName.has(each.name))
      throw new OperatorError(`two services are called ${each.name}`, "rename one of them");
    byName.set(each.name, each);
  }
  const ordered = new Set<AnyService>();
  const path: string[] = [];
  const visit = (each: AnyService): void => {
    if (ordered.has(each)) return;
    if (path.includes(each.name)) {
      const cycle = [...path.slice(path.indexOf(each.name)), each.name].join(" -> ");
      throw new OperatorError(
        `services need each other in a cycle: ${cycle}`,
        "take one of these needs away",
      );
    }
    path.push(each.name);
    for (const need of Object.values(each.needs)) {
      const needed = byName.get(need.name);
      if (needed !== need) {
        throw new OperatorError(
          `service ${each.name} needs ${need.name}, which is not there`,
          `add ${need.name}`,
        );
      }
      visit(needed);
    }
    path.pop();
    ordered.add(each);
  };
  for (const each of services) visit(each);
  return [...ordered];
}
