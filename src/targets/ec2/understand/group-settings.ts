import { optional, withDefault } from "../../../understand/settings/setting.js";
import { integer, listOf, oneOf, text } from "../../../understand/settings/types.js";
import { alarmAction, hostedZone, instanceType, resourceId } from "./kinds.js";

/** Settings of an autoscaling group, in addition to those of any group. */
export const groupEc2Settings = {
  instance_type: optional(instanceType, "Type of the instances.", {
    defaultText: "launch.ec2.instance_type",
  }),
  instance_types: withDefault(
    listOf(instanceType),
    [],
    "Types of the instances, the preferred one first; the next one is launched if EC2 has no capacity. Use it instead of instance_type.",
  ),
  spot_percentage: optional(
    integer(0, 100),
    "Percentage of spot instances. EC2 interrupts them with a notice of two minutes; calls that last longer end.",
    { defaultText: "on-demand instances only" },
  ),
  subnets: withDefault(listOf(resourceId("subnet")), [], "Subnets over which the instances are spread."),
  terminate_heartbeat: withDefault(
    integer(30, 7200, { unit: "seconds" }),
    300,
    "Seconds without a heartbeat after which EC2 terminates a draining instance. In total, EC2 waits at most 100 times as long.",
    { variable: "TERMINATE_HEARTBEAT" },
  ),
  elastic_ip_pool: optional(
    text({ rule: "the value of a tag", max: 256 }),
    "Pool of Elastic IPs: the addresses with this value in the tag sip-proxy:elastic-ip-pool. Each instance takes a free one.",
    { variable: "ELASTIC_IP_POOL", defaultText: "instances use addresses of their subnet" },
  ),
  hosted_zone_id: optional(
    hostedZone,
    "Hosted zone in Route 53 in which the instances maintain the A records of dns.domain: each adds its own record when it accepts calls, and removes it before it drains.",
    { defaultText: "no records are maintained" },
  ),
  dns_address: withDefault(
    oneOf("public", "private"),
    "public",
    "Address of the instances in these records.",
  ),
  on_drain_failure: optional(
    oneOf("terminate", "retain"),
    "Action for an instance whose drain agent stops sending heartbeats: retain keeps it and its calls, outside the group, until you terminate it.",
    { defaultText: "terminate for a new group, else unchanged" },
  ),
  deletion_protection: optional(
    oneOf("none", "prevent-force-deletion", "prevent-all-deletion"),
    "Whether EC2 refuses to delete the group: with its instances, or at all.",
    { defaultText: "none for a new group, else unchanged" },
  ),
  max_healthy_percentage: withDefault(
    integer(101, 200, { unit: "percent" }),
    110,
    "Largest size of the group during a roll: new instances are launched before old ones are ended.",
  ),
  warm_pool: optional(
    integer(0, 1000),
    "Number of booted and configured instances that wait to join the group.",
  ),
  warm_pool_state: withDefault(
    oneOf("Stopped", "Running", "Hibernated"),
    "Stopped",
    "State of the instances in the warm pool.",
  ),
  alarm_actions: withDefault(
    listOf(alarmAction),
    [],
    "Actions of CloudWatch when an alarm of the group starts or ends: ARNs, such as that of an SNS topic. Hosts then publish the metrics of the alarms: hosts that accept calls, recorders, refused calls, expiry of the certificate.",
  ),
};
