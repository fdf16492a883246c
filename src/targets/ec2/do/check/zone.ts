import { GetHostedZoneCommand } from "@aws-sdk/client-route-53";
import type { Fault } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import { keptName, othersName } from "../../compute/group/dns-records.js";
import type { Aws } from "../aws.js";
import { isAwsError } from "../errors.js";
import { recordsAt } from "../group-dns.js";

/** The Route 53 zone for a group's records must exist and contain their name, and the name must not belong to somebody else. */
export async function zoneHoldsName(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const kept = keptName(fleet, aws.region);
  if (!kept) return [];
  const path = ["group", "hosted_zone_id"];
  const zone = await zoneName(aws, kept.zone);
  if (zone === undefined)
    return [
      {
        path,
        message: `must be a hosted zone of this account; got ${kept.zone}`,
        hint: "aws route53 list-hosted-zones shows them",
      },
    ];
  if (kept.name !== zone && !kept.name.endsWith(`.${zone}`))
    return [
      { path, message: `must be the zone of dns.domain (${kept.name}); ${kept.zone} is the zone of ${zone}` },
    ];
  const { markers, records } = await recordsAt(aws, kept);
  const why = othersName(kept, markers, records);
  if (why === undefined) return [];
  return [
    {
      path: ["dns", "domain"],
      message: `must be a name that only this group uses: ${why}`,
      hint: "instances do not change records of others: use another name, or remove these records first",
    },
  ];
}

/** The zone's name without the last dot; undefined if there is no such zone. */
async function zoneName(aws: Aws, Id: string): Promise<string | undefined> {
  try {
    const { HostedZone } = await aws.route53.send(new GetHostedZoneCommand({ Id }));
    return HostedZone?.Name?.toLowerCase().replace(/\.$/, "");
  } catch (error) {
    if (isAwsError(error, "NoSuchHostedZone", "InvalidInput")) return undefined;
    throw error;
  }
}
