import { hostAddresses } from "./proxy.js";
import { dnsLabel, integer, ipv4OrAuto, text } from "./types.js";
import { optional, required, withDefault } from "./setting.js";

/** A host's name. It is also used as host name and as name of a folder, so it must be one DNS label (RFC 1123). */
export const hostLabel = text({
  rule: "one DNS label: up to 63 letters, digits and -, not starting or ending with -",
  pattern: dnsLabel,
});

/** Settings of every group; a target that has groups adds more (targets/groups.ts). */
export const commonGroupSettings = {
  name: required(hostLabel, "Name of the group."),
  min: withDefault(integer(0, 1000), 2, "Fewest instances."),
  max: withDefault(integer(1, 1000), 6, "Most instances."),
  desired: optional(
    integer(0, 1000),
    "Desired number of instances, from min to max. Do not set it if target_calls or another program controls it.",
    { defaultText: "min for a new group, else unchanged" },
  ),
  target_calls: optional(
    integer(1, 100_000),
    "Target number of active calls per instance for the size of the group (target tracking on SipProxy/ActiveCalls, which the hosts publish).",
  ),
  instance_warmup: withDefault(
    integer(0, 21_600, { unit: "seconds" }),
    60,
    "Seconds after which a new instance that accepts calls counts for scaling and for the next step of a roll.",
  ),
  launch_timeout: withDefault(
    integer(30, 7200, { unit: "seconds" }),
    900,
    "Seconds within which a new instance must pass its self-test; otherwise it is replaced.",
    { variable: "LAUNCH_TIMEOUT" },
  ),
  public_ip_address: withDefault(ipv4OrAuto, "auto", hostAddresses.public_ip_address.help),
  private_ip_address: withDefault(ipv4OrAuto, "auto", hostAddresses.private_ip_address.help),
};
