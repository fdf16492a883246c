import { talk } from "../../../cli/talk.js";
import { amiParameter, tagKey } from "../compute/names.js";
import { isOurs } from "../compute/ownership.js";
import { tagsOf } from "../compute/tags.js";
import type { Aws } from "../do/aws.js";
import type { FleetAmi } from "../do/fleet-images.js";
import { amisEverywhere, findAmi } from "../do/fleet-regions.js";
import { describeAmi, promotedAmi } from "../do/images.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { DryRunOptions } from "../../target.js";
import { printOutcome, withAws } from "./with-aws.js";

/** What is published in one region. */
interface Promotion {
  region: string;
  parameter: string;
  ami: string;
  /** What was promoted before; the same as ami when nothing changes. */
  before: string | undefined;
}

/**
 * Publishes the id of an AMI, the newest unless one is named, under the fleet's SSM parameter, in every region that the image is in.
 * Launches and groups take it from there.
 */
export async function promote(
  fleet: Fleet,
  wanted: string | undefined,
  options: DryRunOptions,
): Promise<void> {
  await withAws(fleet.image.targets.ec2?.region, options, async (aws) => {
    const promotions = await plan(aws, fleet, wanted);
    for (const promotion of promotions) await promoteIn(await aws.in(promotion.region), promotion);
    if (options.json) printOutcome(aws, promotions);
    else for (const promotion of promotions) tell(promotion, options.dryRun === true);
  });
}

/** All regions are looked at before anything is changed in one of them. */
async function plan(aws: Aws, fleet: Fleet, wanted: string | undefined): Promise<Promotion[]> {
  const chosen = await findAmi(aws, fleet, wanted);
  refuseUnfinished(chosen);
  const copies = (await amisEverywhere(aws, fleet)).filter(
    (ami) =>
      ami.region !== aws.region && chosen.key !== "" && ami.key === chosen.key && ami.state === "available",
  );
  const parameter = amiParameter(fleet.name, fleet.image.targets.ec2?.ami_parameter);
  return Promise.all(
    [chosen, ...copies].map(async ({ region, id }) => {
      const there = await aws.in(region);
      const before = await promotedAmi(there, fleet);
      if (before !== undefined) await refuseForeignParameter(there, fleet, parameter, before);
      return { region, parameter, ami: id, before };
    }),
  );
}

/**
 * Parameters have no tags of ours: under the fleet's own name it is ours, under another one when it holds an AMI of the fleet, or one
 * that is gone.
 */
async function refuseForeignParameter(
  aws: Aws,
  fleet: Fleet,
  parameter: string,
  value: string,
): Promise<void> {
  if (parameter === amiParameter(fleet.name)) return;
  const image = value.startsWith("ami-") ? await describeAmi(aws, value) : undefined;
  if (image ? isOurs(tagsOf(image.Tags), { fleet: fleet.name }) : value.startsWith("ami-")) return;
  throw new UserError(
    `the parameter ${parameter} in ${aws.region} holds ${value}, which is no AMI of the fleet ${fleet.name}; it is left as it is`,
    { hint: "name another with image.targets.ec2.ami_parameter, or delete it on purpose" },
  );
}

function refuseUnfinished({ id, tags }: FleetAmi): void {
  if (tags[tagKey.kamailio] !== undefined) return;
  throw new UserError(`${id} was baked, but its bake was not finished`, {
    hint: "run bake-image again: it bakes nothing anew and finishes it",
  });
}

async function promoteIn(aws: Aws, { parameter, ami, before }: Promotion): Promise<void> {
  if (before === ami) return;
  await aws.change(
    "ssm:PutParameter",
    { Name: parameter, Value: ami, Type: "String", DataType: "aws:ec2:image", Overwrite: true },
    {},
  );
}

function tell({ region, parameter, ami, before }: Promotion, dryRun: boolean): void {
  const what = dryRun ? "would be" : "is";
  if (before === ami) talk.say(`${region}: ${ami} is promoted already (${parameter})`);
  else talk.good(`${region}: ${ami} ${what} promoted (${parameter}), ${before ?? "nothing"} was before`);
}
