import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { print, printJson, talk } from "../cli/talk.js";
import type { PrunePlan } from "../targets/ec2/compute/prune.js";
import { storedImages } from "../do/bake/image-store.js";
import { listVms } from "../do/local/vm-store.js";
import { UsageError } from "../errors.js";
import type { Fleet } from "../understand/fleet.js";
import { loadFleet } from "./load-fleet.js";
import { withAws, type TargetOption } from "./targets.js";

export interface PruneOptions extends TargetOption {
  keep: string;
  /** Without it nothing but the plan is shown. */
  delete?: boolean;
  dryRun?: boolean;
  json?: boolean;
}

/**
 * `sip-proxy image prune FLEET --target local|ec2 [--keep N] [--delete]`: shows which images nothing needs any more, and why the others
 * stay; with --delete, deletes them, AMIs with their snapshots.
 */
export async function imagePrune(file: string, options: PruneOptions): Promise<void> {
  const { fleet } = loadFleet(file);
  const keep = Number(options.keep);
  if (!Number.isInteger(keep) || keep < 1)
    throw new UsageError(`--keep must be a whole number from 1 on; got ${options.keep}`);
  await (options.target === "local" ? pruneLocal(fleet, keep, options) : pruneEc2(fleet, keep, options));
}

async function pruneEc2(fleet: Fleet, keep: number, options: PruneOptions): Promise<void> {
  const dry = options.dryRun === true && options.delete === true;
  await withAws(fleet.image.targets.ec2?.region, dry, async (aws) => {
    const { imageRegions } = await import("../targets/ec2/do/fleet-regions.js");
    const { planPrune, prune } = await import("../targets/ec2/do/prune.js");
    const plans: Record<string, PrunePlan> = {};
    for (const region of imageRegions(aws, fleet)) {
      const there = await aws.in(region);
      const plan = (plans[region] = await planPrune(there, fleet, keep));
      if (!options.json) showPlan(region, plan);
      if (options.delete) await prune(there, fleet, plan, region === aws.region);
    }
    if (options.json) printJson({ deleted: options.delete === true && !dry, regions: plans });
    else
      conclude(
        Object.values(plans).reduce((sum, plan) => sum + plan.delete.length + plan.orphans.length, 0),
        options,
      );
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

async function pruneLocal(fleet: Fleet, keep: number, options: PruneOptions): Promise<void> {
  const inUse = new Map((await listVms({})).map(({ record }) => [record.base, record.machine.name]));
  const images = (await storedImages(fleet.name)).map(({ path, manifest }, place) => ({
    path,
    baked: manifest.bakedAt,
    why: [
      ...(place < keep ? [`one of the newest ${keep}`] : []),
      ...(inUse.has(path) ? [`the disk of ${inUse.get(path)} is laid over it`] : []),
    ],
  }));
  const superfluous = images.filter(({ why }) => why.length === 0);
  if (options.json) printJson({ deleted: options.delete === true && !options.dryRun, images });
  else
    for (const { path, baked, why } of images)
      print(`  ${why.length > 0 ? "keep  " : "delete"}  ${path}  ${baked}  ${why.join("; ")}\n`);
  if (options.delete && !options.dryRun)
    for (const { path } of superfluous) await rm(dirname(path), { recursive: true });
  if (!options.json) conclude(superfluous.length, options);
}

function conclude(count: number, { delete: deletes, dryRun }: PruneOptions): void {
  if (count === 0) talk.say("nothing to delete");
  else if (!deletes) talk.say("nothing was deleted; --delete does it");
  else if (!dryRun) talk.good(`deleted: ${count}`);
}
