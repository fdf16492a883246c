import type { Fault } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";

const path = ["group"];

/** Requirements for a group on EC2, in addition to the rules. */
export function groupFaults(fleet: Fleet): Fault[] {
  if (!fleet.group) return [];
  return [...placeFaults(fleet), ...roleFaults(fleet)];
}

/** The same if the role is created together with the group. */
export function placeFaults({ group }: Fleet): Fault[] {
  if (!group) return [];
  return [
    ...(group.subnets.length > 0
      ? []
      : [{ path, atKey: true, message: "needs subnets: the instances are spread over them" }]),
    ...(group.private_ip_address === "auto"
      ? []
      : [
          {
            path: [...path, "private_ip_address"],
            message: "must be auto, because every instance of a group has its own address",
          },
        ]),
  ];
}

function roleFaults({ launch }: Fleet): Fault[] {
  if (launch.ec2.iam_instance_profile !== undefined) return [];
  const message = "needs launch.ec2.iam_instance_profile: its hosts complete lifecycle hooks with that role";
  const hint =
    "sip-proxy iam-policy FLEET prints the policy for it; a group from a CloudFormation stack is changed with the stack";
  return [{ path, atKey: true, message, hint }];
}
