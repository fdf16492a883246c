import {
  ListResourceRecordSetsCommand,
  type ListResourceRecordSetsCommandInput,
  type ListResourceRecordSetsCommandOutput,
  type ResourceRecordSet,
} from "@aws-sdk/client-route-53";
import { ownRecords, type KeptName, type KeptRecords } from "../compute/group/dns-records.js";
import type { Aws } from "./aws.js";
import { inChunks } from "./chunks.js";

/** The DNS records of a group's instances; undefined if no marker assigns the name to the group. */
export async function readKept(aws: Aws, kept: KeptName): Promise<KeptRecords | undefined> {
  const { markers, records } = await recordsAt(aws, kept);
  return ownRecords(kept, markers, records);
}

/** The records of the marker's name and of the name itself, whoever owns them. */
export async function recordsAt(
  aws: Aws,
  { zone, marker, name }: KeptName,
): Promise<{ markers: ResourceRecordSet[]; records: ResourceRecordSet[] }> {
  const markers = await list(aws, zone, marker, "TXT");
  return { markers, records: await list(aws, zone, name, "A") };
}

/** The record sets of one name and type, page by page. */
async function list(
  aws: Aws,
  HostedZoneId: string,
  name: string,
  type: "A" | "TXT",
): Promise<ResourceRecordSet[]> {
  const found: ResourceRecordSet[] = [];
  let from: ListResourceRecordSetsCommandInput | undefined = {
    HostedZoneId,
    StartRecordName: name,
    StartRecordType: type,
  };
  while (from) {
    const page: ListResourceRecordSetsCommandOutput = await aws.route53.send(
      new ListResourceRecordSetsCommand(from),
    );
    found.push(...(page.ResourceRecordSets ?? []));
    const { NextRecordName, NextRecordType, NextRecordIdentifier } = page;
    const more = NextRecordName?.replace(/\.$/, "") === name && NextRecordType === type;
    from =
      more && NextRecordIdentifier !== undefined
        ? { ...from, StartRecordIdentifier: NextRecordIdentifier }
        : undefined;
  }
  return found;
}

/** Removes left records of a deleted group; its marker last, so that it can be repeated. Returns the number of addresses. */
export async function removeKept(aws: Aws, kept: KeptName): Promise<number | undefined> {
  const found = await readKept(aws, kept);
  if (!found) return undefined;
  for (const some of inChunks([...found.addresses, found.marker], 400))
    await aws.change(
      "route53:ChangeResourceRecordSets",
      {
        HostedZoneId: kept.zone,
        ChangeBatch: {
          Changes: some.map((ResourceRecordSet) => ({ Action: "DELETE" as const, ResourceRecordSet })),
        },
      },
      {},
    );
  return found.addresses.length;
}
