import type { Fleet } from "../../../../understand/fleet.js";
import { groupName } from "../../../../compute/host/contract.js";
import type { Action } from "../calls.js";
import { amiParameter, tagKey } from "../names.js";
import { keepRecords, route53Arn } from "./dns.js";
import { encryptWithKeys, seeKeys } from "./keys.js";
import { runCommandStatements } from "./ssm.js";
import { arnIn, type Policy, type PolicyPlace, type Statement } from "./policy.js";

/** What limits a call that changes something, besides the name of its action. */
type Bound =
  /** No limit: the resource has no tags at that time, or Packer changes resources without tags. */
  | "free"
  /** The resource must have the fleet's tag. */
  | "fleet"
  /** Only the group's alarms, by name. */
  | "alarm"
  /** Only records that the group's hosts maintain. */
  | "record"
  /** Only the fleet's parameters. */
  | "parameter";

/** All calls of the commands that change something. (Calls for instances that are `free` are needed for Packer's builder.) */
const changes: Record<Action, Bound> = {
  "ec2:AllocateAddress": "free",
  "ec2:AssociateAddress": "free",
  "ec2:AuthorizeSecurityGroupIngress": "free",
  "ec2:CreateLaunchTemplate": "free",
  "ec2:CreateLaunchTemplateVersion": "fleet",
  "ec2:CreateSecurityGroup": "free",
  "ec2:CreateTags": "free",
  "ec2:DeleteKeyPair": "free",
  "ec2:DeleteLaunchTemplate": "fleet",
  "ec2:DeleteLaunchTemplateVersions": "fleet",
  "ec2:DeleteSecurityGroup": "free",
  "ec2:DeleteSnapshot": "free",
  "ec2:DeleteTags": "fleet",
  "ec2:DeleteVolume": "free",
  "ec2:DeregisterImage": "free",
  "ec2:DisableImage": "fleet",
  "ec2:EnableImage": "fleet",
  "ec2:EnableImageDeprecation": "fleet",
  "ec2:ModifyImageAttribute": "free",
  "ec2:ModifyInstanceMetadataOptions": "fleet",
  "ec2:ModifyLaunchTemplate": "fleet",
  "ec2:ReleaseAddress": "fleet",
  "ec2:RevokeSecurityGroupIngress": "fleet",
  "ec2:RunInstances": "free",
  "ec2:StartInstances": "fleet",
  "ec2:StopInstances": "fleet",
  "ec2:TerminateInstances": "fleet",
  "autoscaling:CreateAutoScalingGroup": "free",
  "autoscaling:CreateOrUpdateTags": "free",
  "autoscaling:DeleteAutoScalingGroup": "fleet",
  "autoscaling:DeleteLifecycleHook": "fleet",
  "autoscaling:DeletePolicy": "fleet",
  "autoscaling:DeleteTags": "fleet",
  "autoscaling:DeleteWarmPool": "fleet",
  "autoscaling:CancelInstanceRefresh": "fleet",
  "autoscaling:PutLifecycleHook": "fleet",
  "autoscaling:PutScalingPolicy": "fleet",
  "autoscaling:PutWarmPool": "fleet",
  "autoscaling:RollbackInstanceRefresh": "fleet",
  "autoscaling:StartInstanceRefresh": "fleet",
  "autoscaling:UpdateAutoScalingGroup": "fleet",
  "cloudwatch:DeleteAlarms": "alarm",
  "cloudwatch:PutMetricAlarm": "alarm",
  "cloudwatch:TagResource": "alarm",
  "route53:ChangeResourceRecordSets": "record",
  "ssm:DeleteParameter": "parameter",
  "ssm:PutParameter": "parameter",
};

/** Other calls of Packer's amazon-ebs builder (https://developer.hashicorp.com/packer/integrations/hashicorp/amazon, IAM task). */
const packerChanges = [
  "ec2:CopyImage",
  "ec2:CreateImage",
  "ec2:CreateKeyPair",
  "ec2:CreateSnapshot",
  "ec2:ImportKeyPair",
  "ec2:ModifyInstanceAttribute",
  "ec2:ModifySnapshotAttribute",
  "ec2:RegisterImage",
];

/** Read-only calls. Most of these actions do not support resources. (No GetPasswordData, no user-data of instances.) */
const reads = [
  "ec2:Describe*",
  "ec2:GetConsoleOutput",
  "autoscaling:Describe*",
  "cloudwatch:DescribeAlarms",
  "cloudwatch:ListTagsForResource",
  "servicequotas:GetServiceQuota",
];
const parameterReads = [
  "ssm:DescribeParameters",
  "ssm:GetParameter",
  "ssm:GetParameterHistory",
  "ssm:GetParameters",
];

/** The policy for an operator, or for a CI that bakes, promotes and rolls: it allows all commands for a fleet, and nothing else. */
export function operatorPolicy(fleet: Fleet, place: PolicyPlace, kmsKeys: readonly string[]): Policy {
  const everywhere: Statement = {
    Sid: "Read",
    Effect: "Allow",
    Action: [...reads, ...parameterReads],
    Resource: ["*"],
  };
  const actions = (bound: Bound) =>
    Object.entries(changes).flatMap(([action, its]) => (its === bound ? [action] : []));
  const ofFleet = { StringEquals: { [`aws:ResourceTag/${tagKey.fleet}`]: fleet.name } };
  return {
    Version: "2012-10-17",
    Statement: [
      everywhere,
      {
        Sid: "MakeAndBake",
        Effect: "Allow",
        Action: [...actions("free"), ...packerChanges],
        Resource: ["*"],
      },
      {
        Sid: "ChangeWhatIsOfTheFleet",
        Effect: "Allow",
        Action: actions("fleet"),
        Resource: ["*"],
        Condition: ofFleet,
      },
      { Sid: "Publish", Effect: "Allow", Action: actions("parameter"), Resource: parameters(fleet, place) },
      ...alarms(fleet, place, actions("alarm")),
      ...records(fleet, place),
      ...passRole(fleet, place),
      ...encryptWithKeys(kmsKeys),
      ...seeKeys(fleet, place),
      ...runCommandStatements(fleet, place),
    ],
  };
}

function parameters(fleet: Fleet, place: PolicyPlace): string[] {
  const own = amiParameter(fleet);
  const arn = (name: string) => arnIn({ ...place, region: "*" }, "ssm", `parameter${name}`);
  return [...new Set([arn(`/sip-proxy/${fleet.name}/*`), arn(own)])];
}

function alarms({ name, group }: Fleet, place: PolicyPlace, Action: string[]): Statement[] {
  if (!group) return [];
  const Resource = [arnIn(place, "cloudwatch", `alarm:${groupName(name, group.name)}-*`)];
  return [{ Sid: "WatchTheGroup", Effect: "Allow", Action, Resource }];
}

/** For deleting the group's records, and for checks that the zone exists. */
function records({ group, dns }: Fleet, place: PolicyPlace): Statement[] {
  if (group?.hosted_zone_id === undefined || dns.domain === undefined) return [];
  return [
    ...keepRecords(group.hosted_zone_id, dns.domain, place),
    {
      Sid: "SeeZone",
      Effect: "Allow",
      Action: ["route53:GetHostedZone"],
      Resource: [route53Arn(place, `hostedzone/${group.hosted_zone_id}`)],
    },
  ];
}

/** PassRole to EC2 only. For any role: an instance profile's name does not show the name of its role. */
function passRole({ image, launch }: Fleet, { account }: PolicyPlace): Statement[] {
  if (launch.ec2.iam_instance_profile === undefined && image.targets.ec2?.iam_instance_profile === undefined)
    return [];
  return [
    {
      Sid: "GiveInstancesTheirRole",
      Effect: "Allow",
      Action: ["iam:PassRole"],
      Resource: [`arn:*:iam::${account}:role/*`],
      Condition: { StringEquals: { "iam:PassedToService": "ec2.amazonaws.com" } },
    },
  ];
}
