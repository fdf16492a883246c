import { UserError } from "../../../../errors.js";
import type { Fault } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import type { Aws } from "../aws.js";
import { findBase } from "../base-ami.js";
import { AwsError } from "../errors.js";

/** The base AMI must exist in the region of the bake, and have the image's architecture. */
export async function baseFits(aws: Aws, { image }: Fleet): Promise<Fault[]> {
  const { ec2 } = image.targets;
  if (!ec2 || typeof image.base !== "string") return [];
  try {
    await findBase(await aws.in(ec2.region ?? aws.region), image.base, image.architecture, ec2);
    return [];
  } catch (error) {
    if (!(error instanceof UserError) || error instanceof AwsError) throw error;
    return [
      {
        path: ["image", "base"],
        message: `cannot be baked from: ${error.message}`,
        ...(error.hint === undefined ? {} : { hint: error.hint }),
      },
    ];
  }
}
