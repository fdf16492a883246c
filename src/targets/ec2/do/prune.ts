import { deletionCalls, prunePlan, type PrunePlan } from "../compute/prune.js";
import { amiParameter } from "../compute/names.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { fleetAmis, orphanedSnapshots } from "./fleet-images.js";
import { imageUsage } from "./image-usage.js";
import { make } from "./make-calls.js";

/** What may go in one region, and why the rest stays. */
export async function planPrune(aws: Aws, fleet: Fleet, keep: number): Promise<PrunePlan> {
  const amis = await fleetAmis(aws, fleet.name);
  const parameter = amiParameter(fleet.name, fleet.image.targets.ec2?.ami_parameter);
  const ids = amis.map(({ id }) => id);
  const { usage, superseded } = await imageUsage(aws, fleet.name, parameter, ids);
  const orphans = await orphanedSnapshots(aws, fleet.name, amis);
  const snapshots = orphans.map(({ SnapshotId = "" }) => SnapshotId);
  return prunePlan(amis, usage, superseded, snapshots, keep);
}

/** Deletes what the plan says. `home`: the contents of images are published in this region. */
export async function prune(aws: Aws, fleet: Fleet, plan: PrunePlan, home: boolean): Promise<void> {
  for (const ami of plan.delete)
    for (const call of deletionCalls(fleet.name, ami, home)) await make(aws, call).catch(unlessGone);
  for (const SnapshotId of plan.orphans)
    await make(aws, { action: "ec2:DeleteSnapshot", input: { SnapshotId } }).catch(unlessGone);
}

/** What somebody else, or a run that was cut off, has deleted already. */
function unlessGone(error: unknown): void {
  const gone = [
    "InvalidAMIID.NotFound",
    "InvalidAMIID.Unavailable",
    "InvalidSnapshot.NotFound",
    "ParameterNotFound",
  ];
  if (!isAwsError(error, ...gone)) throw error;
}
