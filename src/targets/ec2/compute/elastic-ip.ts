import type { AllocateAddressCommandInput, AssociateAddressCommandInput } from "@aws-sdk/client-ec2";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { isOurs, ownerOf } from "./ownership.js";
import { hostTags, tagSpecifications, type Tags } from "./tags.js";

/** Elastic IPs have no client token: the tags are what keeps a second run from making a second one. */
export function allocateAddress(fleet: Fleet, host: Host): AllocateAddressCommandInput {
  return { Domain: "vpc", TagSpecifications: tagSpecifications(hostTags(fleet, host), "elastic-ip") };
}

/** Never takes an address away from another instance. */
export function associateAddress(allocationId: string, instanceId: string): AssociateAddressCommandInput {
  return { AllocationId: allocationId, InstanceId: instanceId, AllowReassociation: false };
}

/**
 * Whether `launch` has allocated an address for the host: it has the name that it was given then. One that the fleet file names, or that
 * somebody has marked to be used, is the user's own.
 */
export function isAllocated(tags: Tags, publicIp: string, fleet: Fleet, host: Host): boolean {
  const isNamed = fleet.hosts.some(({ public_ip_address }) => public_ip_address === publicIp);
  return !isNamed && isOurs(tags, ownerOf(fleet, host)) && tags["Name"] === hostTags(fleet, host)["Name"];
}
