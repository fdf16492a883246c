import type { Fleet } from "../../../../understand/fleet.js";
import type { RolePolicy, RolePolicyOptions } from "../../../target.js";
import { instanceRolePolicy } from "./instance-role.js";

/** The policy, and what to say of it. `homeRegion`: where neither the caller nor the fleet names one. */
export function rolePolicy(
  fleet: Fleet,
  { account = "*", region, kmsKeys }: RolePolicyOptions,
  homeRegion: string | undefined,
): RolePolicy {
  const known = region ?? fleet.launch.ec2.region ?? homeRegion;
  const policy = instanceRolePolicy(fleet, { region: known ?? "*", account, kmsKeys });
  return {
    policy,
    warnings:
      known === undefined ? ["no region is known: the policy holds in all of them (give --region)"] : [],
    notes:
      policy.Statement.length === 0 ? ["the hosts of this fleet make no call to AWS: they need no role"] : [],
  };
}
