import type { Fault } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";
import { checkFleet } from "../do/check/check.js";
import { withAws } from "./with-aws.js";

/** `validate --target ec2`: what AWS says against the fleet file. Changes nothing. */
export function check(fleet: Fleet): Promise<Fault[]> {
  return withAws(fleet.launch.ec2.region, {}, (aws) => checkFleet(aws, fleet));
}
