import { print } from "../../../cli/talk.js";
import { showCall } from "../compute/redact.js";
import { Aws, namingLeftovers } from "../do/aws.js";

/** Runs work with AWS. A dry run prints the calls that would change something, as they would be sent but for secrets. */
export async function withAws<T>(
  region: string | undefined,
  dryRun: boolean | undefined,
  work: (aws: Aws) => Promise<T>,
): Promise<T> {
  const aws = await Aws.open(region, dryRun ? (call) => print(showCall(call)) : undefined);
  return namingLeftovers(aws, () => work(aws));
}
