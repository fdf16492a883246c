import type {
  AutoScalingGroup,
  InstancesDistribution,
  LaunchTemplateOverrides,
  LaunchTemplateSpecification,
  MixedInstancesPolicy,
} from "@aws-sdk/client-auto-scaling";
import type { Group, Launch } from "../../../../understand/fleet.js";
import { differences, type Difference } from "./differences.js";

/** What a group launches: a version of one template, alone or with several instance types. */
export interface Launching {
  LaunchTemplate?: LaunchTemplateSpecification;
  MixedInstancesPolicy?: MixedInstancesPolicy;
}

/** Settings of the fleet file for several instance types or spot instances. */
export interface Mix {
  types: LaunchTemplateOverrides[];
  distribution: InstancesDistribution;
}

/** The types of a group's instances, the preferred one first. */
export function groupTypes(group: Group, { ec2 }: Launch): string[] {
  return group.instance_types.length > 0 ? group.instance_types : [group.instance_type ?? ec2.instance_type];
}

/** Undefined for on-demand instances of one type: these need only the template. */
export function mixOf(group: Group, launch: Launch): Mix | undefined {
  const { instance_types, spot_percentage } = group;
  if (instance_types.length === 0 && spot_percentage === undefined) return undefined;
  return {
    types: groupTypes(group, launch).map((type) => ({ InstanceType: type })),
    distribution: {
      OnDemandAllocationStrategy: "prioritized",
      OnDemandPercentageAboveBaseCapacity: 100 - (spot_percentage ?? 0),
      ...(spot_percentage === undefined ? {} : { SpotAllocationStrategy: "price-capacity-optimized" }),
    },
  };
}

/** `template`: name and version. */
export function launching(template: LaunchTemplateSpecification, mix: Mix | undefined): Launching {
  if (!mix) return { LaunchTemplate: template };
  const { types, distribution } = mix;
  return {
    MixedInstancesPolicy: {
      LaunchTemplate: { LaunchTemplateSpecification: template, Overrides: types },
      InstancesDistribution: distribution,
    },
  };
}

/** The template and version that a group launches, with or without several types. */
export function launchedTemplate(
  group: Pick<AutoScalingGroup, "LaunchTemplate" | "MixedInstancesPolicy"> | undefined,
): LaunchTemplateSpecification | undefined {
  return group?.LaunchTemplate ?? group?.MixedInstancesPolicy?.LaunchTemplate?.LaunchTemplateSpecification;
}

/** What the group launches, with another version of the template. */
export function launchingVersion(
  { MixedInstancesPolicy: mixed }: AutoScalingGroup,
  template: LaunchTemplateSpecification,
): Launching {
  if (!mixed) return { LaunchTemplate: template };
  const LaunchTemplate = { ...mixed.LaunchTemplate, LaunchTemplateSpecification: template };
  return { MixedInstancesPolicy: { ...mixed, LaunchTemplate } };
}

/** The differences between the current and the wanted types of a group. Fields that EC2 adds to the distribution are ignored. */
export function mixDifferences(
  { MixedInstancesPolicy: there }: AutoScalingGroup,
  mix: Mix | undefined,
): Difference[] {
  const has = there?.InstancesDistribution ?? {};
  const fields = Object.keys(mix?.distribution ?? {}) as (keyof InstancesDistribution)[];
  const distribution = Object.fromEntries(fields.map((field) => [field, has[field]]));
  return differences(
    there ? { types: there.LaunchTemplate?.Overrides, distribution } : {},
    mix === undefined ? {} : { ...mix },
  );
}

/** Whether an instance has a type that its group launches. */
export function isOfGroup(
  { MixedInstancesPolicy }: Pick<AutoScalingGroup, "MixedInstancesPolicy">,
  type: string | undefined,
): boolean {
  const types = MixedInstancesPolicy?.LaunchTemplate?.Overrides ?? [];
  return types.length === 0 || types.some(({ InstanceType = type }) => InstanceType === type);
}
