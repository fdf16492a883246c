import type { Fleet, Group, Host } from "../../../../understand/fleet.js";
import { newSecurityGroup, type PlannedCall } from "../calls.js";
import { fillIn } from "../fill-in.js";
import type { CurrentGroup } from "../group/current.js";
import { groupPlan } from "../group/plan.js";
import { groupSpec } from "../group/spec.js";
import { amiParameter, tagKey } from "../names.js";
import { instanceRolePolicy } from "../policy/instance-role.js";
import { newGroupCall, refuseTooManyRules, ruleCalls } from "../security-group-calls.js";
import { fleetTags, tagList } from "../tags.js";
import { resourcesOf, type Resource } from "./resources.js";

/** The parts of a CloudFormation template that this project writes. */
interface StackTemplate {
  AWSTemplateFormatVersion: "2010-09-09";
  Description: string;
  Parameters: Record<string, { Type: string; Description: string; Default?: string }>;
  Resources: Record<string, Resource>;
}

/** Placeholders in requests for values of the stack. */
const vpc = "(the VPC)";
const ami = "(the AMI)";
const rootDevice = "(the root device)";
const profile = "(the instance profile)";
const stack = { account: "${AWS::AccountId}", partition: "${AWS::Partition}" };

const given: Record<string, object> = {
  [newSecurityGroup]: { "Fn::GetAtt": ["SecurityGroup", "GroupId"] },
  [vpc]: { Ref: "VpcId" },
  [ami]: { Ref: "Ami" },
  [rootDevice]: { Ref: "RootDevice" },
  [profile]: { Ref: "InstanceProfile" },
};

/** The state in which no part of the group exists. */
const nothing: CurrentGroup = {
  template: undefined,
  group: undefined,
  hooks: [],
  policies: [],
  warmPool: undefined,
  alarms: [],
  refresh: undefined,
};

/** The calls by which `group apply` would create a new group, as resources. */
export function stackTemplate(fleet: Fleet, group: Group, host: Host, userData: Buffer): StackTemplate {
  const marked = ofStack(fleet);
  return {
    AWSTemplateFormatVersion: "2010-09-09",
    Description: `The SIP proxies of the fleet ${fleet.name} (sip-proxy export)`,
    Parameters: parameters(fleet),
    Resources: fillIn(
      { ...resourcesOf(creatingCalls(marked, group, host, userData)), ...roleResources(fleet, marked) },
      inStack,
    ),
  };
}

/** The fleet with the tag for managed resources and, unless it names an instance profile, the role that the stack creates. */
function ofStack({ launch, ...fleet }: Fleet): Fleet {
  const ec2 = {
    ...launch.ec2,
    iam_instance_profile: launch.ec2.iam_instance_profile ?? profile,
    tags: { ...launch.ec2.tags, [tagKey.managedBy]: "cloudformation" },
  };
  return { ...fleet, launch: { ...launch, ec2 } };
}

function creatingCalls(fleet: Fleet, group: Group, host: Host, userData: Buffer): PlannedCall[] {
  const { security_group_ids, create_security_group, ami: named } = fleet.launch.ec2;
  if (create_security_group) refuseTooManyRules(fleet);
  const spec = groupSpec(fleet, group, host, {
    ami: { id: named ?? ami, rootDevice },
    securityGroupIds: [...security_group_ids, ...(create_security_group ? [newSecurityGroup] : [])],
    userData,
  });
  return [
    ...(create_security_group ? [newGroupCall(fleet, vpc), ...ruleCalls(fleet, newSecurityGroup)] : []),
    ...groupPlan(spec, nothing, fleetTags(fleet)).flatMap(({ calls }) => calls),
  ];
}

/**
 * CloudFormation reads the AMI's parameter at every update of the stack, so the launch template contains an AMI id, and a rollback uses
 * the previous version. (With `resolve:ssm` in the launch template, EC2 does not roll back.)
 */
function parameters({ name, image, launch }: Fleet): StackTemplate["Parameters"] {
  const { ami: named, create_security_group, vpc_id } = launch.ec2;
  return {
    ...(named === undefined && {
      Ami: {
        Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>",
        Description: "Parameter with the promoted AMI",
        Default: amiParameter({ name, image }),
      },
    }),
    RootDevice: { Type: "String", Description: "Root device of the AMI", Default: "/dev/xvda" },
    ...(create_security_group && {
      VpcId: {
        Type: "AWS::EC2::VPC::Id",
        Description: "VPC of the subnets",
        ...(vpc_id !== undefined && { Default: vpc_id }),
      },
    }),
  };
}

/** The instances' role; none if the fleet names an instance profile. */
function roleResources(fleet: Fleet, marked: Fleet): Record<string, Resource> {
  const { region = "*", iam_instance_profile } = fleet.launch.ec2;
  if (iam_instance_profile !== undefined) return {};
  const policy = instanceRolePolicy(fleet, { ...stack, region, kmsKeys: [] });
  return {
    Role: {
      Type: "AWS::IAM::Role",
      Properties: {
        AssumeRolePolicyDocument: {
          Version: "2012-10-17",
          Statement: [
            { Effect: "Allow", Principal: { Service: "ec2.amazonaws.com" }, Action: ["sts:AssumeRole"] },
          ],
        },
        Policies: [{ PolicyName: "sip-proxy-host", PolicyDocument: policy }],
        Tags: tagList(fleetTags(marked)),
      },
    },
    InstanceProfile: { Type: "AWS::IAM::InstanceProfile", Properties: { Roles: [{ Ref: "Role" }] } },
  };
}

/** The template's expression for a placeholder; undefined for any other text. */
function inStack(text: string): object | undefined {
  return given[text] ?? (text.includes(stack.account) ? { "Fn::Sub": text } : undefined);
}
