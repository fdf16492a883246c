import { DescribeRegionsCommand } from "@aws-sdk/client-ec2";
import type { Fault } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import { namedRegions } from "../../understand/machine-rules.js";
import type { Aws } from "../aws.js";

/** Regions in the file must exist, and be enabled for this account. */
export async function regionsAreOpen(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const { Regions = [] } = await aws.ec2.send(new DescribeRegionsCommand({ AllRegions: true }));
  const states = new Map(Regions.map(({ RegionName = "", OptInStatus = "" }) => [RegionName, OptInStatus]));
  return namedRegions(fleet).flatMap(([path, region]): Fault[] => {
    const state = states.get(region);
    if (state === undefined)
      return [{ path, message: `must be a region of the account's partition; EC2 does not list ${region}` }];
    if (state !== "not-opted-in") return [];
    const hint = `enable it: aws account enable-region --region-name ${region}`;
    return [{ path, message: `must be enabled for this account; ${region} is not`, hint }];
  });
}
