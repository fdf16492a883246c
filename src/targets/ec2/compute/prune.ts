import { planned, type PlannedCall } from "./calls.js";
import { contentsParameter } from "./names.js";

/** An AMI that may be deleted, as far as the decision goes. */
export interface Prunable {
  id: string;
  key: string;
  /** The bake's end, ISO 8601; empty when it was not finished. */
  baked: string;
  /** ISO 8601. */
  created: string;
  snapshots: readonly string[];
}

/** A version of a launch template that names an AMI. */
export interface TemplateVersion {
  templateId: string;
  templateName: string;
  version: number;
  imageId: string;
  /** The template's default, which EC2 does not delete. */
  isDefault: boolean;
}

/** A version that nothing comes back to, and the one to make the default in its place. */
export interface SupersededVersion extends TemplateVersion {
  current: number;
}

/** What uses an AMI: by its id, why it must stay. */
export type Usage = ReadonlyMap<string, readonly string[]>;

export interface PrunePlan {
  keep: { id: string; created: string; why: string[] }[];
  /** With each AMI go its snapshots, and those versions of the fleet's own launch templates that nothing can come back to. */
  delete: (Prunable & { versions: SupersededVersion[] })[];
  /** Snapshots whose AMI is gone. */
  orphans: string[];
}

/** Newest first. EC2 gives whole seconds; within one, the bakes' ends tell. */
export function byAge(
  a: Pick<Prunable, "created" | "baked">,
  b: Pick<Prunable, "created" | "baked">,
): number {
  return b.created.localeCompare(a.created) || b.baked.localeCompare(a.baked);
}

/** The newest `keep` AMIs stay, and whatever is in use; the rest may go. */
export function prunePlan(
  amis: readonly Prunable[],
  usage: Usage,
  superseded: readonly SupersededVersion[],
  orphans: readonly string[],
  keep: number,
): PrunePlan {
  const newestFirst = [...amis].sort(byAge);
  const reasons = (ami: Prunable, place: number) => [
    ...(place < keep ? [`one of the newest ${keep}`] : []),
    ...(usage.get(ami.id) ?? []),
  ];
  const judged = newestFirst.map((ami, place) => ({ ami, why: reasons(ami, place) }));
  return {
    keep: judged
      .filter(({ why }) => why.length > 0)
      .map(({ ami, why }) => ({ id: ami.id, created: ami.created, why })),
    delete: judged
      .filter(({ why }) => why.length === 0)
      .map(({ ami: { id, key, baked, created, snapshots } }) => ({
        ...{ id, key, baked, created, snapshots },
        versions: superseded.filter(({ imageId }) => imageId === id),
      })),
    orphans: [...orphans],
  };
}

/** The group that uses a fleet's own launch template, as far as its versions go. */
export interface TemplateUse {
  /** The version that the group launches. */
  current: number;
  /** The version that a rollback goes to. */
  previous: number | undefined;
}

/**
 * Versions of a fleet's own template that nothing comes back to: older than the group's, and not the one that a rollback
 * goes to. Newer ones wait to be rolled out.
 */
export function supersededVersions(
  versions: readonly TemplateVersion[],
  { current, previous }: TemplateUse,
): SupersededVersion[] {
  return versions
    .filter(({ version }) => version < current && version !== previous)
    .map((version) => ({ ...version, current }));
}

/**
 * The calls that delete one AMI, in an order that can be broken off anywhere and gone through again. `home`: what is in it is
 * published in this region.
 */
export function deletionCalls(
  fleet: string,
  { id, key, baked, snapshots, versions }: PrunePlan["delete"][number],
  home: boolean,
): PlannedCall[] {
  const templates = [...new Set(versions.map(({ templateId }) => templateId))];
  return [
    ...versions
      .filter(({ isDefault }) => isDefault)
      .map(({ templateId, current }) =>
        planned("ec2:ModifyLaunchTemplate", {
          LaunchTemplateId: templateId,
          DefaultVersion: String(current),
        }),
      ),
    ...templates.map((LaunchTemplateId) =>
      planned("ec2:DeleteLaunchTemplateVersions", {
        LaunchTemplateId,
        Versions: versions
          .filter((one) => one.templateId === LaunchTemplateId)
          .map((one) => String(one.version)),
      }),
    ),
    planned("ec2:DeregisterImage", { ImageId: id }),
    ...snapshots.map((SnapshotId) => planned("ec2:DeleteSnapshot", { SnapshotId })),
    ...(home && baked !== ""
      ? [planned("ssm:DeleteParameter", { Name: contentsParameter(fleet, key, baked) })]
      : []),
  ];
}
