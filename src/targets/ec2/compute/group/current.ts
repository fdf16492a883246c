import type {
  AutoScalingGroup,
  InstanceRefresh,
  LifecycleHook,
  ScalingPolicy,
  WarmPoolConfiguration,
} from "@aws-sdk/client-auto-scaling";
import type { ResponseLaunchTemplateData } from "@aws-sdk/client-ec2";
import { refuseForeign, type Leave, type Owner } from "../ownership.js";
import { tagsOf, type Tags } from "../tags.js";
import type { CurrentAlarm } from "./alarms.js";
import { launchedTemplate } from "./mixed.js";

/** A group as it is in AWS. */
export interface CurrentGroup {
  template: CurrentTemplate | undefined;
  group: AutoScalingGroup | undefined;
  hooks: LifecycleHook[];
  policies: ScalingPolicy[];
  warmPool: WarmPoolConfiguration | undefined;
  /** Alarms with one of the group's alarm names; undefined if there is no permission to read them. */
  alarms: CurrentAlarm[] | undefined;
  /** The newest refresh, in progress or ended. */
  refresh: InstanceRefresh | undefined;
}

export interface CurrentTemplate {
  id: string;
  name: string;
  tags: Tags;
  /** Number of the newest version. */
  latest: number;
  /** The content of the newest version. */
  data: ResponseLaunchTemplateData;
  /** Numbers of all versions. */
  versions: number[];
}

/** The template version for new instances of the group. */
export function groupVersion(group: AutoScalingGroup | undefined): number | undefined {
  const version = Number(launchedTemplate(group)?.Version);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}

/**
 * The version that a roll replaces: the group's; if the group has the new version already, the newest one that its instances run.
 * Undefined if there is none.
 */
export function versionBefore({ group }: CurrentGroup, target: number): number | undefined {
  const run = (group?.Instances ?? []).map(({ LaunchTemplate }) => Number(LaunchTemplate?.Version));
  const others = run.filter((version) => version > 0 && version !== target);
  const launches = groupVersion(group);
  return launches === undefined || launches === target ? others.sort((a, b) => b - a)[0] : launches;
}

/** Whether a refresh is in progress: it replaces instances, or rolls them back. */
export function isGoingOn(refresh: InstanceRefresh | undefined): boolean {
  return /^(Pending|InProgress|Baking|Cancelling|RollbackInProgress)$/.test(refresh?.Status ?? "");
}

/** Throws UserError if the group or its template is not ours. Hooks, policies and warm pool belong to the owner of the group. */
export function refuseForeignGroup({ group, template }: CurrentGroup, owner: Owner, leave: Leave = {}): void {
  if (group) {
    const what = `the autoscaling group ${group.AutoScalingGroupName ?? ""}`;
    refuseForeign({ what, tags: tagsOf(group.Tags) }, owner, leave);
  }
  if (template) {
    const what = `the launch template ${template.name} (${template.id})`;
    refuseForeign({ what, tags: template.tags }, owner, leave);
  }
}
