import type { Fault, Path } from "../../../understand/fault.js";
import type { Fleet } from "../../../understand/fleet.js";

/** Rules for groups with several instance types or spot instances. */
export const mixedRules: readonly ((fleet: Fleet) => Fault[])[] = [
  typesAreGivenOnce,
  typesAreOfOneSize,
  spotEndsCalls,
];

/** The group's list of types, with their places. */
export const namedTypes = (group: Fleet["group"]): [Path, string][] =>
  (group?.instance_types ?? []).map((type, index) => [["group", "instance_types", index], type]);

function typesAreGivenOnce({ group }: Fleet): Fault[] {
  if (!group) return [];
  const twice = namedTypes(group)
    .filter(([, type], index) => group.instance_types.indexOf(type) !== index)
    .map(([path, type]) => ({ path, message: `must contain each type once; ${type} is there twice` }));
  if (group.instance_types.length === 0 || group.instance_type === undefined) return twice;
  const message = "must not be set together with instance_types; the first type there is the preferred one";
  return [...twice, { path: ["group", "instance_type"], atKey: true, message, hint: "remove it" }];
}

/** A warning if types have different numbers of vCPUs, by their names; validate with AWS checks the real numbers. */
export function typesAreOfOneSize({ group }: Fleet): Fault[] {
  const sizes = (group?.instance_types ?? []).flatMap((type): [string, number][] => {
    const cpus = usualCpus(type);
    return cpus === undefined ? [] : [[type, cpus]];
  });
  return unequalTypes(sizes);
}

/** The warning about types of several sizes in one group. `sizes`: types with their vCPUs. */
export function unequalTypes(sizes: readonly (readonly [string, number])[]): Fault[] {
  const counts = new Set(sizes.map(([, cpus]) => cpus));
  if (counts.size < 2) return [];
  const told = sizes.map(([type, cpus]) => `${type} ${cpus}`).join(", ");
  return [
    {
      path: ["group", "instance_types"],
      atKey: true,
      severity: "warning",
      message: `have different numbers of vCPUs (${told}), and the platform gives each host the same share of calls`,
      hint: `size target_calls, expected_calls and the RTP range for the smallest, with ${Math.min(...counts)} vCPUs; each host limits its calls by its own cores (calls_per_core), unless max_calls is set`,
    },
  ];
}

/** https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-types.html: large has 2 vCPUs, xlarge 4, Nxlarge N times 4. */
function usualCpus(type: string): number | undefined {
  const [, size = ""] = type.split(".");
  if (size === "large") return 2;
  const [, times] = /^(\d*)xlarge$/.exec(size) ?? [];
  return times === undefined ? undefined : 4 * Number(times || 1);
}

/** https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-warm-pools.html: no warm pool with spot instances. */
function spotEndsCalls({ group }: Fleet): Fault[] {
  const { spot_percentage: spot = 0, warm_pool } = group ?? {};
  if (spot === 0) return [];
  const path = ["group", "spot_percentage"];
  return [
    {
      path,
      severity: "warning",
      message:
        "can interrupt calls: EC2 interrupts spot instances with a notice of two minutes, and calls that last longer end",
      hint: "remove it if calls must not be lost",
    },
    ...(warm_pool === undefined
      ? []
      : [
          {
            path,
            message: "must be 0 or unset with warm_pool: EC2 does not keep spot instances in warm pools",
          },
        ]),
  ];
}
