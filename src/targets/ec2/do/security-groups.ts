import { DescribeVpcsCommand, type SecurityGroup } from "@aws-sdk/client-ec2";
import { newSecurityGroup, planned, type PlannedCall } from "../compute/calls.js";
import { securityGroupName } from "../compute/names.js";
import { newGroupCall, refuseTooManyRules, ruleCalls } from "../compute/security-group-calls.js";
import { isOurs, refuseForeign, type Owned } from "../compute/ownership.js";
import { fleetTags, tagList, tagsOf } from "../compute/tags.js";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { Maker } from "./make-calls.js";
import { securityGroupNamed, securityGroupsNamed } from "./security-group-named.js";

/** The security groups of the fleet's instances, and the calls that bring them to the state of the fleet file. */
export interface SecurityGroupPlan {
  ids: string[];
  calls: PlannedCall[];
}

/** The security groups that the fleet names and, if configured, the one that is created for it. */
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
  if (group) refuseForeign(owned(group), { fleet: fleet.name }, { adopt });
  const id = group?.GroupId ?? newSecurityGroup;
  return {
    ids: [...security_group_ids, id],
    calls: [
      ...(group ? adoption(fleet, group) : [newGroupCall(fleet, vpc)]),
      ...ruleCalls(fleet, id, group?.IpPermissions),
    ],
  };
}

/** Plans and makes these calls. Returns the groups' ids. */
export async function ensureSecurityGroups(aws: Aws, fleet: Fleet, subnetVpc?: string): Promise<string[]> {
  const { ids, calls } = await planSecurityGroups(aws, fleet, subnetVpc);
  const maker = new Maker(aws);
  for (const call of calls) await maker.make(call);
  return maker.fillIn(ids);
}

/** An adopted security group gets the fleet's tags before its rules are changed. */
function adoption(fleet: Fleet, { GroupId = "", Tags }: SecurityGroup): PlannedCall[] {
  if (isOurs(tagsOf(Tags), { fleet: fleet.name })) return [];
  return [planned("ec2:CreateTags", { Resources: [GroupId], Tags: tagList(fleetTags(fleet)) })];
}

function owned({ GroupId = "", GroupName = "", Tags }: SecurityGroup): Owned {
  return { what: `the security group ${GroupName} (${GroupId})`, tags: tagsOf(Tags) };
}

/** Deletes the fleet's security group unless something uses it. Returns messages. */
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
