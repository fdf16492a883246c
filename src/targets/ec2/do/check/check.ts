import { UserError } from "../../../../errors.js";
import type { Fault, Path } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import type { Aws } from "../aws.js";
import { isAwsError, isUnreachable } from "../errors.js";
import { baseFits } from "./base.js";
import { autoscalingMayUseKey, keysFit } from "./keys.js";
import { amiFits, builderFits, typesFit } from "./machines.js";
import { keyPairIsThere, securityGroupsAreThere, subnetsAreThere } from "./network.js";
import { addressesAreThere, launchIsAllowed, quotaOfAddresses } from "./launch.js";
import { cpusFit } from "./quotas.js";
import { regionsAreOpen } from "./regions.js";
import { zoneHoldsName } from "./zone.js";

/** A check of the fleet file against AWS. Without permission for one check, the others still run. */
type Check = (aws: Aws, fleet: Fleet) => Promise<Fault[]>;

/** The checks, each with a path for messages about missing permission. */
const checks: readonly (readonly [Path, Check])[] = [
  [["image", "targets", "ec2"], regionsAreOpen],
  [["image", "targets", "ec2"], builderFits],
  [["image", "base"], baseFits],
  [["launch", "ec2"], amiFits],
  [["launch", "ec2"], typesFit],
  [["launch", "ec2"], subnetsAreThere],
  [["launch", "ec2"], securityGroupsAreThere],
  [["launch", "ec2"], keyPairIsThere],
  [["launch", "ec2"], addressesAreThere],
  [["launch", "ec2"], quotaOfAddresses],
  [["launch", "ec2"], launchIsAllowed],
];

/** Checks by other services than EC2. Some of these may be unreachable from a network without internet access. */
const checksBeside: readonly (readonly [Path, Check])[] = [
  [["launch", "ec2"], cpusFit],
  [["launch", "ec2"], keysFit],
  [["launch", "ec2"], autoscalingMayUseKey],
  [["group"], zoneHoldsName],
];

/** Runs all checks of the fleet file against AWS. */
export async function checkFleet(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const found: Fault[] = [];
  for (const [path, check] of checks)
    found.push(...(await check(aws, fleet).catch(telling(path, isRefused))));
  const cannotAsk = (error: unknown) => isRefused(error) || isUnreachable(error);
  for (const [path, check] of checksBeside)
    found.push(...(await check(aws, fleet).catch(telling(path, cannotAsk))));
  return found;
}

/** Turns a refused or unreachable call of a check into a warning. Other errors would concern all checks, and are thrown. */
const telling =
  (path: Path, cannotAsk: (error: unknown) => boolean) =>
  (error: unknown): Fault[] => {
    if (!(error instanceof UserError) || !cannotAsk(error)) throw error;
    const { message, hint } = error;
    return [
      {
        path,
        atKey: true,
        severity: "warning",
        message: `is not checked in part: ${message}`,
        ...(hint === undefined ? {} : { hint }),
      },
    ];
  };

const isRefused = (error: unknown) =>
  isAwsError(error, "UnauthorizedOperation", "AccessDenied", "AccessDeniedException");
