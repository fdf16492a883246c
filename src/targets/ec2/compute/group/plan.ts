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

/** One change of apply: in words, and as calls. */
export interface GroupChange {
  kind: "create" | "change" | "delete";
  what: string;
  differences: Difference[];
  calls: PlannedCall[];
}

/** The changes that bring AWS to the state of the fleet file; empty if there are none. */
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

/** An adopted launch template gets the fleet's tags first. The group's tags are changed later, with the other changes. */
function adoption({ template }: CurrentGroup, tags: Tags): GroupChange[] {
  if (!template || template.tags[tagKey.fleet] === tags[tagKey.fleet]) return [];
  const calls = [planned("ec2:CreateTags", { Resources: [template.id], Tags: tagList(tags) })];
  return [{ kind: "change", what: `launch template ${template.name}, taken over`, differences: [], calls }];
}

/** The template version that new instances get after the plan is applied. */
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

/** Placeholder in planned calls for the number of a version that an earlier call will create. */
export const newVersion = "(the new version)";

/** A placeholder for a new version, because another apply may create a version meanwhile. */
function firstVersion(spec: GroupSpec, { template }: CurrentGroup): string {
  if (!template) return "1";
  return differences(template.data, spec.template).length === 0 ? String(template.latest) : newVersion;
}

/**
 * The group is created with its hooks, so that the first instances also wait for their self-tests. It refers to the template version by
 * number, so that a roll can be undone.
 */
function newGroup(spec: GroupSpec, current: CurrentGroup): GroupChange {
  const input = {
    AutoScalingGroupName: spec.name,
    ...launching({ LaunchTemplateName: spec.name, Version: firstVersion(spec, current) }, spec.mix),
    ...spec.settings,
    // without it, Auto Scaling uses the minimum
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

/** Changes of instance types. They belong to the group, not to a template version: new instances have them at once, at the group's version. */
function mixChanges(spec: GroupSpec, current: CurrentGroup): GroupChange[] {
  const changed = current.group ? mixDifferences(current.group, spec.mix) : [];
  if (changed.length === 0) return [];
  const { LaunchTemplateName, Version: runs } = launchedTemplate(current.group) ?? {};
  // an adopted group may use another template
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

/** The new size if the current one is outside the new bounds: Auto Scaling then launches instances, or drains and ends some. */
function sizeWithin({ MinSize = 0, MaxSize = 0 }: GroupSettings, size?: number): number | undefined {
  if (size === undefined || (size >= MinSize && size <= MaxSize)) return undefined;
  return size < MinSize ? MinSize : MaxSize;
}

/** The order of a group's subnets has no meaning. */
function withSortedSubnets(settings: Record<string, unknown>): Record<string, unknown> {
  const { VPCZoneIdentifier: subnets } = settings;
  return typeof subnets === "string"
    ? { ...settings, VPCZoneIdentifier: subnets.split(",").sort().join(",") }
    : settings;
}

/** Changes of tags. Tags that others have added to the group stay. */
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

/** Changes of hooks. Hooks with other names stay. */
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

/** A note for the operator if a version is not rolled out yet. */
export function waitingVersion(spec: GroupSpec, current: CurrentGroup): string | undefined {
  const runs = groupVersion(current.group);
  const next = plannedVersion(spec, current);
  if (runs === undefined || runs === next) return undefined;
  return `the group launches version ${runs} of its template; to use version ${next}: sip-proxy group roll`;
}

/** The version before the last roll: the target of a rollback. */
export function previousVersion({ group }: CurrentGroup): number | undefined {
  const tag = group?.Tags?.find(({ Key }) => Key === tagKey.previousVersion);
  const version = Number(tag?.Value);
  return Number.isInteger(version) && version > 0 ? version : undefined;
}
