import type { BpfProgram } from "#base/bpf.ts";
import type { Message } from "#packet/message.ts";
import type { Query } from "#packet/query/query.ts";
import type { Registry } from "#packet/registry.ts";

/**
 * What runs in the kernel, so that packets that no query selects cost nothing here; undefined: all come. It lets through
 * at least what one of the queries selects: each packet is asked again.
 */
export function kernelFilter(
  _registry: Registry,
  _queries: readonly Query[],
  _first: Message,
): BpfProgram | undefined {
  return undefined;
}
