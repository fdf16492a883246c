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
  /** Those with one of its alarms' names; undefined where they may not be read. */
  alarms: CurrentAlarm[] | undefined;
  /** The newest one, going on or not. */
  refresh: InstanceRefresh | undefined;
}

export interface CurrentTemplate {
  id: string;
  name: string;
  tags: Tags;
  /** Number of the newest version. */
  latest: number;
  /** What the newest version says. */
  data: ResponseLaunchTemplateData;
  /** All that there are. */
  versions: number[];
}

/** The template's version that new instances of the group are launched from. */
export function groupVersion(group: AutoScalingGroup | undefined): number | undefined {
  const version = Number(launchedTemplate(group)?.Version);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}

/**
 * The version that a roll to another one replaces: the group's, or, where something else has given the group the new one already, the
 * newest that its instances run. Undefined when there is none.
 */
export function versionBefore({ group }: CurrentGroup, target: number): number | undefined {
  const run = (group?.Instances ?? []).map(({ LaunchTemplate }) => Number(LaunchTemplate?.Version));
  const others = run.filter((version) => version > 0 && version !== target);
  const launches = groupVersion(group);
  return launches === undefined || launches === target ? others.sort((a, b) => b - a)[0] : launches;
}

/** A refresh that goes on: instances are being replaced, or put back. */
export function isGoingOn(refresh: InstanceRefresh | undefined): boolean {
  return /^(Pending|InProgress|Baking|Cancelling|RollbackInProgress)$/.test(refresh?.Status ?? "");
}

/** Its hooks, policies and warm pool belong to whom the group belongs to. Throws UserError when group or template are not ours. */
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
