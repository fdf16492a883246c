import { talk } from "../../../cli/talk.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { CleanOptions } from "../../target.js";
import { bakeMinutes } from "../compute/packer-source.js";
import { buildersThere, type Builder } from "../do/builder.js";
import { printOutcome, withAws } from "./with-aws.js";

/** Terminates builders that no bake can use any more. Hosts, and what has no mark of a bake, are not looked at. */
export async function clean(fleet: Fleet, options: CleanOptions): Promise<void> {
  await withAws(fleet.image.targets.ec2?.region, options, async (aws) => {
    const builders = await buildersThere(aws, fleet.name);
    const left = options.all ? builders : builders.filter(isLeft);
    for (const { id } of left) await aws.change("ec2:TerminateInstances", { InstanceIds: [id] }, {});
    const kept = builders.filter((builder) => !left.includes(builder)).map(({ id }) => id);
    if (options.json) return printOutcome(aws, { terminated: left.map(({ id }) => id), kept });
    for (const { id } of left) talk.good(`${id} ${options.dryRun ? "would be" : "is"} terminated`);
    for (const id of kept)
      talk.warn(
        `${id} has been running for less than ${bakeMinutes} minutes: a bake may still use it; --all ends it too`,
      );
    if (builders.length === 0) talk.say("no builders are left");
  });
}

const isLeft = ({ launched }: Builder): boolean =>
  launched !== undefined && Date.now() - launched.getTime() > bakeMinutes * 60_000;
