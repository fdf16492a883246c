import type { Policy, Statement } from "../../../src/targets/ec2/compute/policy/policy.js";

/** A permission that a call needs: an action on a resource, with the condition keys of request and resource. */
export interface Need {
  action: string;
  /** `*` for actions that do not support resources. */
  resource: string;
  context: Record<string, string | string[]>;
}

/** The statement that allows it; undefined if none does. */
export function allowedBy(policy: Policy, need: Need): Statement | undefined {
  return policy.Statement.find(
    (statement) =>
      statement.Action.some((pattern) => matches(pattern, need.action)) &&
      statement.Resource.some((pattern) => matches(pattern, need.resource)) &&
      holds(statement.Condition?.StringEquals ?? {}, need.context) &&
      allHold(statement.Condition?.["ForAllValues:StringEquals"] ?? {}, need.context),
  );
}

type Condition = Record<string, string | string[]>;

function holds(condition: Condition, context: Need["context"]): boolean {
  return Object.entries(condition).every(([key, values]) => {
    const value = context[key];
    return typeof value === "string" && [values].flat().includes(value);
  });
}

/** Also true for a request without this key. */
function allHold(condition: Condition, context: Need["context"]): boolean {
  return Object.entries(condition).every(([key, values]) =>
    [context[key] ?? []].flat().every((value) => [values].flat().includes(value)),
  );
}

/** IAM's wildcards: `*` is any text, `?` one character. */
function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${expression}$`, "s").test(text);
}
