import { dnsMarker } from "../../../../compute/host/contract.js";
import type { Scalar } from "../../../../compute/template.js";
import type { Fleet, Group } from "../../../../understand/fleet.js";

/** Variables in host.env for the agents that publish metrics to CloudWatch and maintain records in Route 53. */
export function groupVariables(fleet: Fleet, group: Group): Record<string, Scalar> {
  return {
    PUBLISH_ACTIVE_CALLS: group.target_calls !== undefined,
    PUBLISH_ALARM_METRICS: group.alarm_actions.length > 0,
    ...dnsVariables(group, fleet.dns),
  };
}

/** Variables for the agent that maintains the hosts' addresses in DNS. */
function dnsVariables({ hosted_zone_id, dns_address }: Group, { domain, ttl }: Fleet["dns"]) {
  if (hosted_zone_id === undefined || domain === undefined) return {};
  const name = domain.toLowerCase();
  return {
    DNS_ZONE: hosted_zone_id,
    DNS_NAME: name,
    DNS_MARKER: `${dnsMarker}.${name}`,
    DNS_TTL: ttl,
    DNS_ADDRESS: dns_address,
  };
}

/** Whether its instances maintain their A records in Route 53. */
export function keepsRecords({ hosted_zone_id }: Group): boolean {
  return hosted_zone_id !== undefined;
}
