import type { Fault } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";
import { withAws } from "./with-aws.js";

/** `validate --target ec2`: what AWS says against the fleet file. Changes nothing. */
export async function check(fleet: Fleet): Promise<Fault[]> {
  // with clients of services that no other command asks
  const { checkFleet } = await import("../do/check/check.js");
  return withAws(fleet.launch.ec2.region, {}, (aws) => checkFleet(aws, fleet));
}
