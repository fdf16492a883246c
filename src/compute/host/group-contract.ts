/** What a group's hosts and whoever makes the group must agree on. The host's scripts have the same words. */

/** Lifecycle hooks: the first holds an instance until it takes calls, the second until its calls are over. */
export const launchHook = "sip-proxy-launch";
export const terminateHook = "sip-proxy-terminate";

/** Tag of the Elastic IPs that a group's hosts claim; its value names the pool. */
export const poolTag = "sip-proxy:elastic-ip-pool";

/** The hosts' metric for target tracking, with the group's name as dimension. */
export const metricNamespace = "SipProxy";
export const metricName = "ActiveCalls";
export const metricDimension = "AutoScalingGroupName";
