import type { Fleet } from "../../../../understand/fleet.js";
import type { RolePolicy, RolePolicyOptions } from "../../../target.js";
import { instanceRolePolicy } from "./instance-role.js";
import { operatorPolicy } from "./operator.js";

/** The policy, with warnings about it. `homeRegion`: used if neither the caller nor the fleet names a region. */
export function rolePolicy(
  fleet: Fleet,
  { account = "*", region, kmsKeys, operator = false }: RolePolicyOptions,
  homeRegion: string | undefined,
): RolePolicy {
  const known = region ?? fleet.launch.ec2.region ?? homeRegion;
  const place = { region: known ?? "*", account };
  const policy = operator
    ? operatorPolicy(fleet, place, kmsKeys)
    : instanceRolePolicy(fleet, { ...place, kmsKeys });
  return {
    policy,
    warnings:
      known === undefined ? ["no region is given: the policy applies to all regions (use --region)"] : [],
    notes: operator
      ? [
          "the first group of an account needs iam:CreateServiceLinkedRole for autoscaling.amazonaws.com, once",
        ]
      : policy.Statement.length === 0
        ? ["the hosts of this fleet do not call AWS, so they need no role"]
        : [],
  };
}
