import { OperatorError } from "#base/operator-error.ts";

/** Why the members' core did not carry out a command, with what can be done. */
export function refusal(command: string, reason: string): OperatorError {
  const remedy = Object.hasOwn(REMEDIES, command) ? REMEDIES[command]! : "see `show membership`";
  return new OperatorError(reason, remedy);
}

export function needsSerf(what: string): OperatorError {
  return new OperatorError(
    `${what} need Serf's layer, and this cluster is plain`,
    "set membership.serf: true at all members",
  );
}

export function hasLeft(): OperatorError {
  return new OperatorError("this node has left the cluster", "`join ADDR` comes back");
}

export function nameLost(name: string): OperatorError {
  return new OperatorError(
    `the members know ${name} at another address, and have voted this node out`,
    "give it another membership.name",
  );
}

const REMEDIES: Readonly<Record<string, string>> = {
  "set-value": "use a shorter key or text, or remove another one",
  "remove-value": "`show broadcasts` has the keys",
  event: "use a shorter name or payload",
  query: "use a shorter name or payload",
};

/** Why an address could not be joined, with what it means where that is known. */
export function joinProblem(reason: string): string {
  return Object.hasOwn(MEANINGS, reason) ? `${reason}; ${MEANINGS[reason]!}` : reason;
}

const SAME_KEYS = "membership.keys differ between the two";
const MEANINGS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nobody listens there",
  EAI_AGAIN: "the name is not known",
  ENOTFOUND: "the name is not known",
  "timed out": "nobody answers there",
  "closed without an answer": "perhaps membership.label differs between the two",
  "no key opens it": SAME_KEYS,
  "encrypted, and we have no key": SAME_KEYS,
  "not encrypted": SAME_KEYS,
  "its members are not compatible with this one": "membership.serf and .protocol must suit all members",
};
