import { groupName } from "../../../compute/host/contract.js";
import { instanceTarget, type DnsTarget } from "../../../compute/dns/records.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import { addressesOfHost } from "./addresses.js";
import type { Aws } from "./aws.js";
import { describeGroup } from "./group-state.js";
import { instanceOfHost, instancesWhere } from "./instances.js";

/** The proxies of a host or group with a public address in EC2; of a group, only instances that accept calls now. */
export async function publicTargets(aws: Aws, fleet: Fleet, host: Host): Promise<DnsTarget[]> {
  if (host.kind === "group") return groupTargets(aws, fleet, host);
  const address = await hostAddress(aws, fleet, host);
  return address === undefined ? [] : [{ host, label: host.name.toLowerCase(), address }];
}

/** The host's Elastic IP, which outlives its instances, or else the public address from the subnet. */
async function hostAddress(aws: Aws, fleet: Fleet, host: Host): Promise<string | undefined> {
  const [own] = await addressesOfHost(aws, fleet, host);
  if (own) return own.publicIp;
  return (await instanceOfHost(aws, fleet.name, host.name)).instance?.publicIp;
}

async function groupTargets(aws: Aws, fleet: Fleet, host: Host): Promise<DnsTarget[]> {
  const group = await describeGroup(aws, groupName(fleet.name, host.name));
  const ids = (group?.Instances ?? [])
    .filter(({ LifecycleState }) => LifecycleState === "InService")
    .map(({ InstanceId = "" }) => InstanceId);
  if (ids.length === 0) return [];
  const instances = await instancesWhere(aws, [{ Name: "instance-id", Values: ids }]);
  return instances.flatMap(({ publicIp }) =>
    publicIp === undefined ? [] : [instanceTarget(host, publicIp)],
  );
}
