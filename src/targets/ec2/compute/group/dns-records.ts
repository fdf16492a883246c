import type { ResourceRecordSet } from "@aws-sdk/client-route-53";
import { dnsMarker, groupName } from "../../../../compute/host/contract.js";
import type { Fleet } from "../../../../understand/fleet.js";

/** The DNS name whose records a group's instances maintain in Route 53. */
export interface KeptName {
  zone: string;
  name: string;
  marker: string;
  /** The owner in the marker record, before the turn (written by the host's dns-change). */
  owner: string;
}

/** The records of such a name. */
export interface KeptRecords {
  marker: ResourceRecordSet;
  /** Addresses of instances; the set identifier is the instance id. */
  addresses: ResourceRecordSet[];
}

export function keptName({ name: fleet, group, dns }: Fleet, region: string): KeptName | undefined {
  if (group?.hosted_zone_id === undefined || dns.domain === undefined) return undefined;
  const name = dns.domain.toLowerCase();
  return {
    zone: group.hosted_zone_id,
    name,
    marker: `${dnsMarker}.${name}`,
    owner: `sip-proxy fleet=${fleet} group=${groupName(fleet, group.name)} region=${region}`,
  };
}

/** The group's record sets among these; undefined if no marker assigns the name to the group. */
export function ownRecords(
  kept: KeptName,
  markers: readonly ResourceRecordSet[],
  records: readonly ResourceRecordSet[],
): KeptRecords | undefined {
  const marker = markers.find(is(kept.marker, "TXT"));
  const [, owner] = /^"(.*) turn=\d+"$/.exec(saidBy(marker)) ?? [];
  if (marker === undefined || owner !== kept.owner) return undefined;
  const ofInstance = ({ SetIdentifier = "" }: ResourceRecordSet) => /^i-[0-9a-f]{8,17}$/.test(SetIdentifier);
  return { marker, addresses: records.filter(is(kept.name, "A")).filter(ofInstance) };
}

/** Why the name belongs to somebody else, whose records the instances do not change. The host's dns-change has the same rule. */
export function othersName(
  kept: KeptName,
  markers: readonly ResourceRecordSet[],
  records: readonly ResourceRecordSet[],
): string | undefined {
  if (ownRecords(kept, markers, records) !== undefined) return undefined;
  const marker = markers.find(is(kept.marker, "TXT"));
  if (marker) return `${kept.name} belongs to another owner: ${kept.marker} is ${saidBy(marker)}`;
  const there = records.filter((one) => is(kept.name, "A")(one) || is(kept.name, "CNAME")(one));
  if (there.length === 0) return undefined;
  return `${kept.name} has records already (${there.map(({ Type = "" }) => Type).join(", ")}), but no ${kept.marker} that marks them as records of sip-proxy`;
}

const is = (name: string, type: string) => (one: ResourceRecordSet) =>
  one.Name?.toLowerCase().replace(/\.$/, "") === name && one.Type === type;

const saidBy = (marker: ResourceRecordSet | undefined): string => marker?.ResourceRecords?.[0]?.Value ?? "";
