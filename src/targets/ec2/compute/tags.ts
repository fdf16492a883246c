import type { Filter, ResourceType, TagSpecification } from "@aws-sdk/client-ec2";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { tagKey } from "./names.js";

export type Tags = Record<string, string>;

/** Tags of everything that belongs to a fleet; the project's own cannot be overwritten by the fleet file's. */
export function fleetTags(fleet: Pick<Fleet, "name" | "launch">): Tags {
  return { ...fleet.launch.ec2.tags, [tagKey.fleet]: fleet.name };
}

/** Tags of what belongs to one host, or to a group's instances. */
export function hostTags(fleet: Fleet, host: Pick<Host, "name">): Tags {
  return { Name: `${fleet.name}-${host.name}`, ...fleetTags(fleet), [tagKey.host]: host.name };
}

export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** The same tags for each thing that a call makes. */
export function tagSpecifications(tags: Tags, ...types: readonly ResourceType[]): TagSpecification[] {
  return types.map((ResourceType) => ({ ResourceType, Tags: tagList(tags) }));
}

/** A filter that finds what has all of these tags. */
export function tagFilters(tags: Tags): Filter[] {
  return Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [value] }));
}

export function tagsOf(list: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Tags {
  return Object.fromEntries(list.map(({ Key = "", Value = "" }) => [Key, Value]));
}
