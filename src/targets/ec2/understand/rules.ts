import { isNamed } from "../../../understand/destination.js";
import type { Fault } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";
import { placeOf } from "../../../understand/rules/place-of.js";
import { dnsRules } from "./dns-rules.js";
import { machineRules } from "./machine-rules.js";

/** Rules for EC2, in addition to those for all targets. */
export const ec2Rules: readonly ((fleet: Fleet) => Fault[])[] = [
  baseIsNoFile,
  desiredIsWithinBounds,
  drainFitsTerminateHook,
  securityGroupHasNetworks,
  securityGroupKnowsRecorders,
  sessionManagerHasProfile,
  copyKeysAreForCopies,
  sharedImagesHaveOwnKeys,
  alarmActionsAreInTheRegion,
  ...machineRules,
  ...dnsRules,
];

/** The base must be an AMI, because EC2 starts the builder from it. A file would have to be imported first. */
function baseIsNoFile({ image }: Fleet): Fault[] {
  if (!image.targets.ec2 || typeof image.base === "string") return [];
  return [
    {
      path: ["image", "base"],
      message: "is a cloud image, which cannot be baked into an AMI (image.targets.ec2 is set)",
      hint: "for EC2, use an AMI: base: ami-…, or base_owner and base_name under image.targets.ec2; for local images, remove image.targets.ec2",
    },
  ];
}

function desiredIsWithinBounds({ group }: Fleet): Fault[] {
  if (group?.desired === undefined || (group.desired >= group.min && group.desired <= group.max)) return [];
  return [
    {
      path: ["group", "desired"],
      message: `must be from min to max (${group.min} to ${group.max}); got ${group.desired}`,
    },
  ];
}

/** drain_limit must fit: Auto Scaling lets an instance wait at most 48 hours, and at most 100 times its hook's heartbeat. */
function drainFitsTerminateHook({ hosts, group }: Fleet): Fault[] {
  const host = hosts.find(({ kind }) => kind === "group");
  if (!group || !host) return [];
  const { drain_limit } = host.settings;
  const longest = Math.min(172_800, 100 * group.terminate_heartbeat);
  if (drain_limit <= longest) return [];
  return [
    {
      path: placeOf(host, "drain_limit"),
      message: `must be at most ${longest}: EC2 does not wait longer for an instance of the group (100 x terminate_heartbeat); got ${drain_limit}`,
      hint: `set terminate_heartbeat: ${Math.ceil(drain_limit / 100)} in the group`,
    },
  ];
}

function securityGroupHasNetworks({ launch, hosts }: Fleet): Fault[] {
  if (!launch.ec2.create_security_group) return [];
  if (hosts.some(({ settings }) => settings.trusted.length > 0)) return [];
  return [
    {
      path: ["launch", "ec2", "create_security_group"],
      message: "requires trusted: the security group admits calls from these networks only",
      hint: "add trusted: [the voice platform's networks] under settings",
    },
  ];
}

/** The security group needs networks for recorders that are given by name, because only hosts resolve names. */
function securityGroupKnowsRecorders({ launch, recorders }: Fleet): Fault[] {
  const { create_security_group, recorder_networks } = launch.ec2;
  if (!create_security_group || recorder_networks.length > 0) return [];
  return recorders.filter(isNamed).map(({ name }) => ({
    path: ["recorders", name, "private_ip_address"],
    message: "is a host name; the security group that launch.ec2 creates needs IP networks",
    hint: "add recorder_networks: [the recorders' networks] under launch.ec2, or give the recorder's address",
  }));
}

function sessionManagerHasProfile({ image }: Fleet): Fault[] {
  const { ec2 } = image.targets;
  if (ec2?.ssh_interface !== "session_manager" || ec2.iam_instance_profile !== undefined) return [];
  return [
    {
      path: ["image", "targets", "ec2", "ssh_interface"],
      message: "is session_manager, which requires iam_instance_profile",
      hint: "set it to an instance profile with the policy AmazonSSMManagedInstanceCore",
    },
  ];
}

function copyKeysAreForCopies({ image }: Fleet): Fault[] {
  const { region_kms_key_ids = {}, ami_regions = [] } = image.targets.ec2 ?? {};
  return Object.keys(region_kms_key_ids)
    .filter((region) => !ami_regions.includes(region))
    .map((region) => ({
      path: ["image", "targets", "ec2", "region_kms_key_ids", region],
      atKey: true,
      message: `must be one of ami_regions (${ami_regions.join(", ") || "none is given"})`,
    }));
}

/** Shared images need a customer managed key: a snapshot encrypted with the account's default key cannot be shared. */
function sharedImagesHaveOwnKeys({ image }: Fleet): Fault[] {
  const { ec2 } = image.targets;
  if (!ec2?.encrypt_boot) return [];
  const shared = (["ami_users", "ami_org_arns"] as const).find((name) => ec2[name].length > 0);
  if (shared === undefined) return [];
  const path = ["image", "targets", "ec2", shared];
  const why = "a snapshot that is encrypted with the account's default key cannot be shared";
  const hint = "or set encrypt_boot: false";
  if (ec2.kms_key_id === undefined)
    return [{ path, atKey: true, message: `needs kms_key_id too: ${why}`, hint }];
  const without = ec2.ami_regions.filter((region) => ec2.region_kms_key_ids[region] === undefined);
  return without.map((region) => ({
    path,
    atKey: true,
    message: `needs a key for ${region} in region_kms_key_ids: ${why}`,
    hint,
  }));
}

/** CloudWatch does not support actions in another region: PutMetricAlarm, AlarmActions. */
function alarmActionsAreInTheRegion({ group, launch, image }: Fleet): Fault[] {
  const region = launch.ec2.region ?? image.targets.ec2?.region;
  if (region === undefined) return [];
  return (group?.alarm_actions ?? []).flatMap((action, index) => {
    const [, , , there = ""] = action.split(":");
    if (there === "" || there === region) return [];
    return [
      {
        path: ["group", "alarm_actions", index],
        message: `is in ${there}, but the group is in ${region}: CloudWatch accepts actions of its own region only`,
        hint: `use an action in ${region}`,
      },
    ];
  });
}
