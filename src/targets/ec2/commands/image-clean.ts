import { talk } from "../../../cli/talk.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { CleanOptions } from "../../target.js";
import { reasonToStay, removal, type Leftover } from "../compute/leftovers.js";
import type { Aws } from "../do/aws.js";
import { imageRegions, regionsWithImages } from "../do/fleet-regions.js";
import { waitForState } from "../do/instances.js";
import { bakeThings } from "../do/leftovers.js";
import { changeOne } from "../do/prune.js";
import { passingOver } from "./regions.js";
import { printOutcome, withAws } from "./with-aws.js";

/** The result, as ids. */
interface Outcome {
  terminated: string[];
  deleted: string[];
  kept: string[];
  /** Resources that AWS refuses to remove, in words. */
  passedOver: string[];
}

/** Removes resources that no bake uses any more. Hosts, and resources without the mark of a bake, are never considered. */
export async function clean(fleet: Fleet, options: CleanOptions): Promise<void> {
  await withAws(fleet.image.targets.ec2?.region, options, async (aws) => {
    const outcome: Outcome = { terminated: [], deleted: [], kept: [], passedOver: [] };
    for (const region of await regionsWithImages(aws, fleet, options.region))
      await passingOver(region, imageRegions(aws, fleet), async () =>
        cleanIn(await aws.in(region), fleet.name, options, outcome),
      );
    if (options.json) printOutcome(aws, outcome);
    else if (Object.values(outcome).every((ids: string[]) => ids.length === 0)) talk.say("nothing is left");
  });
}

async function cleanIn(aws: Aws, fleet: string, options: CleanOptions, outcome: Outcome): Promise<void> {
  const things = await bakeThings(aws, fleet);
  const how = { all: options.all ?? false, now: Date.now() };
  const goes = (one: Leftover, ended: readonly string[] = []) => reasonToStay(one, { ...how, ended });
  const builders = things.filter(({ kind }) => kind === "builder");
  const ended = builders.filter((one) => goes(one) === undefined).map(({ id }) => id);
  const left = things.filter((one) => goes(one, ended) === undefined);
  for (const one of left) {
    await untilUnused(aws, one);
    const refused = await changeOne(aws, one.id, [removal(one)]);
    outcome.passedOver.push(...refused);
    for (const line of refused) talk.warn(`skipped: ${line}`);
    if (refused.length === 0) tellGone(one, options, outcome);
  }
  for (const one of things.filter((thing) => !left.includes(thing))) {
    outcome.kept.push(one.id);
    talk.warn(`${one.kind} ${one.id} is kept: ${goes(one, ended)}`);
  }
}

/** A security group can be deleted only after the builders that use it are gone: waits for that. */
async function untilUnused(aws: Aws, { kind, usedBy }: Leftover): Promise<void> {
  if (kind === "security group") for (const id of usedBy) await waitForState(aws, id, "terminated");
}

function tellGone({ kind, id }: Leftover, { dryRun }: CleanOptions, outcome: Outcome): void {
  const [list, done] = kind === "builder" ? [outcome.terminated, "terminated"] : [outcome.deleted, "deleted"];
  list.push(id);
  talk.good(`${kind} ${id} ${dryRun ? "would be" : "is"} ${done}`);
}
