import type { Tags } from "../tags.js";
import { objections } from "./objections.js";
import type { SupersededVersion } from "./template-versions.js";

/** The properties of an AMI that decide whether it may be deleted. */
export interface Prunable {
  id: string;
  key: string;
  /** End of the bake, ISO 8601; empty if it was not finished. */
  baked: string;
  /** ISO 8601. */
  created: string;
  /** EC2's name of its state: available, disabled, pending, failed … */
  state: string;
  /** EC2's name of its deregistration protection; undefined or "disabled": none. */
  protection: string | undefined;
  tags: Tags;
  /** An image of one architecture does not replace one of another. */
  architecture: string;
  snapshots: readonly string[];
}

/** A snapshot with the tag of the fleet's bakes. */
export interface BakeSnapshot {
  id: string;
  /** Its AMI, from the description that EC2 gave it. */
  madeFor: string | undefined;
  started?: Date | undefined;
}

/** Reasons why AMIs must stay, by AMI id. */
export type Usage = ReadonlyMap<string, readonly string[]>;

export interface PrunePlan {
  keep: { id: string; created: string; why: string[] }[];
  /** With each AMI, the bake's snapshots and unused versions of the fleet's launch templates are deleted. */
  delete: Superfluous[];
  /** Snapshots of the fleet's AMIs that no longer exist. */
  orphans: string[];
}

export type Superfluous = Omit<Prunable, "snapshots"> & {
  snapshots: string[];
  versions: SupersededVersion[];
};

/** The resources of a fleet's images in one region. */
export interface Found {
  fleet: string;
  amis: readonly Prunable[];
  /** The snapshots with the tag of the fleet's bakes. */
  snapshots: readonly BakeSnapshot[];
  usage: Usage;
  superseded: readonly SupersededVersion[];
  /** AMIs of those snapshots that are in the account but do not have the fleet's tag. */
  others: ReadonlySet<string>;
}

/** Newest first. EC2's creation time has whole seconds; within a second, the end of the bake decides. */
export function byAge(
  a: Pick<Prunable, "created" | "baked">,
  b: Pick<Prunable, "created" | "baked">,
): number {
  return b.created.localeCompare(a.created) || b.baked.localeCompare(a.baked);
}

/** The newest `keep` AMIs of each architecture stay, and AMIs that are in use or not ours to delete. All others may be deleted. */
export function prunePlan(found: Found, keep: number): PrunePlan {
  const { fleet, amis, usage } = found;
  const judged = [...amis].sort(byAge).map((ami) => ({ ami, against: objections(ami, fleet) }));
  const good = judged
    .filter(({ ami, against }) => against.length === 0 && ami.state === "available")
    .map(({ ami }) => ami);
  const newest = new Set(
    [...new Set(good.map(({ architecture }) => architecture))].flatMap((one) =>
      good
        .filter(({ architecture }) => architecture === one)
        .slice(0, keep)
        .map(({ id }) => id),
    ),
  );
  const reasons = judged.map(({ ami, against }) => ({
    ami,
    why: [
      ...(newest.has(ami.id) ? [`one of the newest ${keep}`] : []),
      ...against,
      ...(usage.get(ami.id) ?? []),
    ],
  }));
  return {
    keep: reasons
      .filter(({ why }) => why.length > 0)
      .map(({ ami: { id, created }, why }) => ({ id, created, why })),
    delete: reasons.filter(({ why }) => why.length === 0).map(({ ami }) => superfluous(ami, found)),
    orphans: orphans(found),
  };
}

/** The AMI with what is deleted together with it. A snapshot without the bake's tag belongs to the user, and stays. */
function superfluous(ami: Prunable, { snapshots, superseded }: Found): Superfluous {
  return {
    ...ami,
    snapshots: ami.snapshots.filter((id) => snapshots.some((snapshot) => snapshot.id === id)),
    versions: superseded.filter(({ imageId }) => imageId === ami.id),
  };
}

/** Snapshots that an interrupted deletion has left: their AMI no longer exists. (A backup of a volume has no AMI.) */
export function orphans({ amis, snapshots, others }: Pick<Found, "amis" | "snapshots" | "others">): string[] {
  const held = new Set(amis.flatMap((ami) => [ami.id, ...ami.snapshots]));
  return snapshots
    .filter(({ id, madeFor }) => madeFor !== undefined && !held.has(id) && !held.has(madeFor))
    .filter(({ madeFor = "" }) => !others.has(madeFor))
    .map(({ id }) => id);
}

/** The plan without AMIs that other accounts may launch: whether they use them is not visible. */
export function keepShared(plan: PrunePlan, sharedWith: ReadonlyMap<string, readonly string[]>): PrunePlan {
  const others = ({ id }: { id: string }) => sharedWith.get(id) ?? [];
  const shared = plan.delete.filter((ami) => others(ami).length > 0);
  const kept = shared.map(({ id, created }) => ({
    id,
    created,
    why: [`shared with ${others({ id }).join(", ")}, where its use cannot be checked`],
  }));
  return {
    ...plan,
    keep: [...plan.keep, ...kept],
    delete: plan.delete.filter((ami) => others(ami).length === 0),
  };
}
