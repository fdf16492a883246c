import { paginateDescribeInstanceTypeOfferings, type Image } from "@aws-sdk/client-ec2";
import type { Fault, Path } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import { amiParameter } from "../../compute/names.js";
import { ec2Name } from "../../understand/architecture.js";
import { namedTypes, typesAreOfOneSize, unequalTypes } from "../../understand/mixed-rules.js";
import type { Aws } from "../aws.js";
import { describeAmi, promotedAmi } from "../images.js";
import { knownTypes, type KnownType } from "../instance-types.js";
import { subnetsThere } from "../subnets.js";

/** The AMI for launches, and the setting that names it. */
interface LaunchedAmi {
  path: Path;
  id: string | undefined;
  image: Image | undefined;
}

async function launchedAmi(aws: Aws, fleet: Fleet): Promise<LaunchedAmi> {
  const { ami } = fleet.launch.ec2;
  if (ami !== undefined)
    return { path: ["launch", "ec2", "ami"], id: ami, image: await describeAmi(aws, ami) };
  const { ami_parameter } = fleet.image.targets.ec2 ?? {};
  const path = ["image", "targets", "ec2", ...(ami_parameter === undefined ? [] : ["ami_parameter"])];
  const id = await promotedAmi(aws, fleet);
  return { path, id, image: id === undefined ? undefined : await describeAmi(aws, id) };
}

/** The AMI must exist, and volumes must be as large as its snapshot. Before the first bake, none is promoted. */
export async function amiFits(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const { path, id, image } = await launchedAmi(aws, fleet);
  if (id === undefined) {
    const name = amiParameter(fleet);
    const message = `has no promoted AMI in ${aws.region} (${name}); launch and group apply need one`;
    const hint = "bake-image FLEET --target ec2, then sip-proxy image promote FLEET";
    return [{ path, atKey: true, severity: "warning", message, hint }];
  }
  if (image?.State === "available") return volumeHolds(fleet, image);
  const message = `must be an available AMI in ${aws.region}; ${id} is ${image?.State ?? "not visible to this account"}`;
  return [{ path, atKey: true, message, hint: "sip-proxy image list FLEET shows the images" }];
}

function volumeHolds(
  { launch }: Fleet,
  { ImageId, BlockDeviceMappings = [], RootDeviceName }: Image,
): Fault[] {
  const root = BlockDeviceMappings.find(({ DeviceName }) => DeviceName === RootDeviceName);
  const least = root?.Ebs?.VolumeSize ?? 0;
  const { volume_size } = launch.ec2;
  if (volume_size >= least) return [];
  const message = `must be at least ${least}, the size of ${ImageId}'s snapshot; got ${volume_size}`;
  return [
    { path: ["launch", "ec2", "volume_size"], atKey: true, message, hint: `set volume_size: ${least}` },
  ];
}

/** A setting with an instance type, and the subnets in which it will be launched. */
interface NamedType {
  path: Path;
  type: string;
  subnets: readonly string[];
}

function launchedTypes({ launch, group, hosts }: Fleet): NamedType[] {
  const { instance_type: type, subnets } = launch.ec2;
  const named = { path: ["launch", "ec2", "instance_type"], type, subnets };
  const ofHosts = hosts.some(({ kind }) => kind === "proxy") ? [named] : [];
  if (!group) return ofHosts;
  const listed = namedTypes(group).map(([path, one]) => ({ path, type: one, subnets: group.subnets }));
  if (listed.length > 0) return [...ofHosts, ...listed];
  const path = group.instance_type === undefined ? named.path : ["group", "instance_type"];
  return [...ofHosts, { path, type: group.instance_type ?? type, subnets: group.subnets }];
}

/** Instance types must exist, be offered in the zones of their subnets, and have the AMI's architecture. */
export async function typesFit(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const { id, image } = await launchedAmi(aws, fleet);
  const named = launchedTypes(fleet);
  const known = await knownTypes(
    aws,
    named.map(({ type }) => type),
  );
  const found = await Promise.all(
    named.map(async (one): Promise<Fault[]> => {
      const its = known.get(one.type);
      if (its === undefined) return [noType(one, aws.region)];
      return [
        ...wrongProcessors(one, its.architectures, image?.Architecture, id),
        ...(await offeredInZones(aws, one)),
      ];
    }),
  );
  return [...found.flat(), ...unequal(fleet, known)];
}

/** Types of one group with different numbers of vCPUs, if their names do not show it. */
function unequal(fleet: Fleet, known: ReadonlyMap<string, KnownType>): Fault[] {
  if (typesAreOfOneSize(fleet).length > 0) return [];
  const sizes = namedTypes(fleet.group).flatMap(([, type]): [string, number][] => {
    const cpus = known.get(type)?.cpus;
    return cpus === undefined ? [] : [[type, cpus]];
  });
  return unequalTypes(sizes);
}

const noType = ({ path, type }: NamedType, region: string): Fault => ({
  path,
  atKey: true,
  message: `must be an instance type of ${region}; got ${type}`,
  hint: "aws ec2 describe-instance-type-offerings lists them",
});

function wrongProcessors(
  { path, type }: NamedType,
  its: string[],
  needed: string | undefined,
  of = "",
): Fault[] {
  if (needed === undefined || its.includes(needed)) return [];
  const message = `must have ${needed} processors, because ${of} is for them; ${type} has ${its.join(", ")}`;
  return [{ path, atKey: true, message }];
}

/** The builder's instance type must fit, in the region of the bake. */
export async function builderFits(aws: Aws, { image }: Fleet): Promise<Fault[]> {
  const { ec2 } = image.targets;
  if (!ec2) return [];
  const there = await aws.in(ec2.region ?? aws.region);
  const path = ["image", "targets", "ec2"];
  const builder = {
    path: [...path, "instance_type"],
    type: ec2.instance_type,
    subnets: ec2.subnet_id === undefined ? [] : [ec2.subnet_id],
  };
  const found = await subnetsThere(there, builder.subnets);
  if (found.length < builder.subnets.length)
    return [
      {
        path: [...path, "subnet_id"],
        message: `must be a subnet of this account in ${there.region}; got ${ec2.subnet_id}`,
      },
    ];
  const its = (await knownTypes(there, [builder.type])).get(builder.type);
  if (its === undefined) return [noType(builder, there.region)];
  const offered = await offeredInZones(there, builder);
  return [
    ...wrongProcessors(builder, its.architectures, ec2Name[image.architecture], "image.architecture"),
    ...offered,
  ];
}

async function offeredInZones(aws: Aws, { path, type, subnets }: NamedType): Promise<Fault[]> {
  const zones = new Map((await subnetsThere(aws, subnets)).map(({ zone, id }) => [zone, id]));
  const offered = await zonesWith(aws, type);
  return [...zones]
    .filter(([zone]) => !offered.has(zone))
    .map(([zone, subnet]) => ({
      path,
      atKey: true,
      message: `must be offered in the zones of the subnets; ${type} is not in ${zone} (${subnet})`,
      hint: `${type} is offered in ${[...offered].sort().join(", ") || "no zone of the region"}`,
    }));
}

async function zonesWith(aws: Aws, type: string): Promise<Set<string>> {
  const input = {
    LocationType: "availability-zone" as const,
    Filters: [{ Name: "instance-type", Values: [type] }],
  };
  const zones = new Set<string>();
  const pages = paginateDescribeInstanceTypeOfferings({ client: aws.ec2 }, input);
  for await (const { InstanceTypeOfferings = [] } of pages)
    for (const { Location = "" } of InstanceTypeOfferings) zones.add(Location);
  return zones;
}
