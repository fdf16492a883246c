import { printJson, talk } from "../cli/talk.js";
import { instanceRolePolicy } from "../targets/ec2/compute/policy/instance-role.js";
import { loadFleetAndWarn } from "./load-fleet.js";

export interface IamPolicyOptions {
  account?: string;
  region?: string;
  kmsKey?: string[];
}

/** `sip-proxy iam-policy FLEET`: what the role of the fleet's instances must be allowed. */
export function iamPolicy(file: string, options: IamPolicyOptions): void {
  const { fleet } = loadFleetAndWarn(file);
  const region = options.region ?? fleet.launch.ec2.region ?? process.env["AWS_REGION"];
  const policy = instanceRolePolicy(fleet, {
    region: region ?? "*",
    account: options.account ?? "*",
    kmsKeys: options.kmsKey ?? [],
  });
  if (region === undefined) talk.warn("no region is known: the policy holds in all of them (give --region)");
  if (policy.Statement.length === 0)
    talk.say("the hosts of this fleet make no call to AWS: they need no role");
  printJson(policy);
}
