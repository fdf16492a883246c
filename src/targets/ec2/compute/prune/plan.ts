import type { Tags } from "../tags.js";
import { objections } from "./objections.js";
import type { SupersededVersion } from "./template-versions.js";

/** An AMI that may be deleted, as far as the decision goes. */
export interface Prunable {
  id: string;
  key: string;
  /** The bake's end, ISO 8601; empty when it was not finished. */
  baked: string;
  /** ISO 8601. */
  created: string;
  /** EC2's word for it: available, disabled, pending, failed … */
  state: string;
  /** EC2's word for its protection from being deregistered; undefined or "disabled": none. */
  protection: string | undefined;
  tags: Tags;
  /** Images for one kind of processors are no replacement for those for another. */
  architecture: string;
  snapshots: readonly string[];
}

/** A snapshot that bears the mark of the fleet's bakes. */
export interface BakeSnapshot {
  id: string;
  /** The AMI that it was made for, by EC2's own description of it. */
  madeFor: string | undefined;
  started?: Date | undefined;
}

/** What uses an AMI: by its id, why it must stay. */
export type Usage = ReadonlyMap<string, readonly string[]>;

export interface PrunePlan {
  keep: { id: string; created: string; why: string[] }[];
  /** With each AMI go the snapshots that its bake made, and those versions of the fleet's own launch templates that nothing can come back to. */
  delete: Superfluous[];
  /** Snapshots of AMIs of the fleet that are gone. */
  orphans: string[];
}

export type Superfluous = Omit<Prunable, "snapshots"> & {
  snapshots: string[];
  versions: SupersededVersion[];
};

/** What the account has of a fleet's images in one region. */
export interface Found {
  fleet: string;
  amis: readonly Prunable[];
  /** The snapshots that bear the mark of the fleet's bakes. */
  snapshots: readonly BakeSnapshot[];
  usage: Usage;
  superseded: readonly SupersededVersion[];
  /** AMIs of the account without the fleet's mark that those snapshots were made for. */
  others: ReadonlySet<string>;
}

/** Newest first. EC2 gives whole seconds; within one, the bakes' ends tell. */
export function byAge(
  a: Pick<Prunable, "created" | "baked">,
  b: Pick<Prunable, "created" | "baked">,
): number {
  return b.created.localeCompare(a.created) || b.baked.localeCompare(a.baked);
}

/** The newest `keep` AMIs of each architecture stay, and whatever is in use or not ours to delete; the rest may go. */
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

/** A snapshot without the bake's mark was the user's before the AMI. */
function superfluous(ami: Prunable, { snapshots, superseded }: Found): Superfluous {
  return {
    ...ami,
    snapshots: ami.snapshots.filter((id) => snapshots.some((snapshot) => snapshot.id === id)),
    versions: superseded.filter(({ imageId }) => imageId === ami.id),
  };
}

/** What a deletion that was cut off has left: made for an AMI, which is gone. A backup of a volume was made for none. */
export function orphans({ amis, snapshots, others }: Pick<Found, "amis" | "snapshots" | "others">): string[] {
  const held = new Set(amis.flatMap((ami) => [ami.id, ...ami.snapshots]));
  return snapshots
    .filter(({ id, madeFor }) => madeFor !== undefined && !held.has(id) && !held.has(madeFor))
    .filter(({ madeFor = "" }) => !others.has(madeFor))
    .map(({ id }) => id);
}

/** The same plan, with those AMIs kept that others may launch: what they do with them cannot be seen from here. */
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
