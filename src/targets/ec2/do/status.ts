import { paginateDescribeInstanceStatus } from "@aws-sdk/client-ec2";
import { groupName } from "../../../compute/host/contract.js";
import { tagKey } from "../compute/names.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { inChunks } from "./chunks.js";
import { describeGroup } from "./group-state.js";
import { consoleOutput, instancesTagged, isGone, type FoundInstance } from "./instances.js";
import { ownLines } from "./console.js";

/** The state of an instance from EC2, its group and its console, without a login. */
export interface InstanceStatus {
  instance: string;
  state: string;
  spot: boolean;
  zone: string;
  publicIp: string | undefined;
  /** EC2's two status checks: ok, initializing, impaired … */
  checks: string;
  ready: boolean;
  /** The last status line of the host's scripts. */
  says: string;
}

/** The number of consoles of a group that are read, with one call each. Whether an instance is in service is known from the group. */
const consolesOfGroup = 6;

/** The status of each host's instance, and of each instance of a group, by host name. */
export async function instanceStatuses(
  aws: Aws,
  fleet: Fleet,
  hosts: readonly Host[],
): Promise<[string, InstanceStatus[]][]> {
  const wanted = new Set(hosts.map(({ name }) => name));
  const there = (await instancesTagged(aws, { [tagKey.fleet]: fleet.name })).filter(
    (instance) => !isGone(instance) && wanted.has(instance.tags[tagKey.host] ?? ""),
  );
  const checks = await checksOf(aws, there);
  return Promise.all(
    hosts.map(async (host): Promise<[string, InstanceStatus[]]> => {
      const own = there.filter(({ tags }) => tags[tagKey.host] === host.name);
      const says = await (host.kind === "group" ? sayingsOfGroup(aws, fleet, host, own) : sayings(aws, own));
      return [host.name, own.map((instance) => statusOf(instance, checks, says))];
    }),
  );
}

/** Whether instances are ready, with their last status line, by instance id. */
type Sayings = Map<string, Pick<InstanceStatus, "ready" | "says">>;

function statusOf(
  { id, state, isSpot, zone, publicIp }: FoundInstance,
  checks: ReadonlyMap<string, string>,
  says: Sayings,
): InstanceStatus {
  const told = says.get(id) ?? { ready: false, says: "" };
  return { instance: id, state, spot: isSpot, zone, publicIp, checks: checks.get(id) ?? "", ...told };
}

/** EC2 accepts 100 ids per call. */
async function checksOf(aws: Aws, instances: readonly FoundInstance[]): Promise<Map<string, string>> {
  const checks = new Map<string, string>();
  for (const part of inChunks(instances, 100)) {
    const input = { InstanceIds: part.map(({ id }) => id), IncludeAllInstances: true };
    for await (const page of paginateDescribeInstanceStatus({ client: aws.ec2 }, input))
      for (const { InstanceId = "", SystemStatus, InstanceStatus } of page.InstanceStatuses ?? [])
        checks.set(
          InstanceId,
          [...new Set([SystemStatus?.Status ?? "", InstanceStatus?.Status ?? ""])].join(", "),
        );
  }
  return checks;
}

async function sayings(aws: Aws, instances: readonly FoundInstance[]): Promise<Sayings> {
  return new Map(
    await Promise.all(
      instances.map(async (instance) => [instance.id, await consoleStatus(aws, instance)] as const),
    ),
  );
}

/** Consoles of instances that are not in service are read first. */
async function sayingsOfGroup(
  aws: Aws,
  fleet: Fleet,
  host: Host,
  instances: readonly FoundInstance[],
): Promise<Sayings> {
  if (instances.length <= consolesOfGroup) return sayings(aws, instances);
  const { Instances: members = [] } = (await describeGroup(aws, groupName(fleet.name, host.name))) ?? {};
  const lifecycles = new Map(members.map((member) => [member.InstanceId, member.LifecycleState ?? ""]));
  const lifecycle = ({ id }: FoundInstance) => lifecycles.get(id) ?? "not in the group";
  const inService = (instance: FoundInstance) => lifecycle(instance) === "InService";
  const asked = [...instances].sort((a, b) => Number(inService(a)) - Number(inService(b)));
  const bySelf = await sayings(aws, asked.slice(0, consolesOfGroup));
  const byGroup = instances.map((instance) => {
    const said = {
      ready: inService(instance),
      says: `${lifecycle(instance)} (reported by the group; console not read)`,
    };
    return [instance.id, bySelf.get(instance.id) ?? said] as const;
  });
  return new Map(byGroup);
}

async function consoleStatus(aws: Aws, { id, state }: FoundInstance) {
  const lines = state === "running" ? ownLines(await consoleOutput(aws, id)) : [];
  const verdict = lines.findLast((line) => /^(ready|not ready|FAILED|draining|drained)\b/.test(line));
  return { ready: verdict?.startsWith("ready") === true, says: lines.at(-1) ?? "" };
}
