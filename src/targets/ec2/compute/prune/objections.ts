import { tagKey } from "../names.js";
import { ownership } from "../ownership.js";
import type { Tags } from "../tags.js";
import type { Prunable } from "./plan.js";

/** Whether the tags are those of a bake's AMI or snapshot. Hosts, their volumes and snapshots of these have other tags. */
export function isOfBake(tags: Tags, fleet: string): boolean {
  return (
    ownership(tags, { fleet }).of === "us" &&
    tags[tagKey.key] !== undefined &&
    tags[tagKey.host] === undefined
  );
}

/** Properties of the AMI itself that forbid to delete or disable it, in words. */
export function objections(
  { id, state, protection = "disabled", tags }: Pick<Prunable, "id" | "state" | "protection" | "tags">,
  fleet: string,
): string[] {
  const owner = ownership(tags, { fleet });
  return [
    ...(owner.of === "others" ? [`belongs to ${owner.whom}`] : []),
    ...(owner.of === "managed" ? [`managed by ${owner.by}`] : []),
    ...(owner.of === "us" && !isOfBake(tags, fleet) ? ["not made by bake-image"] : []),
    ...(protection === "disabled" ? [] : [`protected from being deregistered (${protection})`]),
    ...(state === "disabled" && tags[tagKey.disabled] === undefined
      ? [`disabled, but not by image prune; to include it again: aws ec2 enable-image --image-id ${id}`]
      : []),
    ...(state === "pending" || state === "transient" ? [`is ${state}`] : []),
  ];
}
