import { hostAddresses } from "./proxy.js";
import { dnsLabel, integer, ipv4OrAuto, listOf, oneOf, text } from "./types.js";
import { alarmAction, hostedZone, instanceType, resourceId } from "./aws-kinds.js";
import { optional, required, withDefault } from "./setting.js";

/** A host's name becomes its host name and a folder: one DNS label (RFC 1123). */
export const hostLabel = text({
  rule: "one DNS label: up to 63 letters, digits and -, not starting or ending with -",
  pattern: dnsLabel,
});

/** An autoscaling group of proxies. */
export const groupSettings = {
  name: required(hostLabel, "Name of the group."),
  min: withDefault(integer(0, 1000), 2, "Fewest instances."),
  max: withDefault(integer(1, 1000), 6, "Most instances."),
  desired: optional(
    integer(0, 1000),
    "Desired number of instances, from min to max. Leave it out if target_calls or another program sets it.",
    { defaultText: "min for a new group, else unchanged" },
  ),
  target_calls: optional(
    integer(1, 100_000),
    "Active calls per instance that the group's size follows (target tracking on SipProxy/ActiveCalls, which the hosts publish).",
  ),
  alarm_actions: withDefault(
    listOf(alarmAction),
    [],
    "What CloudWatch does when an alarm of the group starts and ends: ARNs, such as an SNS topic's. With it the hosts publish what the alarms watch: hosts that take calls, recorders, refused calls, end of the certificate.",
  ),
  instance_warmup: withDefault(
    integer(0, 21_600, { unit: "seconds" }),
    60,
    "Seconds after which a new instance that takes calls counts for scaling and for the next step of a roll.",
  ),
  launch_timeout: withDefault(
    integer(30, 7200, { unit: "seconds" }),
    900,
    "Seconds within which a new instance must pass its self-test; otherwise it is replaced.",
    { variable: "LAUNCH_TIMEOUT" },
  ),
  terminate_heartbeat: withDefault(
    integer(30, 7200, { unit: "seconds" }),
    300,
    "Seconds without a heartbeat after which a draining instance is ended; EC2 waits at most 100 times as long in total.",
    { variable: "TERMINATE_HEARTBEAT" },
  ),
  on_drain_failure: optional(
    oneOf("terminate", "retain"),
    "What EC2 does with an instance whose drain agent sends no more heartbeats: retain keeps it and its calls outside the group until you end it.",
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
  elastic_ip_pool: optional(
    text({ rule: "the value of a tag", max: 256 }),
    "Pool of Elastic IPs: those whose tag sip-proxy:elastic-ip-pool has this value; each instance takes a free one.",
    { variable: "ELASTIC_IP_POOL", defaultText: "instances use addresses of their subnet" },
  ),
  hosted_zone_id: optional(
    hostedZone,
    "Hosted zone in Route 53 in which the instances keep the A records of dns.domain: each adds its own when it takes calls, and removes it before it drains.",
    { defaultText: "no records are kept" },
  ),
  dns_address: withDefault(
    oneOf("public", "private"),
    "public",
    "Which address of the instances is in these records.",
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
  instance_type: optional(instanceType, "Type of the instances.", {
    defaultText: "launch.ec2.instance_type",
  }),
  instance_types: withDefault(
    listOf(instanceType),
    [],
    "Types of the instances, the preferred one first: when EC2 has none of it left, the next one is launched. Instead of instance_type.",
  ),
  spot_percentage: optional(
    integer(0, 100),
    "Percentage of spot instances. EC2 takes them back with a notice of two minutes, which ends calls that last longer.",
    { defaultText: "on-demand instances only" },
  ),
  subnets: withDefault(listOf(resourceId("subnet")), [], "Subnets over which the instances are spread."),
  public_ip_address: withDefault(ipv4OrAuto, "auto", hostAddresses.public_ip_address.help),
  private_ip_address: withDefault(ipv4OrAuto, "auto", hostAddresses.private_ip_address.help),
};
