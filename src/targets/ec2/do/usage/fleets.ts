import {
  paginateDescribeFleets,
  paginateDescribeSpotFleetRequests,
  paginateDescribeSpotInstanceRequests,
} from "@aws-sdk/client-ec2";
import type { Aws } from "../aws.js";
import { templateUser } from "./autoscaling.js";
import type { Launching, Use } from "./use.js";

const isOver = (state: string | undefined): boolean =>
  /^(cancelled|deleted|failed|closed)$/.test(state ?? "");

/** What EC2 fleets launch, now and when they replace an instance. */
export async function fleetsLaunch(aws: Aws): Promise<Launching> {
  const found: Launching = { uses: [], templates: [] };
  for await (const { Fleets = [] } of paginateDescribeFleets({ client: aws.ec2 }, {}))
    for (const { FleetId, FleetState, LaunchTemplateConfigs = [] } of Fleets)
      if (!isOver(FleetState))
        for (const { LaunchTemplateSpecification, Overrides = [] } of LaunchTemplateConfigs) {
          found.templates.push(...asList(templateUser(LaunchTemplateSpecification)));
          for (const { ImageId } of Overrides)
            if (ImageId) found.uses.push({ id: ImageId, why: `EC2 fleet ${FleetId}` });
        }
  return found;
}

/** What spot fleets launch. */
export async function spotFleetsLaunch(aws: Aws): Promise<Launching> {
  const found: Launching = { uses: [], templates: [] };
  for await (const { SpotFleetRequestConfigs = [] } of paginateDescribeSpotFleetRequests(
    { client: aws.ec2 },
    {},
  ))
    for (const {
      SpotFleetRequestId,
      SpotFleetRequestState,
      SpotFleetRequestConfig,
    } of SpotFleetRequestConfigs)
      if (!isOver(SpotFleetRequestState)) {
        const why = `spot fleet ${SpotFleetRequestId}`;
        const { LaunchSpecifications = [], LaunchTemplateConfigs = [] } = SpotFleetRequestConfig ?? {};
        for (const { ImageId } of LaunchSpecifications) if (ImageId) found.uses.push({ id: ImageId, why });
        for (const { LaunchTemplateSpecification } of LaunchTemplateConfigs)
          found.templates.push(...asList(templateUser(LaunchTemplateSpecification)));
      }
  return found;
}

/** Spot requests that are open, or persistent ones, which launch again after an interruption. */
export async function spotRequests(aws: Aws): Promise<Use[]> {
  const uses: Use[] = [];
  for await (const { SpotInstanceRequests = [] } of paginateDescribeSpotInstanceRequests(
    { client: aws.ec2 },
    {},
  ))
    for (const { SpotInstanceRequestId, State, LaunchSpecification } of SpotInstanceRequests)
      if (!isOver(State) && LaunchSpecification?.ImageId)
        uses.push({ id: LaunchSpecification.ImageId, why: `spot request ${SpotInstanceRequestId}` });
  return uses;
}

const asList = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);
