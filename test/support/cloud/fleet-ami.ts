import { CreateTagsCommand, DescribeImagesCommand, RegisterImageCommand } from "@aws-sdk/client-ec2";
import type { Cloud } from "./cloud.js";

/** The tags of a bake's AMIs and snapshots. */
export const bakeMark = (fleet = "test", key = "0123456789abcdef"): Record<string, string> => ({
  "sip-proxy:fleet": fleet,
  "sip-proxy:key": key,
});

let made = 0;

/** Makes an AMI with one snapshot without a bake; both have these tags. Later ones are newer. */
export async function makeAmi(
  { ec2 }: Cloud,
  tags: Record<string, string> = bakeMark(),
): Promise<{ id: string; snapshot: string }> {
  const { ImageId: id = "" } = await ec2.send(new RegisterImageCommand({ Name: `made-${++made}` }));
  const { Images = [] } = await ec2.send(new DescribeImagesCommand({ ImageIds: [id] }));
  const snapshot = Images[0]?.BlockDeviceMappings?.[0]?.Ebs?.SnapshotId ?? "";
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await ec2.send(new CreateTagsCommand({ Resources: [id, snapshot], Tags }));
  return { id, snapshot };
}
