import { print, printJson } from "../../../cli/talk.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { PruneOptions } from "../../target.js";
import type { PrunePlan } from "../compute/prune.js";
import { imageRegions } from "../do/fleet-regions.js";
import { planPrune, prune as deletePlanned } from "../do/prune.js";
import { withAws } from "./with-aws.js";

/** AMIs with their snapshots, in every region that the fleet has some in. */
export async function prune(fleet: Fleet, keep: number, options: PruneOptions): Promise<number> {
  const dry = options.dryRun === true && options.delete === true;
  return withAws(fleet.image.targets.ec2?.region, dry, async (aws) => {
    const plans: Record<string, PrunePlan> = {};
    for (const region of imageRegions(aws, fleet)) {
      const there = await aws.in(region);
      const plan = (plans[region] = await planPrune(there, fleet, keep));
      if (!options.json) showPlan(region, plan);
      if (options.delete) await deletePlanned(there, fleet, plan, region === aws.region);
    }
    if (options.json) printJson({ deleted: options.delete === true && !dry, regions: plans });
    return Object.values(plans).reduce((sum, plan) => sum + plan.delete.length + plan.orphans.length, 0);
  });
}

function showPlan(region: string, plan: PrunePlan): void {
  print(`${region}\n`);
  for (const { id, created, why } of plan.keep) print(`  keep    ${id}  ${created}  ${why.join("; ")}\n`);
  for (const { id, created, snapshots, versions } of plan.delete) {
    const old = versions.map(
      ({ templateName, version }) => `version ${version} of launch template ${templateName}`,
    );
    print(`  delete  ${[id, created, ...snapshots, ...old].join("  ")}\n`);
  }
  for (const id of plan.orphans) print(`  delete  ${id}  snapshot of an AMI that is gone\n`);
}
