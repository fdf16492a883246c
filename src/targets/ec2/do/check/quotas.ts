import { paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { GetServiceQuotaCommand, ServiceQuotasClient } from "@aws-sdk/client-service-quotas";
import type { Fault } from "../../../../understand/fault.js";
import type { Fleet } from "../../../../understand/fleet.js";
import { cpuQuotas, fleetTypes, neededCpus, type CpuQuota } from "../../compute/cpu-quotas.js";
import { tagKey } from "../../compute/names.js";
import { tagsOf } from "../../compute/tags.js";
import type { Aws } from "../aws.js";
import { isAwsError } from "../errors.js";
import { knownTypes } from "../instance-types.js";

type Market = "onDemand" | "spot";

/**
 * The account's vCPU quotas must have room for all hosts of the fleet. Only warnings, because a raised quota is shown with a delay, and
 * unused capacity reservations count too.
 */
export async function cpusFit(aws: Aws, fleet: Fleet): Promise<Fault[]> {
  const types = await knownTypes(aws, fleetTypes(fleet));
  const found: Fault[] = [];
  for (const quota of cpuQuotas)
    for (const market of ["onDemand", "spot"] as const) {
      const needed = neededCpus(fleet, quota, market, (type) => types.get(type)?.cpus ?? 0);
      if (needed > 0) found.push(...(await room(aws, fleet, quota, market, needed)));
    }
  return found;
}

async function room(
  aws: Aws,
  fleet: Fleet,
  quota: CpuQuota,
  market: Market,
  needed: number,
): Promise<Fault[]> {
  const code = quota[market];
  const limit = await quotaOf(aws, code);
  if (limit === undefined) return [];
  const used = await usedByOthers(aws, fleet.name, quota, market);
  if (needed <= limit - used) return [];
  const what = market === "spot" ? "spot" : "On-Demand";
  return [
    {
      path: fleet.group ? ["group", "max"] : ["launch", "ec2", "instance_type"],
      atKey: true,
      severity: "warning",
      message: `needs up to ${needed} vCPUs of ${what} instances, single hosts and a roll included; the account's quota for ${quota.families} (${limit}) leaves ${Math.max(0, limit - used)} in ${aws.region}`,
      hint: `aws service-quotas request-service-quota-increase --region ${aws.region} --service-code ec2 --quota-code ${code} --desired-value ${needed + used}`,
    },
  ];
}

/** The quota in vCPUs; undefined if the service does not have it (emulators). */
async function quotaOf(aws: Aws, QuotaCode: string): Promise<number | undefined> {
  const input = { ServiceCode: "ec2", QuotaCode };
  try {
    const client = aws.clients.open(ServiceQuotasClient);
    return (await client.send(new GetServiceQuotaCommand(input))).Quota?.Value;
  } catch (error) {
    if (isAwsError(error, "NoSuchResourceException")) return undefined;
    throw error;
  }
}

/** vCPUs of running instances that do not belong to this fleet, except on dedicated hosts, which have another quota. */
async function usedByOthers(aws: Aws, fleet: string, { pattern }: CpuQuota, market: Market): Promise<number> {
  const counts = new Map<string, number>();
  const Filters = [{ Name: "instance-state-name", Values: ["pending", "running"] }];
  for await (const page of paginateDescribeInstances({ client: aws.ec2, pageSize: 1000 }, { Filters }))
    for (const { Instances = [] } of page.Reservations ?? [])
      for (const { InstanceType = "", InstanceLifecycle, Placement, Tags } of Instances)
        if (
          pattern.test(InstanceType) &&
          (InstanceLifecycle === "spot") === (market === "spot") &&
          Placement?.Tenancy !== "host" &&
          tagsOf(Tags)[tagKey.fleet] !== fleet
        )
          counts.set(InstanceType, (counts.get(InstanceType) ?? 0) + 1);
  const types = await knownTypes(aws, [...counts.keys()]);
  return [...counts].reduce((sum, [type, count]) => sum + count * (types.get(type)?.cpus ?? 0), 0);
}
