import type { AllocateAddressCommandInput, AssociateAddressCommandInput } from "@aws-sdk/client-ec2";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { hostTags, tagSpecifications } from "./tags.js";

/** Elastic IPs have no client token: the tags are what keeps a second run from making a second one. */
export function allocateAddress(fleet: Fleet, host: Host): AllocateAddressCommandInput {
  return { Domain: "vpc", TagSpecifications: tagSpecifications(hostTags(fleet, host), "elastic-ip") };
}

/** Never takes an address away from another instance. */
export function associateAddress(allocationId: string, instanceId: string): AssociateAddressCommandInput {
  return { AllocationId: allocationId, InstanceId: instanceId, AllowReassociation: false };
}
