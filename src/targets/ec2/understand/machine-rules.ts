import { closest } from "fastest-levenshtein";
import type { Fault, Path } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";
import { isArm, usualType } from "./architecture.js";
import { mixedRules, namedTypes } from "./mixed-rules.js";
import { knownRegions, regionsDate } from "./regions.js";

/** Rules for regions, instance types and volumes that need no query to AWS. */
export const machineRules: readonly ((fleet: Fleet) => Fault[])[] = [
  regionsAreKnown,
  instanceTypesFitImage,
  ...mixedRules,
  volumesHoldImage,
  volumesAreFastEnough,
];

/** The regions in the file, with their places. */
export function namedRegions({ image, launch }: Fleet): [Path, string][] {
  const { region, ami_regions = [] } = image.targets.ec2 ?? {};
  const imagePath = ["image", "targets", "ec2"];
  const named: [Path, string | undefined][] = [
    [[...imagePath, "region"], region],
    ...ami_regions.map((copy, index): [Path, string] => [[...imagePath, "ami_regions", index], copy]),
    // equal to the image's region: not given, or already listed
    [["launch", "ec2", "region"], launch.ec2.region === region ? undefined : launch.ec2.region],
  ];
  return named.flatMap(([path, name]): [Path, string][] => (name === undefined ? [] : [[path, name]]));
}

/** Only a warning about unknown regions, because AWS may have opened new ones. */
function regionsAreKnown(fleet: Fleet): Fault[] {
  return namedRegions(fleet).flatMap(([path, name]) =>
    knownRegions.includes(name)
      ? []
      : {
          path,
          severity: "warning" as const,
          message: `is not an AWS region (list of ${regionsDate}); got ${name}`,
          hint: `did you mean ${closest(name, [...knownRegions])}?`,
        },
  );
}

/** Instance types must have the image's architecture. An AMI that the file names may have any. */
function instanceTypesFitImage({ image, launch, group }: Fleet): Fault[] {
  const { ec2 } = image.targets;
  const types: [Path, string | undefined][] = [
    [["image", "targets", "ec2", "instance_type"], ec2?.instance_type],
    ...(launch.ec2.ami === undefined
      ? ([
          [["launch", "ec2", "instance_type"], launch.ec2.instance_type],
          [["group", "instance_type"], group?.instance_type],
          ...namedTypes(group),
        ] satisfies [Path, string | undefined][])
      : []),
  ];
  const other = isArm(usualType[image.architecture]) ? "amd64" : "arm64";
  return types.flatMap(([path, type]) =>
    type === undefined || isArm(type) === isArm(usualType[image.architecture])
      ? []
      : {
          path,
          message: `must be an instance type with ${image.architecture} processors, because image.architecture is ${image.architecture}; ${type} has ${other} processors`,
          hint: `use a type such as ${usualType[image.architecture]}, or set image.architecture: ${other}`,
        },
  );
}

function volumesHoldImage({ image, launch }: Fleet): Fault[] {
  const { ec2 } = image.targets;
  if (!ec2 || launch.ec2.ami !== undefined || launch.ec2.volume_size >= ec2.volume_size) return [];
  return [
    {
      path: ["launch", "ec2", "volume_size"],
      message: `must be at least ${ec2.volume_size}, the size of the AMI's volume (image.targets.ec2.volume_size); got ${launch.ec2.volume_size}`,
    },
  ];
}

/** gp3's limits by size and IOPS (3,000 and 125 are always allowed): https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html */
function volumesAreFastEnough({ launch }: Fleet): Fault[] {
  const { volume_size, volume_iops = 3000, volume_throughput = 125 } = launch.ec2;
  const path = ["launch", "ec2"];
  const iops = Math.max(3000, 500 * volume_size);
  const throughput = Math.max(125, volume_iops / 4);
  return [
    ...(volume_iops <= iops
      ? []
      : [
          {
            path: [...path, "volume_iops"],
            message: `must be at most ${iops} with ${volume_size} GiB (500 IOPS per GiB); got ${volume_iops}`,
          },
        ]),
    ...(volume_throughput <= throughput
      ? []
      : [
          {
            path: [...path, "volume_throughput"],
            message: `must be at most ${throughput} with ${volume_iops} IOPS (0.25 MiB/s per IOPS); got ${volume_throughput}`,
            hint: `set volume_iops: ${volume_throughput * 4}`,
          },
        ]),
  ];
}
