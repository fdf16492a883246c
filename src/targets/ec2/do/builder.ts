import { metadataOptions } from "../compute/instance.js";
import { builderName, tagKey } from "../compute/names.js";
import type { Aws } from "./aws.js";
import { isOfBake } from "../compute/prune/objections.js";
import { tagList } from "../compute/tags.js";
import { instancesTagged, isGone, type FoundInstance } from "./instances.js";
import { packersGroups } from "./packer-groups.js";

/**
 * What Packer 1.6 cannot say of the builder of an image, which is found by its key: that its metadata service answers version 2 only,
 * and, on the security group that Packer has made for it, whose it is.
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

/** The fleet's builders that are there: of a bake that goes on elsewhere, or that was killed. */
export async function buildersThere(aws: Aws, fleet: string): Promise<FoundInstance[]> {
  const there = await instancesTagged(aws, { [tagKey.fleet]: fleet, Name: builderName(fleet) });
  return there.filter((instance) => !isGone(instance) && isOfBake(instance.tags, fleet));
}
