import type { AllocateAddressCommandInput, AssociateAddressCommandInput } from "@aws-sdk/client-ec2";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { isOurs, ownerOf } from "./ownership.js";
import { hostTags, tagSpecifications, type Tags } from "./tags.js";

/** AllocateAddress has no client token. A second run finds the address by its tags, and allocates no other one. */
export function allocateAddress(fleet: Fleet, host: Host): AllocateAddressCommandInput {
  return { Domain: "vpc", TagSpecifications: tagSpecifications(hostTags(fleet, host), "elastic-ip") };
}

/** The request never moves an address away from another instance. */
export function associateAddress(allocationId: string, instanceId: string): AssociateAddressCommandInput {
  return { AllocationId: allocationId, InstanceId: instanceId, AllowReassociation: false };
}

/**
 * Whether `launch` has allocated the address for the host: its Name tag shows it. An address that the fleet file names, or that the user
 * has tagged for the host, belongs to the user.
 */
export function isAllocated(tags: Tags, publicIp: string, fleet: Fleet, host: Host): boolean {
  const isNamed = fleet.hosts.some(({ public_ip_address }) => public_ip_address === publicIp);
  return !isNamed && isOurs(tags, ownerOf(fleet, host)) && tags["Name"] === hostTags(fleet, host)["Name"];
}
