import { tagKey } from "../names.js";
import { ownership } from "../ownership.js";
import type { Tags } from "../tags.js";
import type { Prunable } from "./plan.js";

/** The tags of a bake, of an AMI or of its snapshots; hosts, their volumes and whatever is made from those have other ones. */
export function isOfBake(tags: Tags, fleet: string): boolean {
  return (
    ownership(tags, { fleet }).of === "us" &&
    tags[tagKey.key] !== undefined &&
    tags[tagKey.host] === undefined
  );
}

/** What of an AMI itself forbids to delete or disable it, in words. */
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
