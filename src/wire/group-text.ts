/** What a record of IGMP version 3 or MLD version 2 says of a group: "join 233.252.0.1 from 192.0.2.1". RFC 3376 4.2.12. */
export function groupRecordText(record: {
  readonly type: number;
  readonly group: string;
  readonly sources: readonly string[];
}): string {
  const { type, group, sources } = record;
  const some = sourcesText(sources);
  switch (type) {
    case 1:
      return some === "" ? `not in ${group}` : `in ${group} from ${some}`;
    case 2:
      return some === "" ? `in ${group}` : `in ${group} except from ${some}`;
    case 3:
      return some === "" ? `leave ${group}` : `join ${group} from ${some}`;
    case 4:
      return some === "" ? `join ${group}` : `join ${group} except from ${some}`;
    case 5:
      return `allow ${some || "nobody"} in ${group}`;
    case 6:
      return `block ${some || "nobody"} in ${group}`;
    default:
      return `record type ${type} of ${group}`;
  }
}

/** What a query asks for: ": general" without a group, or the group and the sources. */
export function groupQueryText(group: string, sources: readonly string[]): string {
  if (group === "0.0.0.0" || group === "::") return "general";
  const some = sourcesText(sources);
  return some === "" ? group : `${group} from ${some}`;
}

function sourcesText(sources: readonly string[]): string {
  const shown = sources.slice(0, MOST_SHOWN).join(" and ");
  return sources.length > MOST_SHOWN ? `${shown} and ${sources.length - MOST_SHOWN} more` : shown;
}

/** Addresses that fit a line. */
const MOST_SHOWN = 2;
