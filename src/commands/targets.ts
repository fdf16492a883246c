import { print, talk } from "../cli/talk.js";
import { showCall } from "../targets/ec2/compute/redact.js";
import { storedImages } from "../do/bake/image-store.js";
import type { Aws } from "../targets/ec2/do/aws.js";
import { LocalTarget } from "../targets/local/do/launch.js";
import type { LaunchTarget } from "../do/target.js";
import { UserError } from "../errors.js";
import type { Fleet } from "../understand/fleet.js";

export interface TargetOption {
  target: "local" | "ec2";
}

export interface TargetNeeds extends TargetOption {
  dryRun?: boolean;
  /** Path or AMI id instead of the fleet's newest or promoted one. */
  image?: string;
}

/** Runs work with where the hosts run. A failure on EC2 names what is left behind. */
export async function withTarget<T>(
  fleet: Fleet,
  { target, dryRun, image }: TargetNeeds,
  work: (target: LaunchTarget) => Promise<T>,
): Promise<T> {
  if (target === "local") {
    const tell = { info: (line: string) => talk.note(line), warn: (line: string) => talk.warn(line) };
    return work(new LocalTarget(fleet, () => localImage(fleet, image), dryRun === true, tell));
  }
  return withAws(fleet.launch.ec2.region, dryRun, async (aws) => {
    const { Ec2Target } = await import("../targets/ec2/do/launch.js");
    return work(new Ec2Target(aws, fleet, image));
  });
}

/**
 * Runs work with AWS. The SDK is loaded only now: it takes a third of a second. A dry run prints the calls that would change
 * something, as they would be sent but for secrets.
 */
export async function withAws<T>(
  region: string | undefined,
  dryRun: boolean | undefined,
  work: (aws: Aws) => Promise<T>,
): Promise<T> {
  const { Aws, namingLeftovers } = await import("../targets/ec2/do/aws.js");
  const aws = await Aws.open(region, dryRun ? (call) => print(showCall(call)) : undefined);
  return namingLeftovers(aws, () => work(aws));
}

async function localImage(fleet: Fleet, named: string | undefined): Promise<string> {
  if (named !== undefined) return named;
  const [newest] = await storedImages(fleet.name);
  if (newest) return newest.path;
  throw new UserError(`there is no local image of the fleet ${fleet.name}`, {
    hint: "bake one: bake-image FLEET --target local",
  });
}
