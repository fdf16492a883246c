import { GetParameterCommand } from "@aws-sdk/client-ssm";
import type { LaunchPermission } from "@aws-sdk/client-ec2";
import type { Fleet } from "../../../understand/fleet.js";
import { sharesParameter, tagKey } from "../compute/names.js";
import { disablingCalls, enablingCalls, packShares } from "../compute/prune/disabling.js";
import { objections } from "../compute/prune/objections.js";
import type { PrunePlan } from "../compute/prune/plan.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { fleetAmis, type FleetAmi } from "./fleet-images.js";
import { changeOne, isHalfDisabled, type PassedOver } from "./prune.js";

/** Disables the AMIs that the plan would delete: they can no longer be launched. `enable` undoes it. */
export async function disable(
  aws: Aws,
  fleet: Fleet,
  plan: PrunePlan,
  shares: ReadonlyMap<string, LaunchPermission[]>,
): Promise<{ disabled: string[]; passed: PassedOver }> {
  const done = { disabled: [] as string[], passed: [] as PassedOver };
  for (const ami of plan.delete.filter(({ state }) => state === "available")) {
    const theirs = shares.get(ami.id) ?? [];
    const record = theirs.length === 0 ? undefined : packShares(theirs);
    const refused = isHalfDisabled(ami)
      ? [`${ami.id}: an earlier --disable or --enable of it was interrupted; run --enable first`]
      : theirs.length > 0 && record === undefined
        ? [`${ami.id}: shared with ${theirs.length} accounts, more than a parameter can store`]
        : await changeOne(aws, ami.id, disablingCalls(fleet.name, ami.id, record, new Date()));
    if (refused.length === 0) done.disabled.push(ami.id);
    done.passed.push(...refused);
  }
  return done;
}

/** The fleet's AMIs that `disable` has disabled. */
export async function disabledByUs(aws: Aws, fleet: Fleet): Promise<FleetAmi[]> {
  return (await fleetAmis(aws, fleet.name)).filter(
    (ami) =>
      ami.tags[tagKey.disabled] !== undefined &&
      objections({ ...ami, protection: undefined }, fleet.name).length === 0,
  );
}

/** Enables AMIs again, and restores their launch permissions. */
export async function enable(aws: Aws, fleet: Fleet, amis: readonly FleetAmi[]): Promise<PassedOver> {
  const passed: PassedOver = [];
  for (const ami of amis) {
    const calls = enablingCalls(fleet.name, ami, await recordedShares(aws, fleet, ami.id));
    passed.push(...(await changeOne(aws, ami.id, calls)));
  }
  return passed;
}

async function recordedShares(aws: Aws, fleet: Fleet, id: string): Promise<string | undefined> {
  try {
    const Name = sharesParameter(fleet.name, id);
    return (await aws.ssm.send(new GetParameterCommand({ Name }))).Parameter?.Value;
  } catch (error) {
    if (isAwsError(error, "ParameterNotFound")) return undefined;
    throw error;
  }
}
