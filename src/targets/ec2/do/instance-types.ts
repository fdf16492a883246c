import { paginateDescribeInstanceTypes } from "@aws-sdk/client-ec2";
import type { Aws } from "./aws.js";
import { filterPages } from "./chunks.js";

/** What EC2 knows of a type. */
export interface KnownType {
  architectures: string[];
  /** vCPUs, with the processor's own number of threads. */
  cpus: number;
}

/** By a filter: asked for by their names, one that is not there fails the call. */
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
