import { printJson, talk } from "../cli/talk.js";
import { targets } from "../targets/registry.js";
import type { Target } from "../targets/target.js";
import { loadFleetAndWarn } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

export interface IamPolicyOptions extends TargetOption {
  account?: string;
  region?: string;
  kmsKey?: string[];
  operator?: boolean;
}

/** `sip-proxy iam-policy FLEET [--operator]`: prints the IAM policy for the instances' role, or for those who run the commands. */
export async function iamPolicy(file: string, options: IamPolicyOptions): Promise<void> {
  const { target, kmsKey: kmsKeys = [], ...place } = options;
  const { fleet } = loadFleetAndWarn(file);
  const { rolePolicy }: Target = targets[target];
  if (rolePolicy === undefined) throw new Error(`hosts have no roles on ${target}`);
  const { policy, warnings, notes } = await rolePolicy(fleet, { ...place, kmsKeys });
  for (const line of warnings) talk.warn(line);
  for (const line of notes) talk.say(line);
  printJson(policy);
}
