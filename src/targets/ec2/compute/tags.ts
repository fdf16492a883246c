import type { Filter, ResourceType, TagSpecification } from "@aws-sdk/client-ec2";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { tagKey } from "./names.js";

export type Tags = Record<string, string>;

/** Tags of all resources of a fleet. Tags in the fleet file cannot overwrite those of sip-proxy. */
export function fleetTags(fleet: Pick<Fleet, "name" | "launch">): Tags {
  return { ...fleet.launch.ec2.tags, [tagKey.fleet]: fleet.name };
}

/** Tags of the resources of one host, or of a group's instances. */
export function hostTags(fleet: Fleet, host: Pick<Host, "name">): Tags {
  return { Name: `${fleet.name}-${host.name}`, ...fleetTags(fleet), [tagKey.host]: host.name };
}

export function tagList(tags: Tags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** The same tags for each type of resource that a call creates. */
export function tagSpecifications(tags: Tags, ...types: readonly ResourceType[]): TagSpecification[] {
  return types.map((ResourceType) => ({ ResourceType, Tags: tagList(tags) }));
}

/** Filters for resources that have all these tags. */
export function tagFilters(tags: Tags): Filter[] {
  return Object.entries(tags).map(([name, value]) => ({ Name: `tag:${name}`, Values: [value] }));
}

export function tagsOf(list: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Tags {
  return Object.fromEntries(list.map(({ Key = "", Value = "" }) => [Key, Value]));
}
