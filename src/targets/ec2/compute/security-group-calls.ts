import type { IpPermission } from "@aws-sdk/client-ec2";
import { UserError } from "../../../errors.js";
import type { Fleet } from "../../../understand/fleet.js";
import { planned, type PlannedCall } from "./calls.js";
import { securityGroupName } from "./names.js";
import { ingressChanges, ingressLimit, ingressRules } from "./security-group.js";
import { fleetTags, tagSpecifications } from "./tags.js";

/** The call that creates the fleet's security group, without rules. */
export function newGroupCall(fleet: Fleet, VpcId: string): PlannedCall {
  const tags = { Name: securityGroupName(fleet.name), ...fleetTags(fleet) };
  return planned("ec2:CreateSecurityGroup", {
    GroupName: securityGroupName(fleet.name),
    Description: `SIP and RTP of the fleet ${fleet.name}`,
    VpcId,
    TagSpecifications: tagSpecifications(tags, "security-group"),
  });
}

/** The calls that change the rules. Missing rules are added first, so that current calls are never blocked. */
export function ruleCalls(fleet: Fleet, GroupId: string, there: readonly IpPermission[] = []): PlannedCall[] {
  const { authorize, revoke } = ingressChanges(ingressRules(fleet), there);
  return [
    ...(authorize.length === 0
      ? []
      : [planned("ec2:AuthorizeSecurityGroupIngress", { GroupId, IpPermissions: authorize })]),
    ...(revoke.length === 0
      ? []
      : [planned("ec2:RevokeSecurityGroupIngress", { GroupId, IpPermissions: revoke })]),
  ];
}

/** Throws UserError if EC2 would refuse the number of rules. */
export function refuseTooManyRules(fleet: Fleet): void {
  const rules = ingressRules(fleet).length;
  if (rules <= ingressLimit) return;
  throw new UserError(`the security group would need ${rules} rules, but EC2 allows ${ingressLimit}`, {
    hint: "set launch.ec2.recorder_networks to the networks of the recorders",
  });
}
