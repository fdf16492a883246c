import { print, printJson, talk } from "../../../cli/talk.js";
import type { DryRunOptions } from "../../target.js";
import { redacted, showCall } from "../compute/redact.js";
import { Aws, namingLeftovers } from "../do/aws.js";

/**
 * Runs work with AWS. A dry run prints the calls that would change something, as they would be sent, but without secrets. For JSON output,
 * `printOutcome` prints them.
 */
export async function withAws<T>(
  region: string | undefined,
  { dryRun, json }: DryRunOptions,
  work: (aws: Aws) => Promise<T>,
): Promise<T> {
  const tell = (call: Parameters<typeof showCall>[0]) => (json ? undefined : print(showCall(call)));
  const aws = await Aws.open(region, (line) => talk.warn(line), dryRun ? tell : undefined);
  return namingLeftovers(aws, () => work(aws));
}

/** Prints a command's result as JSON; for a dry run, with the calls that it would make. */
export function printOutcome(aws: Aws, outcome: object): void {
  const calls = redacted(aws.told);
  if (!aws.isDryRun) printJson(outcome);
  else printJson(Array.isArray(outcome) ? { would: outcome as unknown[], calls } : { ...outcome, calls });
}
