import {
  DescribeImageAttributeCommand,
  paginateDescribeImages,
  paginateDescribeSnapshots,
  type Image as AmiImage,
  type Snapshot,
} from "@aws-sdk/client-ec2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { byAge } from "../compute/prune.js";
import { contentsParameter, tagKey } from "../compute/names.js";
import { tagFilters, tagsOf, type Tags } from "../compute/tags.js";
import { unpackContents, type ImageContents } from "../../../compute/image/contents.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";

/** An AMI of a fleet, in one region. */
export interface FleetAmi {
  id: string;
  region: string;
  name: string;
  key: string;
  /** ISO 8601: the bake's end, which copies in other regions share; empty when it was not finished. */
  baked: string;
  state: string;
  /** ISO 8601. */
  created: string;
  deprecated: string | undefined;
  tags: Tags;
  snapshots: string[];
  gibibytes: number;
}

/** The fleet's AMIs in this region that this account owns, newest first; of one content when a key is given. */
export async function fleetAmis(aws: Aws, fleet: string, key?: string): Promise<FleetAmi[]> {
  const tags = { [tagKey.fleet]: fleet, ...(key === undefined ? {} : { [tagKey.key]: key }) };
  const found: FleetAmi[] = [];
  const pages = paginateDescribeImages(
    { client: aws.ec2 },
    { Owners: ["self"], Filters: tagFilters(tags), IncludeDeprecated: true },
  );
  for await (const { Images = [] } of pages) found.push(...Images.map((image) => readAmi(image, aws.region)));
  return found.sort(byAge);
}

function readAmi(image: AmiImage, region: string): FleetAmi {
  const disks = (image.BlockDeviceMappings ?? []).flatMap(({ Ebs }) => Ebs ?? []);
  const tags = tagsOf(image.Tags);
  return {
    id: image.ImageId ?? "",
    region,
    name: image.Name ?? "",
    key: tags[tagKey.key] ?? "",
    baked: tags[tagKey.baked] ?? "",
    state: image.State ?? "",
    created: image.CreationDate ?? "",
    deprecated: image.DeprecationTime,
    tags,
    snapshots: disks.flatMap(({ SnapshotId }) => SnapshotId ?? []),
    gibibytes: disks.reduce((sum, { VolumeSize = 0 }) => sum + VolumeSize, 0),
  };
}

/** What is in an image, as its bake has published it; undefined when it has not. */
export async function publishedContents(
  aws: Aws,
  fleet: string,
  { key, baked }: Pick<FleetAmi, "key" | "baked">,
): Promise<ImageContents | undefined> {
  try {
    const { Parameter } = await aws.ssm.send(
      new GetParameterCommand({ Name: contentsParameter(fleet, key, baked) }),
    );
    return Parameter?.Value === undefined ? undefined : unpackContents(Parameter.Value);
  } catch (error) {
    if (isAwsError(error, "ParameterNotFound", "AccessDeniedException")) return undefined;
    throw error;
  }
}

/** Who else may launch an AMI: accounts, organizations, everybody ("all"). What they do with it cannot be seen from here. */
export async function sharedWith(aws: Aws, id: string): Promise<string[]> {
  const { LaunchPermissions = [] } = await aws.ec2.send(
    new DescribeImageAttributeCommand({ ImageId: id, Attribute: "launchPermission" }),
  );
  return LaunchPermissions.flatMap(
    ({ UserId, OrganizationArn, OrganizationalUnitArn, Group }) =>
      UserId ?? OrganizationArn ?? OrganizationalUnitArn ?? Group ?? [],
  );
}

/** Snapshots that bear the fleet's tag and belong to none of its AMIs: what a deletion that was cut off has left. */
export async function orphanedSnapshots(
  aws: Aws,
  fleet: string,
  amis: readonly FleetAmi[],
): Promise<Snapshot[]> {
  const used = new Set(amis.flatMap(({ snapshots }) => snapshots));
  const found: Snapshot[] = [];
  const input = { OwnerIds: ["self"], Filters: tagFilters({ [tagKey.fleet]: fleet }) };
  for await (const { Snapshots = [] } of paginateDescribeSnapshots({ client: aws.ec2 }, input))
    found.push(...Snapshots.filter(({ SnapshotId = "" }) => !used.has(SnapshotId)));
  return found.filter(({ State }) => State !== "pending");
}
