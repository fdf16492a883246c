import { DescribeVpcsCommand, type SecurityGroup } from "@aws-sdk/client-ec2";
import { planned, type PlannedCall } from "../compute/calls.js";
import { securityGroupName } from "../compute/names.js";
import { ingressChanges, ingressLimit, ingressRules } from "../compute/security-group.js";
import { isOurs, refuseForeign, type Owned } from "../compute/ownership.js";
import { fleetTags, tagList, tagsOf, tagSpecifications } from "../compute/tags.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { Maker, newSecurityGroup } from "./make-calls.js";
import { securityGroupNamed, securityGroupsNamed } from "./security-group-named.js";

/** The security groups of the fleet's instances, and what has to be done before they are as the fleet file wants. */
export interface SecurityGroupPlan {
  ids: string[];
  calls: PlannedCall[];
}

/** Those groups that the fleet names, and the one that is made for it when asked. */
export async function planSecurityGroups(
  aws: Aws,
  fleet: Fleet,
  subnetVpc?: string,
  adopt = false,
): Promise<SecurityGroupPlan> {
  const { security_group_ids, create_security_group, vpc_id } = fleet.launch.ec2;
  if (!create_security_group) return { ids: security_group_ids, calls: [] };
  refuseTooManyRules(fleet);
  const vpc = vpc_id ?? subnetVpc ?? (await defaultVpc(aws));
  const group = await securityGroupNamed(aws, securityGroupName(fleet.name), vpc);
  if (group) refuseForeign(owned(group), { fleet: fleet.name }, adopt);
  const id = group?.GroupId ?? newSecurityGroup;
  return {
    ids: [...security_group_ids, id],
    calls: [...(group ? adoption(fleet, group) : [creation(fleet, vpc)]), ...ruleCalls(fleet, id, group)],
  };
}

/** The same, done. Returns the groups' ids. */
export async function ensureSecurityGroups(aws: Aws, fleet: Fleet, subnetVpc?: string): Promise<string[]> {
  const { ids, calls } = await planSecurityGroups(aws, fleet, subnetVpc);
  const maker = new Maker(aws);
  for (const call of calls) await maker.make(call);
  return maker.fillIn(ids);
}

function creation(fleet: Fleet, VpcId: string): PlannedCall {
  const tags = { Name: securityGroupName(fleet.name), ...fleetTags(fleet) };
  return planned("ec2:CreateSecurityGroup", {
    GroupName: securityGroupName(fleet.name),
    Description: `SIP and RTP of the fleet ${fleet.name}`,
    VpcId,
    TagSpecifications: tagSpecifications(tags, "security-group"),
  });
}

/** A group that is taken over is marked before its rules are changed. */
function adoption(fleet: Fleet, { GroupId = "", Tags }: SecurityGroup): PlannedCall[] {
  if (isOurs(tagsOf(Tags), { fleet: fleet.name })) return [];
  return [planned("ec2:CreateTags", { Resources: [GroupId], Tags: tagList(fleetTags(fleet)) })];
}

function owned({ GroupId = "", GroupName = "", Tags }: SecurityGroup): Owned {
  return { what: `the security group ${GroupName} (${GroupId})`, tags: tagsOf(Tags) };
}

/** First what is missing: calls that are up are never shut out in between. */
function ruleCalls(fleet: Fleet, GroupId: string, group: SecurityGroup | undefined): PlannedCall[] {
  const { authorize, revoke } = ingressChanges(ingressRules(fleet), group?.IpPermissions ?? []);
  return [
    ...(authorize.length === 0
      ? []
      : [planned("ec2:AuthorizeSecurityGroupIngress", { GroupId, IpPermissions: authorize })]),
    ...(revoke.length === 0
      ? []
      : [planned("ec2:RevokeSecurityGroupIngress", { GroupId, IpPermissions: revoke })]),
  ];
}

function refuseTooManyRules(fleet: Fleet): void {
  const rules = ingressRules(fleet).length;
  if (rules <= ingressLimit) return;
  throw new UserError(`the security group would need ${rules} rules; EC2 allows ${ingressLimit}`, {
    hint: "give the recorders' networks instead of each address: launch.ec2.recorder_networks",
  });
}

/** Deletes the fleet's own group unless something uses it. Tells what it did. */
export async function deleteSecurityGroup(aws: Aws, fleet: string): Promise<string[]> {
  const named = await securityGroupsNamed(aws, securityGroupName(fleet));
  const group = named.find(({ Tags }) => isOurs(tagsOf(Tags), { fleet }));
  if (!group?.GroupId) return [];
  try {
    await aws.change("ec2:DeleteSecurityGroup", { GroupId: group.GroupId }, {});
    return [`deleted the security group ${group.GroupId}`];
  } catch (error) {
    if (!isAwsError(error, "DependencyViolation")) throw error;
    return [`the security group ${group.GroupId} is in use and is kept`];
  }
}

async function defaultVpc(aws: Aws): Promise<string> {
  const { Vpcs = [] } = await aws.ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: "is-default", Values: ["true"] }] }),
  );
  const id = Vpcs[0]?.VpcId;
  if (id !== undefined) return id;
  throw new UserError(`${aws.region} has no default VPC`, { hint: "set launch.ec2.vpc_id, or subnets" });
}
