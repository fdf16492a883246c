import { count, print, printJson, talk } from "../../../cli/talk.js";
import { groupFaults } from "../compute/group/faults.js";
import { showPlan } from "../compute/group/show.js";
import { groupName } from "../../../compute/host/contract.js";
import { redacted, showCall } from "../compute/redact.js";
import { userDataLimit } from "../../../compute/user-data/size.js";
import {
  applyGroup,
  confirmGroup,
  planGroup,
  type PlannedGroup,
  type WantedGroup,
} from "../do/group-plan.js";
import { secretReader } from "../../../do/secrets.js";
import {
  FaultsError,
  findGroup,
  loadFleet,
  loadFleetAndWarn,
  type FleetGroup,
} from "../../../commands/load-fleet.js";
import { renderHost } from "../../../commands/render-host.js";
import type { GroupApplyOptions } from "../../target.js";
import { withAws } from "./with-aws.js";

/** `sip-proxy group plan FLEET`: shows what apply would change, like a diff. */
export async function groupPlan(file: string, options: GroupApplyOptions): Promise<void> {
  const wanted = rendered(file);
  await withAws(wanted.fleet.launch.ec2.region, {}, async (aws) => {
    const plan = await planGroup(aws, wanted, options.adopt === true);
    if (options.json) printJson(redacted(plan));
    else tellPlan(plan, aws.region);
    if (options.exitCode && plan.changes.length > 0) process.exitCode = 3;
  });
}

/** `sip-proxy group apply FLEET`: plans, and makes these changes. Running instances do not change until they are rolled. */
export async function groupApply(file: string, options: GroupApplyOptions): Promise<void> {
  const wanted = rendered(file);
  await withAws(wanted.fleet.launch.ec2.region, {}, async (aws) => {
    const plan = await planGroup(aws, wanted, options.adopt === true);
    if (!options.json) tellPlan(plan, aws.region);
    const calls = plan.changes.flatMap((change) => change.calls);
    if (options.dryRun && !options.json) for (const call of calls) print(showCall(call));
    else if (!options.dryRun && plan.changes.length > 0) {
      await applyGroup(aws, plan);
      await confirmGroup(aws, wanted, plan);
    }
    if (options.json) printJson(redacted({ ...plan, applied: options.dryRun !== true }));
    else if (plan.changes.length > 0 && !options.dryRun)
      talk.good(`applied: ${count(plan.changes, "change")}`);
  });
}

/** The group with its rendered user-data. All faults are found before the first call to AWS. */
function rendered(file: string): WantedGroup {
  const { fleet, source } = loadFleetAndWarn(file);
  const { group, host } = findGroup(fleet);
  const { bytes, faults } = renderHost(fleet, host, secretReader(file));
  const all = [...faults, ...groupFaults(fleet)];
  if (all.length > 0) throw new FaultsError(all, source);
  talk.note(
    `user-data has ${bytes.length} of ${userDataLimit} bytes (sip-proxy user-data FLEET ${host.name} --size)`,
  );
  return { fleet, group, host, userData: bytes };
}

export function fleetGroup(file: string): FleetGroup & { name: string } {
  const found = findGroup(loadFleet(file).fleet);
  return { ...found, name: groupName(found.fleet.name, found.group.name) };
}

function tellPlan({ name, changes, notes }: PlannedGroup, region: string): void {
  print(
    `group ${name} in ${region}${changes.length === 0 ? ": nothing to change" : ""}\n${showPlan(changes)}`,
  );
  for (const note of notes) talk.warn(note);
}
