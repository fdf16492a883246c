import type { Fault, Path } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import type { Aws } from "../aws.js";
import { isAwsError } from "../errors.js";
import { amiFits, builderFits, typesFit } from "./machines.js";
import { keyPairIsThere, securityGroupsAreThere, subnetsAreThere } from "./network.js";
import { addressesAreThere, launchIsAllowed, quotaOfAddresses } from "./launch.js";
import { regionsAreOpen } from "./regions.js";

/** What AWS is asked of a fleet file. Each part goes on when another one may not ask. */
type Check = (aws: Aws, fleet: Fleet) => Promise<Fault[]>;

/** Each with the settings that it checks, where a fleet has none of its own to point at. */
const checks: readonly (readonly [Path, Check])[] = [
  [["image", "targets", "ec2"], regionsAreOpen],
  [["image", "targets", "ec2"], builderFits],
  [["launch", "ec2"], amiFits],
  [["launch", "ec2"], typesFit],
  [["launch", "ec2"], subnetsAreThere],
  [["launch", "ec2"], securityGroupsAreThere],
  [["launch", "ec2"], keyPairIsThere],
  [["launch", "ec2"], addressesAreThere],
  [["launch", "ec2"], quotaOfAddresses],
  [["launch", "ec2"], launchIsAllowed],
];

/** All that AWS says against what the fleet file names. */
export async function checkFleet(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const found: Fault[] = [];
  for (const [path, check] of checks) found.push(...(await check(aws, fleet).catch(notAllowed(path))));
  return found;
}

/** A check that may not ask is told with its action. Whatever else fails would fail the others too. */
const notAllowed =
  (path: Path) =>
  (error: unknown): Fault[] => {
    if (!isAwsError(error, ...refusals)) throw error;
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

const refusals = ["UnauthorizedOperation", "AccessDenied", "AccessDeniedException"];
