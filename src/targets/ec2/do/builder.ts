import { metadataOptions } from "../compute/instance.js";
import { tagKey } from "../compute/names.js";
import type { Aws } from "./aws.js";
import { instancesTagged, isGone } from "./instances.js";

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
