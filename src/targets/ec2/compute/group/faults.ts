import type { Fault } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";

/** What a fleet needs beyond the rules before its group can be made on EC2. */
export function groupFaults({ group, launch }: Fleet): Fault[] {
  if (!group) return [];
  const path = ["group"];
  return [
    ...(group.subnets.length > 0
      ? []
      : [{ path, atKey: true, message: "needs subnets: the instances are spread over them" }]),
    ...(group.private_ip_address === "auto"
      ? []
      : [
          {
            path: [...path, "private_ip_address"],
            message: "must be auto: every instance of a group has its own address",
          },
        ]),
    ...(launch.ec2.iam_instance_profile !== undefined
      ? []
      : [
          {
            path,
            atKey: true,
            message:
              "needs launch.ec2.iam_instance_profile: its hosts complete lifecycle hooks with that role",
            hint: "sip-proxy iam-policy FLEET prints the policy for it",
          },
        ]),
  ];
}
