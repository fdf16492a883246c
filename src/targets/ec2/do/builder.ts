import { metadataOptions } from "../compute/instance.js";
import { builderName, tagKey } from "../compute/names.js";
import { bakeLimitHours } from "../compute/packer-source.js";
import type { Aws } from "./aws.js";
import { isOfBake } from "../compute/prune/objections.js";
import { instancesTagged, isGone, type FoundInstance } from "./instances.js";

/** Has the builder of an image, found by its key, answer version 2 of the metadata service only. */
export async function requireImdsV2(aws: Aws, key: string): Promise<void> {
  for (const instance of await instancesTagged(aws, { [tagKey.key]: key }))
    if (!isGone(instance))
      await aws.change(
        "ec2:ModifyInstanceMetadataOptions",
        { InstanceId: instance.id, ...metadataOptions },
        {},
      );
}

export type Builder = Pick<FoundInstance, "id" | "state" | "launched">;

/** The fleet's builders that are there: of a bake that goes on elsewhere, or that was killed. */
export async function buildersThere(aws: Aws, fleet: string): Promise<Builder[]> {
  const there = await instancesTagged(aws, { [tagKey.fleet]: fleet, Name: builderName(fleet) });
  return there.filter((instance) => !isGone(instance) && isOfBake(instance.tags, fleet));
}

export const builderInWords = ({ id, state, launched }: Builder, region: string): string =>
  `builder ${id} in ${region} has been ${state} since ${launched?.toISOString() ?? "?"}; its bake is still running or was killed. ` +
  `It ends itself ${bakeLimitHours} hours after its start; to end it now: sip-proxy image clean FLEET`;
