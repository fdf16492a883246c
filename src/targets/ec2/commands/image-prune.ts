import type { LaunchPermission } from "@aws-sdk/client-ec2";
import { count, print, talk } from "../../../cli/talk.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { PruneOptions } from "../../target.js";
import { keepShared, type PrunePlan } from "../compute/prune/plan.js";
import type { Aws } from "../do/aws.js";
import { disable, disabledByUs, enable } from "../do/disable.js";
import { imageRegions, regionsWithImages } from "../do/fleet-regions.js";
import { planPrune, prune as deletePlanned, sharesOfSuperfluous, type PassedOver } from "../do/prune.js";
import { passingOver } from "./regions.js";
import { printOutcome, withAws } from "./with-aws.js";

/** The result for one region. */
interface Outcome {
  /** Number of superfluous AMIs and snapshots, or of those that were changed. */
  count: number;
  passedOver: PassedOver;
  plan: PrunePlan;
}

/** Prunes AMIs with their snapshots, in every region with AMIs of the fleet. */
export async function prune(fleet: Fleet, keep: number, options: PruneOptions): Promise<number> {
  const changes = options.delete === true || options.disable === true || options.enable === true;
  const dryRun = options.dryRun === true && changes;
  return withAws(fleet.image.targets.ec2?.region, { ...options, dryRun }, async (aws) => {
    const regions: Record<string, Outcome> = {};
    for (const region of await regionsWithImages(aws, fleet, options.region))
      await passingOver(region, imageRegions(aws, fleet), async () => {
        const there = await aws.in(region);
        const isHome = region === aws.region;
        regions[region] = await (options.enable
          ? enableIn(there, fleet)
          : pruneIn(there, fleet, keep, options, isHome));
        for (const line of regions[region].passedOver) talk.warn(`skipped: ${line}`);
      });
    const done = (verb: "delete" | "disable" | "enable") => options[verb] === true && !dryRun;
    const verbs = { deleted: done("delete"), disabled: done("disable"), enabled: done("enable") };
    const told = Object.entries(regions).map(([region, { plan, passedOver }]) => [
      region,
      { ...plan, passedOver },
    ]);
    if (options.json) printOutcome(aws, { ...verbs, regions: Object.fromEntries(told) as object });
    return Object.values(regions).reduce((sum, one) => sum + one.count, 0);
  });
}

async function enableIn(aws: Aws, fleet: Fleet): Promise<Outcome> {
  const amis = await disabledByUs(aws, fleet);
  const passedOver = await enable(aws, fleet, amis);
  for (const { id } of amis) talk.note(`${aws.region}: ${id} was disabled by image prune`);
  return { count: amis.length - passedOver.length, passedOver, plan: { keep: [], delete: [], orphans: [] } };
}

async function pruneIn(
  aws: Aws,
  fleet: Fleet,
  keep: number,
  options: PruneOptions,
  isHome: boolean,
): Promise<Outcome> {
  talk.note(`${aws.region}: reading images and their uses`);
  const planned = await planPrune(aws, fleet, keep);
  const changes = options.delete === true || options.disable === true;
  const tell = (line: string) => talk.note(`${aws.region}: ${line}`);
  const shares = changes
    ? await sharesOfSuperfluous(aws, planned, tell)
    : new Map<string, LaunchPermission[]>();
  const plan = options.disable && options.shared ? planned : keepShared(planned, named(shares));
  if (!options.json) showPlan(aws.region, plan, options);
  if (options.disable) {
    const { disabled, passed } = await disable(aws, fleet, plan, shares);
    return { plan, passedOver: passed, count: disabled.length };
  }
  const superfluous = plan.delete.length + plan.orphans.length;
  if (!options.delete) return { plan, passedOver: [], count: superfluous };
  const passedOver = await deletePlanned(aws, fleet, plan, isHome);
  return { plan, passedOver, count: superfluous - idsIn(passedOver) };
}

const idsIn = (lines: PassedOver) => new Set(lines.map((line) => line.split(":")[0])).size;

const named = (shares: ReadonlyMap<string, LaunchPermission[]>): Map<string, string[]> =>
  new Map(
    [...shares].map(([id, list]) => [
      id,
      list.flatMap(
        ({ UserId, OrganizationArn, OrganizationalUnitArn, Group }) =>
          UserId ?? OrganizationArn ?? OrganizationalUnitArn ?? Group ?? [],
      ),
    ]),
  );

function showPlan(region: string, plan: PrunePlan, { disable, delete: deletes }: PruneOptions): void {
  print(`${region}\n`);
  for (const { id, created, why } of plan.keep) print(`  keep    ${id}  ${created}  ${why.join("; ")}\n`);
  for (const { id, created, state, snapshots, versions } of plan.delete) {
    const old = versions.map(
      ({ templateName, version }) => `version ${version} of launch template ${templateName}`,
    );
    const parts = disable ? [state] : [...snapshots, ...old];
    print(`  ${disable ? "disable" : "delete "} ${[id, created, ...parts].join("  ")}\n`);
  }
  if (!disable) for (const id of plan.orphans) print(`  delete  ${id}  snapshot of an AMI that is gone\n`);
  if (!disable && !deletes && plan.delete.length > 0)
    talk.note(
      `${count(plan.delete, "AMI")} may be shared: --delete and --disable check this and keep shared ones`,
    );
}
