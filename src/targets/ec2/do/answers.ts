import { AwsError, betweenHint } from "./errors.js";

/** What a request met, as far as it can be told before anybody has made sense of it. */
export interface RawAnswer {
  statusCode?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Throws AwsError for an answer of 200 that no service of AWS gives: a page, something empty, another protocol. */
export function refuseNoAnswer(text: string, { headers = {} }: RawAnswer, what: string, host: string): void {
  if (/^\s*\{/.test(text) || /^\s*(<\?xml[^>]*>)?\s*<\w+Response[\s/>]/.test(text)) return;
  throw noAnswer(what, host, `200 ${headers["content-type"] ?? ""}`.trim(), text);
}

/** An answer that nobody can make sense of, in the words of a user. */
export function noAnswer(what: string, host: string, status: string, text: string): AwsError {
  const shown = text.replaceAll(/\s+/g, " ").trim().slice(0, 80);
  const quoted = shown === "" ? "nothing" : `"${shown}"`;
  return new AwsError(
    "NoAnswerOfAws",
    `${what}: ${host || "the endpoint"} did not answer like an AWS service (${status}): ${quoted}`,
    { hint: betweenHint },
    1,
  );
}

/** Operations of which every answer holds something: lists, though empty, and what was made. (Emulators know no scaling activities.) */
const alwaysHoldSomething =
  /^(Describe(?!ScalingActivities)|Get|List|Allocate|RunInstances|StartInstances|StopInstances|TerminateInstances|CreateSecurityGroup|CreateLaunchTemplate|PutParameter|SendCommand|StartInstanceRefresh)/;

/** Throws AwsError for an answer without anything of what its operation always has: no list is not an empty list. */
export function refuseEmpty(operation: string, output: object, what: string, host: string): void {
  if (!alwaysHoldSomething.test(operation)) return;
  const held = Object.entries(output).filter(([name, value]) => name !== "$metadata" && value !== undefined);
  if (held.length === 0) throw noAnswer(what, host, "200", "");
}
