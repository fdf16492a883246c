import { DescribeInstanceStatusCommand } from "@aws-sdk/client-ec2";
import { tagKey } from "../compute/names.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { Aws } from "./aws.js";
import { consoleOutput, instancesTagged, isGone, type FoundInstance } from "./instances.js";
import { ownLines } from "./console.js";

/** An instance as EC2 and its console tell of it; nobody has to log in. */
export interface InstanceStatus {
  instance: string;
  state: string;
  zone: string;
  publicIp: string | undefined;
  /** EC2's own two checks: ok, initializing, impaired … */
  checks: string;
  ready: boolean;
  /** The last thing that the host's scripts have said. */
  says: string;
}

/** The status of a host's instance, or of each of a group's. */
export async function instanceStatuses(aws: Aws, fleet: Fleet, host: Host): Promise<InstanceStatus[]> {
  const all = await instancesTagged(aws, { [tagKey.fleet]: fleet.name, [tagKey.host]: host.name });
  const there = all.filter((instance) => !isGone(instance));
  const checks = await checksOf(aws, there);
  return Promise.all(
    there.map(async (instance) => ({
      instance: instance.id,
      state: instance.state,
      zone: instance.zone,
      publicIp: instance.publicIp,
      checks: checks.get(instance.id) ?? "",
      ...(await consoleStatus(aws, instance)),
    })),
  );
}

async function checksOf(aws: Aws, instances: readonly FoundInstance[]): Promise<Map<string, string>> {
  if (instances.length === 0) return new Map();
  const ids = instances.map(({ id }) => id);
  const { InstanceStatuses = [] } = await aws.ec2.send(
    new DescribeInstanceStatusCommand({ InstanceIds: ids, IncludeAllInstances: true }),
  );
  return new Map(
    InstanceStatuses.map(({ InstanceId = "", SystemStatus, InstanceStatus }) => [
      InstanceId,
      [...new Set([SystemStatus?.Status ?? "", InstanceStatus?.Status ?? ""])].join(", "),
    ]),
  );
}

async function consoleStatus(aws: Aws, { id, state }: FoundInstance) {
  const lines = state === "running" ? ownLines(await consoleOutput(aws, id)) : [];
  const verdict = lines.findLast((line) => /^(ready|not ready|FAILED|draining|drained)\b/.test(line));
  return { ready: verdict?.startsWith("ready") === true, says: lines.at(-1) ?? "" };
}
