import type { Fleet } from "../../../understand/fleet.js";
import { groupTypes } from "./group/mixed.js";

/** Instance families that share a limit, and the codes of their quotas in Service Quotas. */
export interface CpuQuota {
  families: string;
  pattern: RegExp;
  onDemand: string;
  spot: string;
}

/**
 * https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html. Families with accelerators have separate quotas, and are
 * not used for proxies.
 */
export const cpuQuotas: readonly CpuQuota[] = [
  {
    families: "Standard (A, C, D, H, I, M, R, T, Z)",
    pattern: /^(a|c|d|h|i|im|is|m|r|t|z)\d/,
    onDemand: "L-1216C47A",
    spot: "L-34B43A08",
  },
  { families: "X", pattern: /^x\d/, onDemand: "L-7295265B", spot: "L-E3A00192" },
];

/** Instance types, with the largest numbers of on-demand and spot instances of them. */
interface Crowd {
  types: readonly string[];
  onDemand: number;
  spot: number;
}

/** The largest number of a fleet's instances: its single hosts, and its group in usual size during a roll. */
function crowds({ hosts, launch, group }: Fleet): Crowd[] {
  const single = hosts.filter(({ kind }) => kind === "proxy").length;
  const ofHosts = { types: [launch.ec2.instance_type], onDemand: single, spot: 0 };
  if (!group) return [ofHosts];
  const { min, max, desired = min, max_healthy_percentage, spot_percentage = 0 } = group;
  const most = Math.max(max, Math.ceil((desired * max_healthy_percentage) / 100));
  const onDemand = Math.ceil((most * (100 - spot_percentage)) / 100);
  return [ofHosts, { types: groupTypes(group, launch), onDemand, spot: most - onDemand }];
}

/** The largest number of vCPUs of a quota that a fleet can need, with its largest types. `cpus`: vCPUs of a type. */
export function neededCpus(
  fleet: Fleet,
  { pattern }: CpuQuota,
  market: "onDemand" | "spot",
  cpus: (type: string) => number,
): number {
  return crowds(fleet)
    .map(
      (crowd) => crowd[market] * Math.max(0, ...crowd.types.filter((type) => pattern.test(type)).map(cpus)),
    )
    .reduce((sum, each) => sum + each, 0);
}

/** The types that a fleet's hosts may have. */
export const fleetTypes = (fleet: Fleet): string[] => crowds(fleet).flatMap(({ types }) => types);
