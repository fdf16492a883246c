import pc from "picocolors";
import { table } from "../../../cli/table.js";
import { print, printJson, talk } from "../../../cli/talk.js";
import type { DnsTarget } from "../../../compute/dns/records.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { Hosts } from "../../hosts.js";
import type { HostsNeeds } from "../../target.js";
import { Ec2Hosts } from "../do/launch.js";
import { publicTargets } from "../do/public-addresses.js";
import { instanceStatuses, type InstanceStatus } from "../do/status.js";
import { withAws } from "./with-aws.js";

/** Runs work with the fleet's instances. An error names resources that are left behind. */
export function withHosts<T>(
  fleet: Fleet,
  { image, ...options }: HostsNeeds,
  work: (hosts: Hosts) => Promise<T>,
): Promise<T> {
  return withAws(fleet.launch.ec2.region, options, (aws) =>
    work(new Ec2Hosts(aws, fleet, (line) => talk.note(line), image)),
  );
}

/** Prints for each instance, from EC2 and its console, whether it is ready, and its last status line. */
export async function status(fleet: Fleet, hosts: readonly Host[], json: boolean): Promise<boolean> {
  const found = await withAws(fleet.launch.ec2.region, {}, (aws) => instanceStatuses(aws, fleet, hosts));
  if (json) printJson(Object.fromEntries(found));
  else {
    const rows = found.flatMap(([name, instances]) => statusRows(name, instances));
    print(table(["name", "instance", "state", "checks", "ready", "message"], rows));
  }
  return found.every(([, instances]) => instances.length > 0 && instances.every(({ ready }) => ready));
}

function statusRows(name: string, instances: readonly InstanceStatus[]): string[][] {
  if (instances.length === 0) return [[name, "", "not launched", "", "", ""]];
  return instances.map(({ instance, state, spot, checks, ready, says }) => [
    name,
    instance,
    spot ? `${state}, spot` : state,
    checks,
    ready ? pc.green("ready") : pc.yellow("not ready"),
    says,
  ]);
}

export function addresses(fleet: Fleet, hosts: readonly Host[]): Promise<DnsTarget[]> {
  return withAws(fleet.launch.ec2.region, {}, async (aws) =>
    (await Promise.all(hosts.map((host) => publicTargets(aws, fleet, host)))).flat(),
  );
}
