import { talk } from "../../../cli/talk.js";
import { reasonToStay, type Leftover } from "../compute/leftovers.js";
import { bakeLimitHours } from "../compute/packer-source.js";
import type { Aws } from "../do/aws.js";
import { isAwsError } from "../do/errors.js";
import { bakeThings } from "../do/leftovers.js";

/** Warns about builders and other resources that killed bakes have left, or about missing permissions to look for them. */
export async function tellLeftovers(aws: Aws, fleet: string): Promise<void> {
  try {
    const now = Date.now();
    const things = await bakeThings(aws, fleet);
    const left = things.filter((one) => one.kind === "builder" || reasonToStay(one, { now }) === undefined);
    for (const one of left) talk.warn(inWords(one, aws.region));
  } catch (error) {
    if (!isAwsError(error, "UnauthorizedOperation", "AccessDenied")) throw error;
    talk.warn(`cannot check for resources of interrupted bakes in ${aws.region}: ${error.message}`);
  }
}

function inWords({ kind, id, state, since }: Leftover, region: string): string {
  const made = since?.toISOString() ?? "?";
  if (kind !== "builder")
    return `${kind} ${id} in ${region}, created ${made}, was left behind by an interrupted bake; to delete it: sip-proxy image clean FLEET`;
  return (
    `builder ${id} in ${region} has been ${state} since ${made}; its bake is still running or was interrupted. ` +
    `It terminates ${bakeLimitHours} hours after its start; to terminate it now: sip-proxy image clean FLEET`
  );
}
