import ipaddr from "ipaddr.js";
import type { Host } from "../../../understand/fleet.js";

export interface Subnet {
  id: string;
  cidr: string;
  zone: string;
  vpcId: string;
}

/**
 * The subnet for a host: the one that contains its address. Hosts without a fixed address are spread over the subnets by their
 * position in the fleet. Undefined if no subnet contains the address.
 */
export function subnetFor(host: Host, place: number, subnets: readonly Subnet[]): Subnet | undefined {
  const address = host.private_ip_address;
  if (address === "auto") return subnets[place % subnets.length];
  return subnets.find(({ cidr }) => ipaddr.IPv4.parse(address).match(ipaddr.IPv4.parseCIDR(cidr)));
}
