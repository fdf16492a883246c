import type {
  CreateAutoScalingGroupCommandInput,
  LifecycleHookSpecification,
  PutScalingPolicyCommandInput,
  PutWarmPoolCommandInput,
  Tag,
} from "@aws-sdk/client-auto-scaling";
import type { RequestLaunchTemplateData, _InstanceType } from "@aws-sdk/client-ec2";
import type { Fleet, Group, Host } from "../../../../understand/fleet.js";
import { login, metadataOptions, rootVolume, type InstanceParts } from "../instance.js";
import { groupAlarms, type Alarm } from "./alarms.js";
import { groupTypes, mixOf, type Mix } from "./mixed.js";
import { callsMetric, groupName, launchHook, terminateHook } from "../../../../compute/host/contract.js";
import { fleetTags, hostTags, tagSpecifications } from "../tags.js";

/** Data for a group's template that is not in the fleet file. There is no subnet: instances are spread over all. */
export type GroupParts = Omit<InstanceParts, "subnetId">;

/** The group that the fleet file describes, as requests to EC2 and Auto Scaling. */
export interface GroupSpec {
  name: string;
  template: RequestLaunchTemplateData;
  settings: GroupSettings;
  /** Instance types besides the template's, and spot instances. */
  mix: Mix | undefined;
  /** Undefined if the fleet file does not set it: the size is then left to scaling. */
  desired: number | undefined;
  tags: Tag[];
  hooks: LifecycleHookSpecification[];
  policy: Omit<PutScalingPolicyCommandInput, "AutoScalingGroupName"> | undefined;
  warmPool: Omit<PutWarmPoolCommandInput, "AutoScalingGroupName"> | undefined;
  alarms: Alarm[];
}

/** The fields of an autoscaling group that the fleet file sets. */
export type GroupSettings = Pick<
  CreateAutoScalingGroupCommandInput,
  | "MinSize"
  | "MaxSize"
  | "VPCZoneIdentifier"
  | "HealthCheckType"
  | "HealthCheckGracePeriod"
  | "DefaultInstanceWarmup"
  | "InstanceMaintenancePolicy"
  | "InstanceLifecyclePolicy"
  | "DeletionProtection"
>;

export function groupSpec(fleet: Fleet, group: Group, host: Host, parts: GroupParts): GroupSpec {
  const name = groupName(fleet.name, group.name);
  return {
    name,
    template: launchTemplateData(fleet, group, host, parts),
    settings: groupSettings(group),
    mix: mixOf(group, fleet.launch),
    desired: group.desired,
    tags: groupTags(fleet, host, name),
    hooks: lifecycleHooks(group),
    policy: scalingPolicy(group, name),
    warmPool: warmPool(group),
    alarms: groupAlarms(group, host, name),
  };
}

function launchTemplateData(
  fleet: Fleet,
  group: Group,
  host: Host,
  { ami, securityGroupIds, userData }: GroupParts,
): RequestLaunchTemplateData {
  const { ec2 } = fleet.launch;
  return {
    ImageId: ami.id,
    InstanceType: groupTypes(group, fleet.launch)[0] as _InstanceType,
    ...login(ec2),
    ...network(ec2.associate_public_ip_address, securityGroupIds),
    BlockDeviceMappings: [rootVolume(ec2, ami)],
    MetadataOptions: metadataOptions,
    UserData: userData.toString("base64"),
    TagSpecifications: tagSpecifications(hostTags(fleet, host), "instance", "volume", "network-interface"),
  };
}

/** Security groups belong either to the instance or to its network interface; EC2 refuses both. */
function network(
  associate: boolean | undefined,
  groups: readonly string[],
): Pick<RequestLaunchTemplateData, "NetworkInterfaces" | "SecurityGroupIds"> {
  if (associate === undefined) return groups.length === 0 ? {} : { SecurityGroupIds: [...groups] };
  const card = { DeviceIndex: 0, AssociatePublicIpAddress: associate, DeleteOnTermination: true };
  return { NetworkInterfaces: [groups.length === 0 ? card : { ...card, Groups: [...groups] }] };
}

/** EC2's health check does not notice a dead daemon, so hosts report their own health. New instances always come before old ones end. */
function groupSettings(group: Group): GroupSettings {
  return {
    MinSize: group.min,
    MaxSize: group.max,
    VPCZoneIdentifier: group.subnets.join(","),
    HealthCheckType: "EC2",
    HealthCheckGracePeriod: 60,
    DefaultInstanceWarmup: group.instance_warmup,
    InstanceMaintenancePolicy: {
      MinHealthyPercentage: 100,
      MaxHealthyPercentage: group.max_healthy_percentage,
    },
    ...keeping(group),
  };
}

/** The fields that are set; others do not change. */
function keeping({
  on_drain_failure,
  deletion_protection,
}: Group): Pick<GroupSettings, "InstanceLifecyclePolicy" | "DeletionProtection"> {
  return {
    ...(on_drain_failure === undefined
      ? {}
      : { InstanceLifecyclePolicy: { RetentionTriggers: { TerminateHookAbandon: on_drain_failure } } }),
    ...(deletion_protection === undefined ? {} : { DeletionProtection: deletion_protection }),
  };
}

function groupTags(fleet: Fleet, host: Host, name: string): Tag[] {
  const tags = { ...hostTags(fleet, host), ...fleetTags(fleet), Name: name };
  return Object.entries(tags).map(([Key, Value]) => ({
    Key,
    Value,
    ResourceId: name,
    ResourceType: "auto-scaling-group",
    // the launch template tags the instances
    PropagateAtLaunch: false,
  }));
}

/** A host that does not report in time that it accepts calls is abandoned. For one that is to end, EC2 waits while it sends heartbeats. */
function lifecycleHooks(group: Group): LifecycleHookSpecification[] {
  return [
    {
      LifecycleHookName: launchHook,
      LifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      HeartbeatTimeout: group.launch_timeout,
      DefaultResult: "ABANDON",
    },
    {
      LifecycleHookName: terminateHook,
      LifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      HeartbeatTimeout: group.terminate_heartbeat,
      // Auto Scaling retains only abandoned instances
      DefaultResult: group.on_drain_failure === "retain" ? "ABANDON" : "CONTINUE",
    },
  ];
}

export const policyName = "sip-proxy-active-calls";

/** The metric is the average of the calls that each host publishes: calls per instance. */
function scalingPolicy({ target_calls, instance_warmup }: Group, name: string): GroupSpec["policy"] {
  if (target_calls === undefined) return undefined;
  return {
    PolicyName: policyName,
    PolicyType: "TargetTrackingScaling",
    EstimatedInstanceWarmup: instance_warmup,
    TargetTrackingConfiguration: {
      TargetValue: target_calls,
      DisableScaleIn: false,
      CustomizedMetricSpecification: {
        Namespace: callsMetric.namespace,
        MetricName: callsMetric.name,
        Dimensions: [{ Name: callsMetric.dimension, Value: name }],
        Statistic: "Average",
      },
    },
  };
}

/**
 * The pool's size is the larger of MinSize and MaxGroupPreparedCapacity minus the group's size. With MaxGroupPreparedCapacity at the
 * group's minimum, the second is never positive, so the pool has exactly the size in the fleet file.
 */
function warmPool({ warm_pool, warm_pool_state, min }: Group): GroupSpec["warmPool"] {
  if (warm_pool === undefined) return undefined;
  return {
    MinSize: warm_pool,
    MaxGroupPreparedCapacity: min,
    PoolState: warm_pool_state,
    InstanceReusePolicy: { ReuseOnScaleIn: false },
  };
}
