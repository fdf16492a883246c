import type { TagDescription } from "@aws-sdk/client-auto-scaling";
import { planned, type PlannedCall } from "../calls.js";
import { digest } from "../instance.js";
import { tagKey } from "../names.js";
import { tagList, tagSpecifications, type Tags } from "../tags.js";
import { alarmChanges } from "./alarms.js";
import { groupVersion, type CurrentGroup } from "./current.js";
import { differences, type Difference } from "./differences.js";
import { launchedTemplate, launching, mixDifferences } from "./mixed.js";
import { policyName, type GroupSettings, type GroupSpec } from "./spec.js";

/** One thing that apply would do: as a person reads it, and as the calls that do it. */
export interface GroupChange {
  kind: "create" | "change" | "delete";
  what: string;
  differences: Difference[];
  calls: PlannedCall[];
}

/** What has to be done so that AWS has what the fleet file wants. Nothing when it has. */
export function groupPlan(spec: GroupSpec, current: CurrentGroup, fleetTags: Tags): GroupChange[] {
  return [
    ...adoption(current, fleetTags),
    ...templateChanges(spec, current, fleetTags),
    ...(current.group ? existingGroupChanges(spec, current) : [newGroup(spec, current)]),
    ...policyChanges(spec, current),
    ...warmPoolChanges(spec, current),
    ...alarmChanges(spec.alarms, current.alarms ?? [], fleetTags),
  ];
}

/** A launch template that is taken over is marked before anything else; the group's own tags are changed with the rest. */
function adoption({ template }: CurrentGroup, tags: Tags): GroupChange[] {
  if (!template || template.tags[tagKey.fleet] === tags[tagKey.fleet]) return [];
  const calls = [planned("ec2:CreateTags", { Resources: [template.id], Tags: tagList(tags) })];
  return [{ kind: "change", what: `launch template ${template.name}, taken over`, differences: [], calls }];
}

/** The number of the version that instances get after the plan was applied. */
export function plannedVersion(spec: GroupSpec, { template }: CurrentGroup): number {
  if (!template) return 1;
  return differences(template.data, spec.template).length === 0 ? template.latest : template.latest + 1;
}

function templateChanges(spec: GroupSpec, current: CurrentGroup, tags: Tags): GroupChange[] {
  const { template } = current;
  const data = spec.template;
  if (!template) {
    const input = {
      LaunchTemplateName: spec.name,
      LaunchTemplateData: data,
      TagSpecifications: tagSpecifications(tags, "launch-template"),
    };
    const calls = [planned("ec2:CreateLaunchTemplate", input)];
    return [
      {
        kind: "create",
        what: `launch template ${spec.name}, version 1`,
        differences: differences({}, data),
        calls,
      },
    ];
  }
  const changed = differences(template.data, data);
  if (changed.length === 0) return [];
  const version = template.latest + 1;
  const input = {
    LaunchTemplateId: template.id,
    LaunchTemplateData: data,
    ClientToken: digest([template.id, version, data]),
  };
  const what = `launch template ${spec.name}, version ${version} (was ${template.latest})`;
  return [
    {
      kind: "change",
      what,
      differences: changed,
      calls: [planned("ec2:CreateLaunchTemplateVersion", input)],
    },
  ];
}

/** Stands in planned calls for the number of a version that a call before them will make. */
export const newVersion = "(the new version)";

/** Not guessed: another apply may make a version meanwhile. */
function firstVersion(spec: GroupSpec, { template }: CurrentGroup): string {
  if (!template) return "1";
  return differences(template.data, spec.template).length === 0 ? String(template.latest) : newVersion;
}

/** Made with its hooks: the first instances must wait for their self-tests too. The version is a number, so that a roll can be undone. */
function newGroup(spec: GroupSpec, current: CurrentGroup): GroupChange {
  const input = {
    AutoScalingGroupName: spec.name,
    ...launching({ LaunchTemplateName: spec.name, Version: firstVersion(spec, current) }, spec.mix),
    ...spec.settings,
    // the group's minimum when it is not said
    ...(spec.desired === undefined ? {} : { DesiredCapacity: spec.desired }),
    LifecycleHookSpecificationList: spec.hooks,
    Tags: spec.tags,
  };
  return {
    kind: "create",
    what: `autoscaling group ${spec.name}`,
    differences: differences({}, { ...input, Tags: undefined }),
    calls: [planned("autoscaling:CreateAutoScalingGroup", input)],
  };
}

function existingGroupChanges(spec: GroupSpec, current: CurrentGroup): GroupChange[] {
  return [
    ...tagChanges(spec, current),
    ...settingsChanges(spec, current),
    ...mixChanges(spec, current),
    ...hookChanges(spec, current),
  ];
}

/** Types are the group's, not the version's: instances that are launched from now on have them, at the version that the group is at. */
function mixChanges(spec: GroupSpec, current: CurrentGroup): GroupChange[] {
  const changed = current.group ? mixDifferences(current.group, spec.mix) : [];
  if (changed.length === 0) return [];
  const { LaunchTemplateName, Version: runs } = launchedTemplate(current.group) ?? {};
  // a group that was taken over may launch another template
  const Version = (LaunchTemplateName === spec.name ? runs : undefined) ?? firstVersion(spec, current);
  const input = {
    AutoScalingGroupName: spec.name,
    ...launching({ LaunchTemplateName: spec.name, Version }, spec.mix),
  };
  return [
    {
      kind: "change",
      what: `instance types of autoscaling group ${spec.name}`,
      differences: changed,
      calls: [planned("autoscaling:UpdateAutoScalingGroup", input)],
    },
  ];
}

function settingsChanges({ name, settings, desired }: GroupSpec, { group }: CurrentGroup): GroupChange[] {
  const size = desired ?? sizeWithin(settings, group?.DesiredCapacity);
  const wanted = { ...settings, ...(size === undefined ? {} : { DesiredCapacity: size }) };
  const fields = Object.keys(wanted) as (keyof GroupSettings)[];
  const there = Object.fromEntries(fields.map((field) => [field, group?.[field as keyof typeof group]]));
  const changed = differences(withSortedSubnets(there), withSortedSubnets(wanted));
  if (changed.length === 0) return [];
  const input = { AutoScalingGroupName: name, ...wanted };
  return [
    {
      kind: "change",
      what: `autoscaling group ${name}`,
      differences: changed,
      calls: [planned("autoscaling:UpdateAutoScalingGroup", input)],
    },
  ];
}

/** New bounds that the group's size is outside of change it too, whether they say so or not: instances come, or drain and go. */
function sizeWithin({ MinSize = 0, MaxSize = 0 }: GroupSettings, size?: number): number | undefined {
  if (size === undefined || (size >= MinSize && size <= MaxSize)) return undefined;
  return size < MinSize ? MinSize : MaxSize;
}

/** The order of a group's subnets means nothing. */
function withSortedSubnets(settings: Record<string, unknown>): Record<string, unknown> {
  const { VPCZoneIdentifier: subnets } = settings;
  return typeof subnets === "string"
    ? { ...settings, VPCZoneIdentifier: subnets.split(",").sort().join(",") }
    : settings;
}

/** Tags that somebody else has put on the group stay. */
function tagChanges({ name, tags }: GroupSpec, { group }: CurrentGroup): GroupChange[] {
  const there = new Map((group?.Tags ?? []).map((tag: TagDescription) => [tag.Key, tag.Value]));
  const changed = tags.filter(({ Key, Value }) => there.get(Key) !== Value);
  if (changed.length === 0) return [];
  return [
    {
      kind: "change",
      what: `tags of autoscaling group ${name}`,
      differences: changed.map(({ Key = "", Value }) => ({ field: Key, from: there.get(Key), to: Value })),
      calls: [planned("autoscaling:CreateOrUpdateTags", { Tags: changed })],
    },
  ];
}

/** Hooks of other names stay. */
function hookChanges({ name, hooks }: GroupSpec, current: CurrentGroup): GroupChange[] {
  return hooks.flatMap((hook): GroupChange[] => {
    const there = current.hooks.find(({ LifecycleHookName }) => LifecycleHookName === hook.LifecycleHookName);
    const fields = Object.keys(hook) as (keyof typeof hook)[];
    const changed = differences(Object.fromEntries(fields.map((field) => [field, there?.[field]])), hook);
    if (changed.length === 0) return [];
    const calls = [planned("autoscaling:PutLifecycleHook", { AutoScalingGroupName: name, ...hook })];
    const what = `lifecycle hook ${hook.LifecycleHookName}`;
    return [{ kind: there ? "change" : "create", what, differences: changed, calls }];
  });
}

function policyChanges({ name, policy }: GroupSpec, current: CurrentGroup): GroupChange[] {
  const there = current.policies.find(({ PolicyName }) => PolicyName === policyName);
  const what = `scaling policy ${policyName}`;
  if (!policy) {
    if (!there) return [];
    const input = { AutoScalingGroupName: name, PolicyName: policyName };
    return [{ kind: "delete", what, differences: [], calls: [planned("autoscaling:DeletePolicy", input)] }];
  }
  const fields = Object.keys(policy) as (keyof typeof policy)[];
  const compared = Object.fromEntries(fields.map((field) => [field, there?.[field as keyof typeof there]]));
  const changed = differences(compared, policy);
  if (changed.length === 0) return [];
  const calls = [planned("autoscaling:PutScalingPolicy", { AutoScalingGroupName: name, ...policy })];
  return [{ kind: there ? "change" : "create", what, differences: changed, calls }];
}

function warmPoolChanges({ name, warmPool }: GroupSpec, current: CurrentGroup): GroupChange[] {
  const there = current.warmPool?.Status === "PendingDelete" ? undefined : current.warmPool;
  if (!warmPool) {
    if (!there) return [];
    const calls = [planned("autoscaling:DeleteWarmPool", { AutoScalingGroupName: name })];
    return [{ kind: "delete", what: "warm pool", differences: [], calls }];
  }
  const fields = Object.keys(warmPool) as (keyof typeof warmPool)[];
  const compared = Object.fromEntries(fields.map((field) => [field, there?.[field]]));
  const changed = differences(compared, warmPool);
  if (changed.length === 0) return [];
  const calls = [planned("autoscaling:PutWarmPool", { AutoScalingGroupName: name, ...warmPool })];
  return [{ kind: there ? "change" : "create", what: "warm pool", differences: changed, calls }];
}

/** What else an operator should know: a version that waits to be rolled out. */
export function waitingVersion(spec: GroupSpec, current: CurrentGroup): string | undefined {
  const runs = groupVersion(current.group);
  const next = plannedVersion(spec, current);
  if (runs === undefined || runs === next) return undefined;
  return `the group launches version ${runs} of its template; to use version ${next}: sip-proxy group roll`;
}

/** The version before the last roll, which a rollback goes to. */
export function previousVersion({ group }: CurrentGroup): number | undefined {
  const tag = group?.Tags?.find(({ Key }) => Key === tagKey.previousVersion);
  const version = Number(tag?.Value);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}
