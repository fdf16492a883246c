import {
  DescribeImageAttributeCommand,
  paginateDescribeImages,
  paginateDescribeSnapshots,
  type Filter,
  type Image as AmiImage,
  type LaunchPermission,
} from "@aws-sdk/client-ec2";
import { GetParameterCommand } from "@aws-sdk/client-ssm";
import { isOfBake } from "../compute/prune/objections.js";
import { byAge, type BakeSnapshot } from "../compute/prune/plan.js";
import { contentsParameter, tagKey } from "../compute/names.js";
import { tagFilters, tagsOf, type Tags } from "../compute/tags.js";
import { unpackContents, type ImageContents } from "../../../compute/image/contents.js";
import type { Architecture } from "../../../understand/settings/architecture.js";
import { architectureOf } from "../understand/architecture.js";
import type { Aws } from "./aws.js";
import { filterPages } from "./chunks.js";
import { isAwsError } from "./errors.js";

/** An AMI of a fleet, in one region. */
export interface FleetAmi {
  id: string;
  region: string;
  name: string;
  key: string;
  /** End of the bake, ISO 8601, equal for copies in other regions; empty if it was not finished. */
  baked: string;
  state: string;
  /** ISO 8601. */
  created: string;
  deprecated: string | undefined;
  /** EC2's name of its deregistration protection: disabled, enabled … */
  protection: string | undefined;
  tags: Tags;
  snapshots: string[];
  gibibytes: number;
  architecture: Architecture;
}

/** The fleet's AMIs in this region that this account owns, newest first; with a key, only those. */
export async function fleetAmis(aws: Aws, fleet: string, key?: string): Promise<FleetAmi[]> {
  const tags = { [tagKey.fleet]: fleet, ...(key === undefined ? {} : { [tagKey.key]: key }) };
  const found: FleetAmi[] = [];
  for await (const image of ownImages(aws, tagFilters(tags))) found.push(readAmi(image, aws.region));
  return found.sort(byAge);
}

/** Those of these AMIs that this account owns. */
export async function ownAmis(aws: Aws, ids: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const filters of filterPages([{ Name: "image-id", Values: [...ids] }]))
    for await (const { ImageId = "" } of ownImages(aws, filters)) found.add(ImageId);
  return found;
}

/** Includes disabled and deprecated AMIs, which EC2 leaves out by default. */
async function* ownImages(aws: Aws, Filters: Filter[]): AsyncGenerator<AmiImage> {
  const input = { Owners: ["self"], Filters, IncludeDeprecated: true, IncludeDisabled: true };
  for await (const { Images = [] } of paginateDescribeImages({ client: aws.ec2, pageSize: 1000 }, input))
    yield* Images;
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
    protection: image.DeregistrationProtection,
    tags,
    snapshots: disks.flatMap(({ SnapshotId }) => SnapshotId ?? []),
    // images of earlier releases were all for amd64
    architecture: architectureOf(image.Architecture) ?? "amd64",
    gibibytes: disks.reduce((sum, { VolumeSize = 0 }) => sum + VolumeSize, 0),
  };
}

/** The contents of an image that its bake has published; undefined if it has not. */
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

/** Launch permissions of an AMI: accounts, organizations, everybody. Whether they use it is not visible. */
export async function sharesOf(aws: Aws, id: string): Promise<LaunchPermission[]> {
  const { LaunchPermissions = [] } = await aws.ec2.send(
    new DescribeImageAttributeCommand({ ImageId: id, Attribute: "launchPermission" }),
  );
  return LaunchPermissions;
}

/** The snapshots of the fleet's bakes. */
export async function bakeSnapshots(aws: Aws, fleet: string): Promise<BakeSnapshot[]> {
  const found: BakeSnapshot[] = [];
  const input = { OwnerIds: ["self"], Filters: tagFilters({ [tagKey.fleet]: fleet }) };
  for await (const { Snapshots = [] } of paginateDescribeSnapshots(
    { client: aws.ec2, pageSize: 1000 },
    input,
  ))
    for (const { SnapshotId: id = "", Description = "", State, StartTime, Tags } of Snapshots)
      if (State !== "pending" && isOfBake(tagsOf(Tags), fleet))
        found.push({ id, madeFor: madeFor.exec(Description)?.[1], started: StartTime });
  return found;
}

/** EC2's description of a snapshot that it creates for an AMI, or for a copy of one. */
const madeFor = /^(?:Created by CreateImage\(i-\w+\) for|Copied for DestinationAmi) (ami-\w+)/;
