import { DescribeAddressesCommand, type Address, type Filter } from "@aws-sdk/client-ec2";
import { allocateAddress, associateAddress, isAllocated } from "../compute/elastic-ip.js";
import { poolTag } from "../../../compute/host/contract.js";
import { tagKey } from "../compute/names.js";
import { tagFilters, tagsOf, type Tags } from "../compute/tags.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { poll } from "../../../do/wait.js";
import { pause } from "./pause.js";

export interface ElasticIp {
  allocationId: string;
  publicIp: string;
  /** The instance or network interface that uses it. */
  holder: string | undefined;
  tags: Tags;
}

export async function elasticIps(aws: Aws, filters: Filter[]): Promise<ElasticIp[]> {
  const { Addresses = [] } = await aws.ec2.send(new DescribeAddressesCommand({ Filters: filters }));
  return Addresses.map(readAddress).sort((a, b) => (a.publicIp < b.publicIp ? -1 : 1));
}

function readAddress(address: Address): ElasticIp {
  return {
    allocationId: address.AllocationId ?? "",
    publicIp: address.PublicIp ?? "",
    holder: address.InstanceId || address.NetworkInterfaceId || undefined,
    tags: tagsOf(address.Tags),
  };
}

/** The Elastic IPs that `launch` has allocated for a host. */
export function addressesOfHost(aws: Aws, fleet: Fleet, host: Host): Promise<ElasticIp[]> {
  return elasticIps(aws, tagFilters({ [tagKey.fleet]: fleet.name, [tagKey.host]: host.name }));
}

/** The addresses of the pool for a group's instances. */
export function addressesOfPool(aws: Aws, pool: string): Promise<ElasticIp[]> {
  return elasticIps(aws, tagFilters({ [poolTag]: pool }));
}

/** The host's address in the fleet file; for `auto`, the one allocated for the host. Undefined if it does not exist. */
export async function findAddress(aws: Aws, fleet: Fleet, host: Host): Promise<ElasticIp | undefined> {
  const given = host.public_ip_address;
  if (given !== "auto") return (await elasticIps(aws, [{ Name: "public-ip", Values: [given] }]))[0];
  const own = await addressesOfHost(aws, fleet, host);
  return own.find(({ holder }) => holder !== undefined) ?? own[0];
}

/** The same; undefined only for `auto`. Throws UserError if the address in the file is not an Elastic IP of the account. */
export async function addressFor(aws: Aws, fleet: Fleet, host: Host): Promise<ElasticIp | undefined> {
  const given = host.public_ip_address;
  const address = await findAddress(aws, fleet, host);
  if (address || given === "auto") return address;
  throw new UserError(`${host.name}: ${given} is not an Elastic IP of this account in ${aws.region}`, {
    hint: "allocate or transfer it, or set launch.ec2.elastic_ip: false if a NAT gateway has that address",
  });
}

/** Throws UserError if another instance than the host's (`own`) uses the address. */
export function refuseTaken(host: Host, address: ElasticIp, own: readonly string[]): void {
  if (address.holder === undefined || own.includes(address.holder)) return;
  throw new UserError(`${host.name}: ${address.publicIp} is in use by ${address.holder}`, {
    hint: `disassociate it first: aws ec2 disassociate-address --public-ip ${address.publicIp}`,
  });
}

/**
 * Associates the host's address with the instance, and allocates one if there is none. EC2 may still show the address at an ended instance
 * of the host (`former`) for a moment; this waits for it. Returns the address.
 */
export async function ensureAddress(
  aws: Aws,
  fleet: Fleet,
  host: Host,
  instanceId: string,
  former: readonly string[],
): Promise<string> {
  let address = (await addressFor(aws, fleet, host)) ?? (await allocate(aws, fleet, host));
  const isLeft = async () => {
    if (aws.isDryRun || !former.includes(address.holder ?? "")) return true;
    address = (await addressFor(aws, fleet, host)) ?? address;
    return undefined;
  };
  const left = await poll(isLeft, { pause: pause(2), timeout: 60_000 });
  refuseTaken(host, address, left ? [instanceId, ...former] : [instanceId]);
  if (address.holder !== instanceId)
    await aws.change("ec2:AssociateAddress", associateAddress(address.allocationId, instanceId), {});
  return address.publicIp;
}

async function allocate(aws: Aws, fleet: Fleet, host: Host): Promise<ElasticIp> {
  const { AllocationId = "", PublicIp = "" } = await aws.change(
    "ec2:AllocateAddress",
    allocateAddress(fleet, host),
    { AllocationId: "(the new address)", PublicIp: "(the new address)" },
  );
  const made = { allocationId: AllocationId, publicIp: PublicIp, holder: undefined, tags: {} };
  return aws.isDryRun ? made : ((await withoutTwins(aws, fleet, host)) ?? made);
}

/**
 * AllocateAddress has no client token: if its answer was lost and it was repeated, or if two launches run at once, there are too many
 * addresses. Every launch keeps the same one, preferring one that an instance uses, and releases the others.
 */
async function withoutTwins(aws: Aws, fleet: Fleet, host: Host): Promise<ElasticIp | undefined> {
  const all = (await addressesOfHost(aws, fleet, host)).filter(({ tags, publicIp }) =>
    isAllocated(tags, publicIp, fleet, host),
  );
  const kept = all.find(({ holder }) => holder !== undefined) ?? all[0];
  for (const { allocationId, holder } of all)
    if (allocationId !== kept?.allocationId && holder === undefined)
      await aws.change("ec2:ReleaseAddress", { AllocationId: allocationId }, {});
  return kept;
}
