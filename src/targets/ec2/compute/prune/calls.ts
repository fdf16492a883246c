import { planned, type PlannedCall } from "../calls.js";
import { contentsParameter, sharesParameter, tagKey } from "../names.js";
import type { Superfluous } from "./plan.js";

/**
 * The calls that delete one AMI. They can be interrupted anywhere and run again. `home`: true in the region where the contents of
 * images are published.
 */
export function deletionCalls(
  fleet: string,
  { id, key, baked, tags, snapshots, versions }: Superfluous,
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
    ...(tags[tagKey.disabled] === undefined
      ? []
      : [planned("ssm:DeleteParameter", { Name: sharesParameter(fleet, id) })]),
  ];
}
