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
  /** Versions of the launch template: for new instances, the newest, and the one before the last roll. */
  version: number | undefined;
  newestVersion: number | undefined;
  previousVersion: number | undefined;
  /** Of a mixed group: its instance types, the preferred one first, and the percentage of spot instances. */
  types: string[];
  spotPercentage: number;
  /** The state of the newest roll, in one line. */
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
  /** Number of Elastic IPs in the pool: free, and in total. */
  pool: { free: number; all: number } | undefined;
  /** The group's alarms; undefined without permission to read them. */
  alarms: { name: string; state: string; since: string; reason: string }[] | undefined;
  /** For a group with records in Route 53: its name, and the instances in DNS (undefined if it is not the group's, or not readable). */
  dns: { name: string; instances: string[] | undefined } | undefined;
  /** Failed scaling activities. */
  failures: { at: string; what: string; why: string }[];
}

/** The group's current state; undefined if it does not exist. */
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

/** The instances in DNS. Undefined without permission: policies of earlier releases do not contain it. */
async function instancesInDns(aws: Aws, kept: KeptName): Promise<string[] | undefined> {
  try {
    const found = await readKept(aws, kept);
    return found?.addresses.map(({ SetIdentifier = "" }) => SetIdentifier).sort();
  } catch (error) {
    if (isAwsError(error, "AccessDenied", "AccessDeniedException")) return undefined;
    throw error;
  }
}

/** The failed ones of the last twenty scaling activities, newest first. */
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
