import {
  DescribeScalingActivitiesCommand,
  type Activity,
  type AutoScalingGroup,
} from "@aws-sdk/client-auto-scaling";
import { groupVersion } from "../compute/group/current.js";
import { previousVersion } from "../compute/group/plan.js";
import type { KeptName } from "../compute/group/dns-records.js";
import { progress } from "../compute/group/refresh.js";
import { addressesOfPool } from "./addresses.js";
import type { Aws } from "./aws.js";
import { isAwsError } from "./errors.js";
import { readKept } from "./group-dns.js";
import { readGroup } from "./group-state.js";
import { instancesWhere } from "./instances.js";

export interface GroupStatus {
  name: string;
  min: number;
  desired: number;
  max: number;
  /** Version of the launch template: what new instances get, what the newest is, what was before the last roll. */
  version: number | undefined;
  newestVersion: number | undefined;
  previousVersion: number | undefined;
  /** Of a mixed group: the types that it launches, the preferred one first, and how many of 100 instances are spot ones. */
  types: string[];
  spotPercentage: number;
  /** The newest roll, in one line. */
  roll: string | undefined;
  instances: {
    instance: string;
    type: string;
    spot: boolean;
    zone: string;
    lifecycle: string;
    health: string;
    version: number | undefined;
    image: string;
    address: string | undefined;
  }[];
  /** Elastic IPs of the pool that are free, and all of them. */
  pool: { free: number; all: number } | undefined;
  /** The group's alarms; undefined where they may not be read. */
  alarms: { name: string; state: string; since: string; reason: string }[] | undefined;
  /** Of a group that keeps a name in DNS: the instances whose addresses it has; none where it is not marked as the group's, or may not be read. */
  dns: { name: string; instances: string[] | undefined } | undefined;
  /** What failed of the last activities. */
  failures: { at: string; what: string; why: string }[];
}

/** The group as it stands; undefined when there is none. */
export async function groupStatus(
  aws: Aws,
  name: string,
  pool: string | undefined,
  kept: KeptName | undefined,
): Promise<GroupStatus | undefined> {
  const current = await readGroup(aws, name);
  const { group, template, refresh } = current;
  if (!group) return undefined;
  const members = group.Instances ?? [];
  const ids = members.map(({ InstanceId = "" }) => InstanceId);
  const instances = ids.length === 0 ? [] : await instancesWhere(aws, [{ Name: "instance-id", Values: ids }]);
  return {
    name,
    min: group.MinSize ?? 0,
    desired: group.DesiredCapacity ?? 0,
    max: group.MaxSize ?? 0,
    version: groupVersion(group),
    newestVersion: template?.latest,
    previousVersion: previousVersion(current),
    ...mixOfGroup(group),
    roll: refresh && progress(refresh),
    instances: members.map((member) => {
      const instance = instances.find(({ id }) => id === member.InstanceId);
      return {
        instance: member.InstanceId ?? "",
        type: member.InstanceType ?? "",
        spot: instance?.isSpot === true,
        zone: member.AvailabilityZone ?? "",
        lifecycle: member.LifecycleState ?? "",
        health: member.HealthStatus ?? "",
        version: Number(member.LaunchTemplate?.Version) || undefined,
        image: instance?.imageId ?? "",
        address: instance?.publicIp,
      };
    }),
    pool: pool === undefined ? undefined : await poolStatus(aws, pool),
    alarms: current.alarms?.map(({ alarm }) => ({
      name: alarm.AlarmName ?? "",
      state: alarm.StateValue ?? "",
      since: alarm.StateTransitionedTimestamp?.toISOString() ?? "",
      reason: alarm.StateReason ?? "",
    })),
    dns: kept && { name: kept.name, instances: await instancesInDns(aws, kept) },
    failures: await failures(aws, name),
  };
}

function mixOfGroup({ MixedInstancesPolicy: mixed }: AutoScalingGroup) {
  const { OnDemandPercentageAboveBaseCapacity: onDemand = 100 } = mixed?.InstancesDistribution ?? {};
  const types = (mixed?.LaunchTemplate?.Overrides ?? []).map(({ InstanceType = "" }) => InstanceType);
  return { types, spotPercentage: 100 - onDemand };
}

async function poolStatus(aws: Aws, pool: string) {
  const addresses = await addressesOfPool(aws, pool);
  return { free: addresses.filter(({ holder }) => holder === undefined).length, all: addresses.length };
}

/** (Policies of former releases know nothing of DNS.) */
async function instancesInDns(aws: Aws, kept: KeptName): Promise<string[] | undefined> {
  try {
    const found = await readKept(aws, kept);
    return found?.addresses.map(({ SetIdentifier = "" }) => SetIdentifier).sort();
  } catch (error) {
    if (isAwsError(error, "AccessDenied", "AccessDeniedException")) return undefined;
    throw error;
  }
}

/** Of the last twenty activities those that failed, newest first. */
async function failures(aws: Aws, name: string) {
  const { Activities = [] } = await aws.autoscaling.send(
    new DescribeScalingActivitiesCommand({ AutoScalingGroupName: name, MaxRecords: 20 }),
  );
  const failed = ({ StatusCode }: Activity) => StatusCode === "Failed" || StatusCode === "Cancelled";
  return Activities.filter(failed).map(({ StartTime, Description = "", StatusMessage = "" }) => ({
    at: StartTime?.toISOString() ?? "",
    what: Description,
    why: StatusMessage,
  }));
}
