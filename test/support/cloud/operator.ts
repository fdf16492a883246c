import { operatorPolicy } from "../../../src/targets/ec2/compute/policy/operator.js";
import { fleetOf } from "../fleets.js";

const fleet = fleetOf({
  image: { targets: { ec2: { region: "eu-west-1" } } },
  dns: { domain: "sip.example.com" },
  launch: { ec2: { kms_key_id: "alias/voice", ssm_agent: true } },
  group: { name: "proxies", subnets: ["subnet-01234567"], hosted_zone_id: "Z0123456789ABC" },
});
const actions = operatorPolicy(fleet, { region: "*", account: "*" }, []).Statement.flatMap(
  ({ Action }) => Action,
);

/** Whether the policy of `iam-policy --operator` contains this action, such as ec2:RunInstances; ignores conditions. */
export const operatorMay = (action: string): boolean =>
  actions.some((allowed) => new RegExp(`^${allowed.replaceAll("*", ".*")}$`).test(action));
