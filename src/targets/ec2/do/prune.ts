import { setTimeout as sleep } from "node:timers/promises";
import type { LaunchPermission } from "@aws-sdk/client-ec2";
import type { Fleet } from "../../../understand/fleet.js";
import type { PlannedCall } from "../compute/calls.js";
import { amiParameters, tagKey } from "../compute/names.js";
import { deletionCalls } from "../compute/prune/calls.js";
import { prunePlan, type PrunePlan, type Superfluous } from "../compute/prune/plan.js";
import type { Aws } from "./aws.js";
import { isAwsError, isRefusal } from "./errors.js";
import { bakeSnapshots, fleetAmis, ownAmis, sharesOf, type FleetAmi } from "./fleet-images.js";
import { imageUsage } from "./image-usage.js";
import { make } from "./make-calls.js";
import { pause } from "./pause.js";

/** What may be deleted in one region, and why the rest stays. Launch permissions are not checked: that needs a call for each AMI. */
export async function planPrune(aws: Aws, fleet: Fleet, keep: number): Promise<PrunePlan> {
  const amis = await fleetAmis(aws, fleet.name);
  const ids = amis.map(({ id }) => id);
  const found = {
    fleet: fleet.name,
    amis,
    ...(await bakeSnapshotsThere(aws, fleet.name, amis)),
    ...(await imageUsage(aws, fleet.name, amiParameters(fleet), ids)),
  };
  return prunePlan(found, keep);
}

/** The snapshots of a fleet's bakes, and other AMIs than the fleet's for which they were made. */
export async function bakeSnapshotsThere(aws: Aws, fleet: string, amis: readonly FleetAmi[]) {
  const snapshots = await bakeSnapshots(aws, fleet);
  const known = new Set(amis.map(({ id }) => id));
  const others = snapshots.flatMap(({ madeFor = "" }) =>
    madeFor === "" || known.has(madeFor) ? [] : madeFor,
  );
  return { snapshots, others: others.length === 0 ? new Set<string>() : await ownAmis(aws, others) };
}

/** Launch permissions of the AMIs to change: one call each, at most ten per second. Disabled AMIs have none. */
export async function sharesOfSuperfluous(
  aws: Aws,
  plan: PrunePlan,
  tell: (line: string) => void,
): Promise<Map<string, LaunchPermission[]>> {
  const shares = new Map<string, LaunchPermission[]>();
  for (const [index, { id, state }] of plan.delete.entries()) {
    if (index > 0 && index % 100 === 0) tell(`checked the shares of ${index} of ${plan.delete.length} AMIs`);
    if (state !== "available") continue;
    shares.set(id, await sharesOf(aws, id).catch(noneWhenGone));
    await sleep(pause(0.1));
  }
  return shares;
}

function noneWhenGone(error: unknown): LaunchPermission[] {
  if (isAwsError(error, ...gone)) return [];
  throw error;
}

/** What could not be changed, in words. */
export type PassedOver = string[];

/** Deletes according to the plan. `home`: true in the region where contents are published. Returns what AWS refuses to delete. */
export async function prune(aws: Aws, fleet: Fleet, plan: PrunePlan, home: boolean): Promise<PassedOver> {
  const passed: PassedOver = [];
  for (const ami of plan.delete) passed.push(...(await deleteAmi(aws, fleet.name, ami, home)));
  for (const SnapshotId of plan.orphans)
    passed.push(
      ...(await changeOne(aws, SnapshotId, [{ action: "ec2:DeleteSnapshot", input: { SnapshotId } }])),
    );
  return passed;
}

/** Deletes an AMI and its snapshots. If the AMI cannot be deleted, its snapshots stay; a snapshot that stays does not affect others. */
async function deleteAmi(aws: Aws, fleet: string, ami: Superfluous, home: boolean): Promise<PassedOver> {
  const calls = deletionCalls(fleet, ami, home);
  const deregistered = calls.findIndex(({ action }) => action === "ec2:DeregisterImage") + 1;
  const refused = await changeOne(aws, ami.id, calls.slice(0, deregistered));
  if (refused.length > 0) return refused;
  const rest: PassedOver = [];
  for (const call of calls.slice(deregistered)) rest.push(...(await changeOne(aws, ami.id, [call])));
  return rest;
}

/** Makes the calls for one AMI or snapshot until one is refused. Throws if AWS would refuse those for all others as well. */
export async function changeOne(aws: Aws, id: string, calls: readonly PlannedCall[]): Promise<PassedOver> {
  for (const call of calls) {
    try {
      await make(aws, call);
    } catch (error) {
      if (isAwsError(error, ...gone)) continue;
      if (!isRefusal(error)) throw error;
      return [`${id}: ${error.message}`];
    }
  }
  return [];
}

/** Error codes if another user or an interrupted run has deleted it already. */
const gone = [
  "InvalidAMIID.NotFound",
  "InvalidAMIID.Unavailable",
  "InvalidSnapshot.NotFound",
  "InvalidInstanceID.NotFound",
  "InvalidKeyPair.NotFound",
  "InvalidGroup.NotFound",
  "InvalidVolume.NotFound",
  "ParameterNotFound",
];

/** Whether `--disable` was interrupted after it set the tag, or `--enable` before it removed the tag. */
export const isHalfDisabled = ({ state, tags }: Superfluous): boolean =>
  state === "available" && tags[tagKey.disabled] !== undefined;
