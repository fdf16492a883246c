import type { Fault } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";
import { withAws } from "./with-aws.js";

/** `validate --target ec2`: checks the fleet file against AWS. Changes nothing. */
export async function check(fleet: Fleet): Promise<Fault[]> {
  // imports clients of services that no other command uses
  const { checkFleet } = await import("../do/check/check.js");
  return withAws(fleet.launch.ec2.region, {}, (aws) => checkFleet(aws, fleet));
}
