/** What a group's hosts and whoever makes the group must agree on. The host's scripts have the same words. */

/** Name of the group, and of what makes its instances, where they run. */
export const groupName = (fleet: string, group: string): string => `${fleet}-${group}`;

/** Tag of the Elastic IPs that a group's hosts claim; its value names the pool. */
export const poolTag = "sip-proxy:elastic-ip-pool";

/** The namespace of the hosts' metric for target tracking. */
export const metricNamespace = "SipProxy";
