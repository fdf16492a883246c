import { dnsMarker } from "../../../../compute/host/contract.js";
import { partitionOf, type PolicyPlace, type Statement } from "./policy.js";

/** An ARN of Route 53: it has neither region nor account, because Route 53 is global in a partition. */
export function route53Arn(
  { region, partition = partitionOf(region) }: PolicyPlace,
  resource: string,
): string {
  return `arn:${partition}:route53:::${resource}`;
}

/**
 * Permission for the records of one name and of its marker, and for nothing else in the zone.
 * https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html
 */
export function keepRecords(zone: string, domain: string, place: PolicyPlace): Statement[] {
  const Resource = [route53Arn(place, `hostedzone/${zone}`)];
  const name = domain.toLowerCase();
  const limits = {
    "route53:ChangeResourceRecordSetsNormalizedRecordNames": [name, `${dnsMarker}.${name}`],
    "route53:ChangeResourceRecordSetsRecordTypes": ["A", "TXT"],
  };
  return [
    {
      Sid: "KeepRecords",
      Effect: "Allow",
      Action: ["route53:ChangeResourceRecordSets"],
      Resource,
      Condition: { "ForAllValues:StringEquals": limits },
    },
    { Sid: "ListRecords", Effect: "Allow", Action: ["route53:ListResourceRecordSets"], Resource },
  ];
}
