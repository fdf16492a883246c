import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { DescribeImagesCommand, type Image } from "@aws-sdk/client-ec2";
import { misfit } from "../understand/architecture.js";
import { groupTypes } from "../compute/group/mixed.js";
import type { Ami } from "../compute/instance.js";
import { amiParameter } from "../compute/names.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";

/** The AMI of that id, or undefined. */
export async function describeAmi(aws: Aws, id: string): Promise<Image | undefined> {
  try {
    const { Images = [] } = await aws.ec2.send(new DescribeImagesCommand({ ImageIds: [id] }));
    return Images[0];
  } catch (error) {
    if (isAwsError(error, "InvalidAMIID.NotFound", "InvalidAMIID.Unavailable")) return undefined;
    throw error;
  }
}

/** The id of the fleet's promoted AMI, or undefined. */
export function promotedAmi(aws: Aws, fleet: Fleet): Promise<string | undefined> {
  return amiIn(aws, amiParameter(fleet));
}

/** The id in a parameter, or undefined. */
export async function amiIn(aws: Aws, Name: string): Promise<string | undefined> {
  try {
    const { Parameter } = await aws.ssm.send(new GetParameterCommand({ Name }));
    return Parameter?.Value;
  } catch (error) {
    if (isAwsError(error, "ParameterNotFound")) return undefined;
    throw error;
  }
}

/** The AMI to launch: the one that is named, here or in the fleet file, or else the promoted one. Throws UserError unless it is available. */
export async function amiToLaunch(aws: Aws, fleet: Fleet, named?: string): Promise<Ami> {
  const id = named ?? fleet.launch.ec2.ami ?? (await promotedAmi(aws, fleet));
  if (id === undefined) {
    throw new UserError(`no image of ${fleet.name} is promoted in ${aws.region} (${amiParameter(fleet)})`, {
      hint: "run bake-image FLEET --target ec2, then sip-proxy image promote FLEET; or set launch.ec2.ami",
    });
  }
  const image = await describeAmi(aws, id);
  if (image?.State !== "available") {
    throw new UserError(`${id} is ${image?.State ?? "no AMI that this account sees"} in ${aws.region}`, {
      hint: "sip-proxy image list FLEET shows the images",
    });
  }
  refuseMisfit(fleet, image);
  return { id, rootDevice: image.RootDeviceName ?? "/dev/xvda" };
}

/** Throws UserError if a launch would fail later: the AMI's architecture does not fit the instance types. */
function refuseMisfit({ launch, group }: Fleet, { ImageId, Architecture }: Image): void {
  const types = new Set([launch.ec2.instance_type, ...(group ? groupTypes(group, launch) : [])]);
  const faults = [...types].flatMap((type) => misfit(Architecture, type) ?? []);
  if (faults.length > 0) throw new UserError(`${ImageId} ${faults.join("; it ")}`);
}
