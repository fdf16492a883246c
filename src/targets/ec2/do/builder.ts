import { metadataOptions } from "../compute/instance.js";
import { builderName, tagKey } from "../compute/names.js";
import type { Aws } from "./aws.js";
import { isOfBake } from "../compute/prune/objections.js";
import { tagList } from "../compute/tags.js";
import { instancesTagged, isGone, type FoundInstance } from "./instances.js";
import { packersGroups } from "./packer-groups.js";

/**
 * Settings of an image's builder that Packer 1.6 does not have: only version 2 of the metadata service, and the fleet's tags on the
 * security group that Packer has created. The builder is found by the image's key.
 */
export async function completeBuilder(aws: Aws, fleet: string, key: string): Promise<void> {
  const mark = { [tagKey.fleet]: fleet, [tagKey.key]: key };
  for (const { id, securityGroups } of (await instancesTagged(aws, mark)).filter((one) => !isGone(one))) {
    await aws.change("ec2:ModifyInstanceMetadataOptions", { InstanceId: id, ...metadataOptions }, {});
    const groups = securityGroups.length === 0 ? [] : await packersGroups(aws, securityGroups);
    const Resources = groups.map(({ GroupId = "" }) => GroupId);
    if (Resources.length > 0) await aws.change("ec2:CreateTags", { Resources, Tags: tagList(mark) }, {});
  }
}

/** The fleet's builders that exist, of running or killed bakes. */
export async function buildersThere(aws: Aws, fleet: string): Promise<FoundInstance[]> {
  const there = await instancesTagged(aws, { [tagKey.fleet]: fleet, Name: builderName(fleet) });
  return there.filter((instance) => !isGone(instance) && isOfBake(instance.tags, fleet));
}
