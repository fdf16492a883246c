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

/** What may go in one region, and why the rest stays. Shares are not looked at: that is a call for each AMI. */
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

/** The snapshots of a fleet's bakes, and those AMIs beside the fleet's own that they were made for. */
export async function bakeSnapshotsThere(aws: Aws, fleet: string, amis: readonly FleetAmi[]) {
  const snapshots = await bakeSnapshots(aws, fleet);
  const known = new Set(amis.map(({ id }) => id));
  const others = snapshots.flatMap(({ madeFor = "" }) =>
    madeFor === "" || known.has(madeFor) ? [] : madeFor,
  );
  return { snapshots, others: others.length === 0 ? new Set<string>() : await ownAmis(aws, others) };
}

/** Who else may launch the AMIs that are about to be changed: one call each, at most ten a second. A disabled one has no shares. */
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

/** What could not be changed, and stays, in words. */
export type PassedOver = string[];

/** Deletes what the plan says. `home`: the contents of images are published in this region. Returns what AWS refuses to delete. */
export async function prune(aws: Aws, fleet: Fleet, plan: PrunePlan, home: boolean): Promise<PassedOver> {
  const passed: PassedOver = [];
  for (const ami of plan.delete) passed.push(...(await deleteAmi(aws, fleet.name, ami, home)));
  for (const SnapshotId of plan.orphans)
    passed.push(
      ...(await changeOne(aws, SnapshotId, [{ action: "ec2:DeleteSnapshot", input: { SnapshotId } }])),
    );
  return passed;
}

/** An AMI that stays keeps its snapshots; a snapshot that stays keeps no other. */
async function deleteAmi(aws: Aws, fleet: string, ami: Superfluous, home: boolean): Promise<PassedOver> {
  const calls = deletionCalls(fleet, ami, home);
  const deregistered = calls.findIndex(({ action }) => action === "ec2:DeregisterImage") + 1;
  const refused = await changeOne(aws, ami.id, calls.slice(0, deregistered));
  if (refused.length > 0) return refused;
  const rest: PassedOver = [];
  for (const call of calls.slice(deregistered)) rest.push(...(await changeOne(aws, ami.id, [call])));
  return rest;
}

/** Makes the calls of one AMI or snapshot up to the first that is refused. Throws when AWS would refuse every other one as well. */
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

/** What somebody else, or a run that was cut off, has deleted already. */
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

/** True when `--disable` was broken off after its mark, or `--enable` before it took that away. */
export const isHalfDisabled = ({ state, tags }: Superfluous): boolean =>
  state === "available" && tags[tagKey.disabled] !== undefined;
