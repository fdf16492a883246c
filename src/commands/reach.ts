import { talk } from "../cli/talk.js";
import { reachBySsh } from "../do/reach/ssh.js";
import { UsageError, UserError } from "../errors.js";
import type { Reached, Unreached } from "../targets/reach.js";
import { operationsOf } from "../targets/lookup.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { findHosts } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

/** Where the hosts are that a command goes to: on a target, or anywhere, at their addresses. */
export interface ReachOptions extends Partial<TargetOption> {
  ssh?: boolean;
}

/** The hosts, or the instances of a group, that can be asked; those that cannot are told of. */
export async function reachHosts(
  fleet: Fleet,
  hosts: readonly Host[],
  { target, ssh }: ReachOptions,
): Promise<Reached[]> {
  if ((target === undefined) === (ssh !== true))
    throw new UsageError(
      "say how hosts are reached",
      "--target TARGET, or --ssh for hosts by their addresses",
    );
  if (target === undefined) return byAddress(hosts);
  const { reach } = await operationsOf(target);
  if (reach === undefined) throw new Error(`hosts on ${target} are not reached`);
  const found = await reach(fleet, hosts);
  for (const each of found) if (!isReached(each)) talk.warn(`${each.name}: not reachable: ${each.why}`);
  return found.filter(isReached);
}

/** The same for hosts by their names; all of the fleet where none is named. */
export function reachNamed(fleet: Fleet, names: string[], options: ReachOptions): Promise<Reached[]> {
  return reachHosts(fleet, names.length > 0 ? findHosts(fleet, names) : fleet.hosts, options);
}

function byAddress(hosts: readonly Host[]): Reached[] {
  return hosts.map((host) => {
    const { name, private_ip_address: address } = host;
    if (address !== "auto") return reachBySsh(name, host, address);
    throw new UserError(`${name}: the fleet file has no private_ip_address for it`, {
      hint: "give the address, or --target where the host runs",
    });
  });
}

/** What comes of each host, all at once; a host that does not answer is told of, and left out. */
export async function onEach<T>(
  hosts: readonly Reached[],
  work: (host: Reached) => Promise<T>,
): Promise<Map<string, T>> {
  const results = await Promise.all(
    hosts.map(async (host) => {
      try {
        return [[host.name, await work(host)] as const];
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        talk.warn(`${host.name}: not reachable: ${error.message}`);
        return [];
      }
    }),
  );
  return new Map(results.flat());
}

function isReached(found: Reached | Unreached): found is Reached {
  return "run" in found;
}
