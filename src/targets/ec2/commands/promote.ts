import { talk } from "../../../cli/talk.js";
import { amiParameter, tagKey, usualAmiParameter } from "../compute/names.js";
import { isOurs } from "../compute/ownership.js";
import { tagsOf } from "../compute/tags.js";
import type { Aws } from "../do/aws.js";
import type { FleetAmi } from "../do/fleet-images.js";
import { amisIn, findAmi, imageRegions } from "../do/fleet-regions.js";
import { describeAmi, promotedAmi } from "../do/images.js";
import { poll } from "../../../do/wait.js";
import { pause } from "../do/pause.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { DryRunOptions } from "../../target.js";
import { printOutcome, withAws } from "./with-aws.js";

/** A promotion in one region. */
interface Promotion {
  region: string;
  parameter: string;
  ami: string;
  /** The AMI that was promoted before; equal to `ami` if nothing changes. */
  before: string | undefined;
}

/** Regions of the fleet without the image, with the AMI that is promoted there. */
type Behind = Record<string, string | null>;

/**
 * Publishes the id of an AMI, by default the newest, in the fleet's SSM parameter of every region with the image. Launches and groups
 * read it there. Warns about regions without the image.
 */
export async function promote(
  fleet: Fleet,
  wanted: string | undefined,
  options: DryRunOptions,
): Promise<void> {
  await withAws(fleet.image.targets.ec2?.region, options, async (aws) => {
    const promotions = await plan(aws, fleet, wanted);
    const behind = await leftBehind(aws, fleet, promotions);
    for (const [region, ami] of Object.entries(behind))
      talk.warn(`${region}: this image has no copy there; ${ami ?? "no image"} stays promoted`);
    await promoteAll(aws, fleet, promotions);
    if (options.json) printOutcome(aws, promotions);
    else for (const promotion of promotions) tell(promotion, options.dryRun === true);
  });
}

/** Promotes in one region after the other. An error names regions with and without the new image. */
async function promoteAll(aws: Aws, fleet: Fleet, promotions: readonly Promotion[]): Promise<void> {
  const done: Promotion[] = [];
  for (const promotion of promotions)
    try {
      await promoteIn(await aws.in(promotion.region), fleet, promotion);
      done.push(promotion);
    } catch (error) {
      if (!(error instanceof UserError) || promotions.length === 1) throw error;
      const left = promotions.filter((one) => !done.includes(one));
      const lines = [
        ...done.map(({ region, ami }) => `${region}: ${ami} is promoted`),
        ...left.map(({ region, before }) => `${region}: still has ${before ?? "nothing"}`),
      ];
      throw new UserError([error.message, ...lines].join("\n"), {
        hint: `run the same command again to continue; or promote the previous image${error.hint === undefined ? "" : `; ${error.hint}`}`,
        cause: error,
      });
    }
}

async function leftBehind(aws: Aws, fleet: Fleet, promotions: readonly Promotion[]): Promise<Behind> {
  const without = imageRegions(aws, fleet).filter(
    (region) => !promotions.some((promotion) => promotion.region === region),
  );
  const found = await Promise.all(
    without.map(
      async (region) => [region, (await promotedAmi(await aws.in(region), fleet)) ?? null] as const,
    ),
  );
  return Object.fromEntries(found);
}

/** Checks all regions before the first one is changed. */
async function plan(aws: Aws, fleet: Fleet, wanted: string | undefined): Promise<Promotion[]> {
  const chosen = await findAmi(aws, fleet, wanted);
  refuseOtherArchitecture(fleet, chosen);
  refuseUnfinished(chosen);
  const copies = (await amisIn(aws, fleet, imageRegions(aws, fleet))).filter(
    (ami) =>
      ami.region !== aws.region && chosen.key !== "" && ami.key === chosen.key && ami.state === "available",
  );
  const parameter = amiParameter(fleet);
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
 * Throws UserError if the parameter belongs to somebody else. Parameters do not have the fleet's tags. One with the fleet's default name
 * is ours; one with another name is ours if it contains an AMI of the fleet, or an AMI that no longer exists.
 */
async function refuseForeignParameter(
  aws: Aws,
  fleet: Fleet,
  parameter: string,
  value: string,
): Promise<void> {
  if (parameter === usualAmiParameter(fleet.name, fleet.image.architecture)) return;
  const image = value.startsWith("ami-") ? await describeAmi(aws, value) : undefined;
  if (image ? isOurs(tagsOf(image.Tags), { fleet: fleet.name }) : value.startsWith("ami-")) return;
  throw new UserError(
    `the parameter ${parameter} in ${aws.region} holds ${value}, which is not an AMI of the fleet ${fleet.name}; it was not changed`,
    { hint: "use another parameter with image.targets.ec2.ami_parameter, or delete this one" },
  );
}

/** Throws UserError for an AMI of another architecture: launches of this fleet file would use it with types that cannot run it. */
function refuseOtherArchitecture({ image }: Fleet, { id, architecture }: FleetAmi): void {
  if (architecture === image.architecture) return;
  throw new UserError(`${id} is for ${architecture}, but image.architecture is ${image.architecture}`, {
    hint: `choose an image for ${image.architecture}, or set image.architecture: ${architecture}; each architecture has its own parameter`,
  });
}

function refuseUnfinished({ id, tags }: FleetAmi): void {
  if (tags[tagKey.kamailio] !== undefined) return;
  throw new UserError(`the bake of ${id} is incomplete`, {
    hint: "run bake-image again to complete it; this does not bake again",
  });
}

/** Promotes in one region. SSM checks a value of type aws:ec2:image after its answer, so this waits until the new value can be read. */
async function promoteIn(aws: Aws, fleet: Fleet, { parameter, ami, before }: Promotion): Promise<void> {
  if (before === ami) return;
  await aws.change(
    "ssm:PutParameter",
    { Name: parameter, Value: ami, Type: "String", DataType: "aws:ec2:image", Overwrite: true },
    {},
  );
  if (aws.isDryRun) return;
  let read: string | undefined;
  let looks = 30;
  const look = async () => {
    read = await promotedAmi(aws, fleet);
    if (read === ami) return true;
    return --looks === 0 ? false : undefined;
  };
  if (await poll(look, { pause: pause(2), timeout: 300_000 })) return;
  throw new UserError(
    `${ami} is not promoted in ${aws.region}: SSM accepted the value, but ${parameter} contains ${read ?? "nothing"}`,
    {
      hint: `SSM rejects AMIs that this account may not launch in ${aws.region}; check the parameter, and run the same command again`,
    },
  );
}

function tell({ region, parameter, ami, before }: Promotion, dryRun: boolean): void {
  const what = dryRun ? "would be" : "is";
  if (before === ami) talk.say(`${region}: ${ami} is already promoted (${parameter})`);
  else talk.good(`${region}: ${ami} ${what} promoted (${parameter}); before: ${before ?? "none"}`);
}
