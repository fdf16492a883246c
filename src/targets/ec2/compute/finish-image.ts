import type { Image } from "../../../understand/fleet.js";
import type { ImageContents } from "../../../compute/image/contents.js";
import { planned, type PlannedCall } from "./calls.js";
import { tagKey } from "./names.js";
import { tagList, type Tags } from "./tags.js";

/** A baked AMI in one of its regions. */
export interface BakedAmi {
  id: string;
  snapshots: readonly string[];
  /** All regions of the image. */
  regions: readonly string[];
}

type Ec2Image = NonNullable<Image["targets"]["ec2"]>;

/**
 * The calls for an AMI after Packer has made it: for data that is known only now (baked versions), and for settings that Packer 1.6 does
 * not have. Every call is idempotent.
 */
export function finishImage(
  ami: BakedAmi,
  ec2: Pick<Ec2Image, "ami_org_arns" | "deprecate_after_days">,
  contents: ImageContents,
  base: string,
  bakedAt: Date,
): PlannedCall[] {
  const { id: ImageId, snapshots, regions } = ami;
  return [
    planned("ec2:ModifyImageAttribute", { ImageId, ImdsSupport: { Value: "v2.0" } }),
    ...(ec2.ami_org_arns.length === 0
      ? []
      : [
          planned("ec2:ModifyImageAttribute", {
            ImageId,
            Attribute: "launchPermission",
            OperationType: "add",
            OrganizationArns: ec2.ami_org_arns,
          }),
        ]),
    ...(ec2.deprecate_after_days === undefined
      ? []
      : [
          planned("ec2:EnableImageDeprecation", {
            ImageId,
            DeprecateAt: daysAfter(bakedAt, ec2.deprecate_after_days),
          }),
        ]),
    // last: these tags mean that the image is finished
    planned("ec2:CreateTags", {
      Resources: [ImageId, ...snapshots],
      Tags: tagList({
        [tagKey.baked]: bakedAt.toISOString(),
        [tagKey.regions]: joined(regions),
        ...versionTags(contents, base),
      }),
    }),
  ];
}

/** As many regions as a tag's value can hold. */
function joined(regions: readonly string[]): string {
  return [...regions].sort().reduce((text, region) => {
    const longer = `${text} ${region}`.trim();
    return longer.length > 256 ? text : longer;
  }, "");
}

/** The baked versions as tags (at most 256 characters). */
export function versionTags(contents: ImageContents, base: string): Tags {
  const tags = {
    [tagKey.kamailio]: contents.kamailio,
    [tagKey.mediaRelay]: `${contents.mediaRelay} ${contents.mediaRelayVersion}`,
    [tagKey.os]: contents.os,
    [tagKey.kernel]: contents.kernel,
    [tagKey.cloudInit]: contents.cloudInit,
    [tagKey.base]: base,
    ...(contents.sbom !== undefined && { [tagKey.sbom]: contents.sbom }),
  };
  return Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, value.slice(0, 256)]));
}

/** EC2 rounds deprecation dates to the minute. */
function daysAfter(date: Date, days: number): Date {
  const minute = 60_000;
  return new Date(Math.ceil((date.getTime() + days * 1440 * minute) / minute) * minute);
}
