import {
  DescribeKeyPairsCommand,
  paginateDescribeNetworkInterfaces,
  paginateDescribeVolumes,
} from "@aws-sdk/client-ec2";
import { isBakeGroup, isBakeKey, named, type Leftover } from "../compute/leftovers.js";
import { tagKey } from "../compute/names.js";
import { isOfBake } from "../compute/prune/objections.js";
import { orphans } from "../compute/prune/plan.js";
import { tagFilters, tagsOf } from "../compute/tags.js";
import type { Aws } from "./aws.js";
import { buildersThere } from "./builder.js";
import { filterPages } from "./chunks.js";
import { fleetAmis } from "./fleet-images.js";
import { instancesWhere, isGone, type FoundInstance } from "./instances.js";
import { packersGroups } from "./packer-groups.js";
import { bakeSnapshotsThere } from "./prune.js";

/** All resources of the fleet's bakes in this region, except finished images; builders first. */
export async function bakeThings(aws: Aws, fleet: string): Promise<Leftover[]> {
  const builders = await buildersThere(aws, fleet);
  const parts = [keyPairs(aws, fleet), securityGroups(aws, fleet, builders), volumes(aws, fleet)];
  const found = await Promise.all([...parts, lonelySnapshots(aws, fleet)]);
  return [...builders.map(asLeftover), ...found.flat()];
}

const asLeftover = ({ id, state, launched }: FoundInstance): Leftover => ({
  kind: "builder",
  id,
  state,
  since: launched,
  usedBy: [],
});

async function keyPairs(aws: Aws, fleet: string): Promise<Leftover[]> {
  const { KeyPairs = [] } = await aws.ec2.send(new DescribeKeyPairsCommand({}));
  const ours = KeyPairs.filter(({ KeyName = "", Tags }) => isBakeKey(KeyName, tagsOf(Tags), fleet));
  if (ours.length === 0) return [];
  const names = ours.map(({ KeyName = "" }) => KeyName);
  const users = await instancesWhere(aws, [{ Name: "key-name", Values: names }]);
  return names.map((id) => ({
    kind: "key pair",
    id,
    since: named(id),
    usedBy: users.filter((one) => one.keyName === id && !isGone(one)).map((one) => one.id),
  }));
}

async function securityGroups(
  aws: Aws,
  fleet: string,
  builders: readonly FoundInstance[],
): Promise<Leftover[]> {
  const worn = new Set(builders.flatMap((builder) => builder.securityGroups));
  const ours = (await packersGroups(aws)).filter(({ GroupId = "", GroupName = "", Tags }) =>
    isBakeGroup(GroupName, tagsOf(Tags), fleet, worn.has(GroupId)),
  );
  const users = await groupUsers(
    aws,
    ours.map(({ GroupId = "" }) => GroupId),
  );
  return ours.map(({ GroupId: id = "", GroupName = "" }) => ({
    kind: "security group",
    id,
    since: named(GroupName),
    usedBy: users.get(id) ?? [],
  }));
}

/** Instances, and network interfaces without an instance, by security group. */
async function groupUsers(aws: Aws, ids: readonly string[]): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  if (ids.length === 0) return users;
  const paging = { client: aws.ec2, pageSize: 1000 };
  for (const Filters of filterPages([{ Name: "group-id", Values: [...ids] }]))
    for await (const { NetworkInterfaces = [] } of paginateDescribeNetworkInterfaces(paging, { Filters }))
      for (const { Groups = [], Attachment, NetworkInterfaceId = "" } of NetworkInterfaces)
        for (const { GroupId = "" } of Groups)
          users.set(GroupId, [...(users.get(GroupId) ?? []), Attachment?.InstanceId ?? NetworkInterfaceId]);
  return users;
}

/** Volumes without an instance. */
async function volumes(aws: Aws, fleet: string): Promise<Leftover[]> {
  const Filters = [...tagFilters({ [tagKey.fleet]: fleet }), { Name: "status", Values: ["available"] }];
  const found: Leftover[] = [];
  for await (const page of paginateDescribeVolumes({ client: aws.ec2, pageSize: 500 }, { Filters }))
    for (const { VolumeId: id = "", CreateTime, Tags } of page.Volumes ?? [])
      if (isOfBake(tagsOf(Tags), fleet)) found.push({ kind: "volume", id, since: CreateTime, usedBy: [] });
  return found;
}

/** Snapshots whose AMI no longer exists. */
async function lonelySnapshots(aws: Aws, fleet: string): Promise<Leftover[]> {
  const amis = await fleetAmis(aws, fleet);
  const there = await bakeSnapshotsThere(aws, fleet, amis);
  const lonely = new Set(orphans({ amis, ...there }));
  return there.snapshots
    .filter(({ id }) => lonely.has(id))
    .map(({ id, started }) => ({ kind: "snapshot", id, since: started, usedBy: [] }));
}
