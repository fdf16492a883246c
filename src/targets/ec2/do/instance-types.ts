import { paginateDescribeInstanceTypes } from "@aws-sdk/client-ec2";
import type { Aws } from "./aws.js";
import { filterPages } from "./chunks.js";

/** Data of EC2 about an instance type. */
export interface KnownType {
  architectures: string[];
  /** vCPUs, with the default number of threads per core. */
  cpus: number;
}

/** The types that exist. Uses a filter, because a call with the name of a missing type would fail. */
export async function knownTypes(aws: Aws, types: readonly string[]): Promise<Map<string, KnownType>> {
  const found = new Map<string, KnownType>();
  if (types.length === 0) return found;
  for (const Filters of filterPages([{ Name: "instance-type", Values: [...new Set(types)] }]))
    for await (const page of paginateDescribeInstanceTypes({ client: aws.ec2 }, { Filters }))
      for (const { InstanceType = "", ProcessorInfo, VCpuInfo } of page.InstanceTypes ?? [])
        found.set(InstanceType, {
          architectures: ProcessorInfo?.SupportedArchitectures ?? [],
          cpus: VCpuInfo?.DefaultVCpus ?? 0,
        });
  return found;
}
