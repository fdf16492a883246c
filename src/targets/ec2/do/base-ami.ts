import { DescribeImagesCommand, type Image as AmiImage } from "@aws-sdk/client-ec2";
import { baseFilter } from "../compute/packer-source.js";
import { UserError } from "../../../errors.js";
import type { Image } from "../../../understand/fleet.js";
import type { Architecture } from "../../../understand/settings/architecture.js";
import { architectureOf, ec2Name } from "../understand/architecture.js";
import type { Aws } from "./aws.js";
import { describeAmi } from "./images.js";

/** The AMI that an image is baked from. */
export interface BaseAmi {
  id: string;
  name: string;
  rootDevice: string;
}

/** The AMI that the fleet names, or the newest with its owner and name. It is looked up once, then pinned and recorded. */
export async function findBase(
  aws: Aws,
  base: string,
  architecture: Architecture,
  ec2: NonNullable<Image["targets"]["ec2"]>,
): Promise<BaseAmi> {
  const filter = baseFilter(base, architecture, ec2);
  const image = filter ? await newest(aws, filter) : await describeAmi(aws, base);
  if (image) {
    refuseOtherArchitecture(image, architecture);
    return {
      id: image.ImageId ?? "",
      name: image.Name ?? "",
      rootDevice: image.RootDeviceName ?? "/dev/xvda",
    };
  }
  const what = filter
    ? `${filter.owner} has no AMI with the name ${filter.filters["name"]}`
    : `there is no AMI ${base}`;
  throw new UserError(`${what} in ${aws.region}`, {
    hint: "set image.base, or base_owner and base_name under image.targets.ec2",
  });
}

/** Throws UserError for a base of another architecture than the fleet file's. */
function refuseOtherArchitecture({ ImageId, Architecture: its }: AmiImage, architecture: Architecture): void {
  if (its === undefined || its === ec2Name[architecture]) return;
  const other = architectureOf(its);
  throw new UserError(
    `the base ${ImageId} is for ${other ?? its}, but image.architecture is ${architecture}`,
    {
      hint: `use a base for ${architecture}${other === undefined ? "" : `, or set image.architecture: ${other}`}`,
    },
  );
}

async function newest(
  aws: Aws,
  { owner, filters }: { owner: string; filters: Record<string, string> },
): Promise<AmiImage | undefined> {
  const { Images = [] } = await aws.ec2.send(
    new DescribeImagesCommand({
      Owners: [owner],
      Filters: Object.entries({ ...filters, state: "available" }).map(([Name, value]) => ({
        Name,
        Values: [value],
      })),
    }),
  );
  return Images.sort((a, b) => ((a.CreationDate ?? "") < (b.CreationDate ?? "") ? 1 : -1))[0];
}
