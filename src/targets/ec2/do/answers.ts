import { AwsError, betweenHint } from "./errors.js";

/** The HTTP answer to a request, before it is parsed. */
export interface RawAnswer {
  statusCode?: number;
  headers?: Record<string, string>;
  body?: unknown;
}

/** Throws AwsError for an answer with status 200 that is not from AWS: an HTML page, an empty answer, another protocol. */
export function refuseNoAnswer(text: string, { headers = {} }: RawAnswer, what: string, host: string): void {
  if (/^\s*\{/.test(text) || /^\s*(<\?xml[^>]*>)?\s*<\w+Response[\s/>]/.test(text)) return;
  throw noAnswer(what, host, `200 ${headers["content-type"] ?? ""}`.trim(), text);
}

/** The error for an answer that cannot be parsed. */
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

/** Operations whose answers are never empty: they contain a list, or what was created. (Emulators have no scaling activities.) */
const alwaysHoldSomething =
  /^(Describe(?!ScalingActivities)|Get|List|Allocate|RunInstances|StartInstances|StopInstances|TerminateInstances|CreateSecurityGroup|CreateLaunchTemplate|PutParameter|SendCommand|StartInstanceRefresh)/;

/** Throws AwsError for an answer without the content that its operation always has: a missing list is not an empty list. */
export function refuseEmpty(operation: string, output: object, what: string, host: string): void {
  if (!alwaysHoldSomething.test(operation)) return;
  const held = Object.entries(output).filter(([name, value]) => name !== "$metadata" && value !== undefined);
  if (held.length === 0) throw noAnswer(what, host, "200", "");
}
