import { hostAddresses } from "./proxy.js";
import { dnsLabel, integer, ipv4OrAuto, listOf, oneOf, text } from "./types.js";
import { instanceType, resourceId } from "./aws-kinds.js";
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
    "Instances wanted, from min to max. Leave it out where target_calls, or somebody else, sets it.",
    { defaultText: "min at first, then as it is" },
  ),
  target_calls: optional(
    integer(1, 100_000),
    "Active calls per instance that the group's size follows (target tracking on SipProxy/ActiveCalls, which the hosts publish).",
  ),
  instance_warmup: withDefault(
    integer(0, 21_600, { unit: "seconds" }),
    60,
    "Seconds after which a new instance, already taking calls, counts for scaling and for the next step of a roll.",
  ),
  launch_timeout: withDefault(
    integer(30, 7200, { unit: "seconds" }),
    900,
    "Seconds in which a new instance must pass its self-test; then it is given up and replaced.",
    { variable: "LAUNCH_TIMEOUT" },
  ),
  terminate_heartbeat: withDefault(
    integer(30, 7200, { unit: "seconds" }),
    300,
    "Seconds without a sign of life after which a draining instance is ended; EC2 waits 100 times that long in all.",
    { variable: "TERMINATE_HEARTBEAT" },
  ),
  on_drain_failure: optional(
    oneOf("terminate", "retain"),
    "What EC2 does with an instance whose drain agent shows no life any more: retain keeps it, and its calls, outside of the group until somebody ends it.",
    { defaultText: "terminate at first, then as it is" },
  ),
  deletion_protection: optional(
    oneOf("none", "prevent-force-deletion", "prevent-all-deletion"),
    "Whether EC2 refuses to delete the group: with its instances, or at all.",
    { defaultText: "none at first, then as it is" },
  ),
  max_healthy_percentage: withDefault(
    integer(101, 200, { unit: "percent" }),
    110,
    "How far a roll may go over the group's size: new instances are launched before old ones are ended.",
  ),
  elastic_ip_pool: optional(
    text({ rule: "the value of a tag", max: 256 }),
    "Elastic IPs whose tag sip-proxy:elastic-ip-pool has this value are the group's; each instance takes a free one.",
    { variable: "ELASTIC_IP_POOL", defaultText: "instances have the addresses that their subnet gives" },
  ),
  warm_pool: optional(
    integer(0, 1000),
    "Instances kept booted and configured beside the group, ready to join it.",
  ),
  warm_pool_state: withDefault(
    oneOf("Stopped", "Running", "Hibernated"),
    "Stopped",
    "How the instances of the warm pool wait.",
  ),
  instance_type: optional(instanceType, "Type of the instances.", {
    defaultText: "launch.ec2.instance_type",
  }),
  subnets: withDefault(listOf(resourceId("subnet")), [], "Subnets over which the instances are spread."),
  public_ip_address: withDefault(ipv4OrAuto, "auto", hostAddresses.public_ip_address.help),
  private_ip_address: withDefault(ipv4OrAuto, "auto", hostAddresses.private_ip_address.help),
};
