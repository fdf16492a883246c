import { Interrupted } from "../cli/interrupt.js";
import { talk } from "../cli/talk.js";
import { reachBySsh } from "../do/reach/ssh.js";
import { UsageError, UserError } from "../errors.js";
import type { Hosts } from "../targets/hosts.js";
import type { Reached, Unreached } from "../targets/reach.js";
import type { Finished } from "../do/process.js";
import { operationsOf } from "../targets/lookup.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { findHosts } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

/** How a command reaches hosts: through a target, or by SSH at their addresses. */
export interface ReachOptions extends Partial<TargetOption> {
  ssh?: boolean;
}

/** The hosts, or instances of a group, that are reachable. Warns about the others. */
export async function reachHosts(
  fleet: Fleet,
  hosts: readonly Host[],
  options: ReachOptions,
): Promise<Reached[]> {
  const found = await findReached(fleet, hosts, options);
  for (const each of found) if (!isReached(each)) talk.warn(`${each.name}: not reachable: ${each.why}`);
  return found.filter(isReached);
}

/** The same, including those that are not reachable. */
export async function findReached(
  fleet: Fleet,
  hosts: readonly Host[],
  { target, ssh }: ReachOptions,
): Promise<(Reached | Unreached)[]> {
  if ((target === undefined) === (ssh !== true))
    throw new UsageError(
      "it is not specified how to reach the hosts",
      "add --target TARGET, or --ssh to connect to the hosts' addresses",
    );
  if (target === undefined) return byAddress(hosts);
  const { reach } = await operationsOf(target);
  if (reach === undefined) throw new Error(`hosts on ${target} cannot be reached with this command`);
  return reach(fleet, hosts);
}

/** The reachable hosts of these names; without names, of the whole fleet. Sets exit code 1 if one is not reachable. */
export async function reachNamed(fleet: Fleet, names: string[], options: ReachOptions): Promise<Reached[]> {
  if (names.length === 0) names = fleet.hosts.map(({ name }) => name);
  const found = await findNamed(fleet, names, options);
  for (const each of found)
    if (!isReached(each)) {
      talk.warn(`${each.name}: not reachable: ${each.why}`);
      if (each.host.kind !== "group") process.exitCode = 1;
    }
  return found.filter(isReached);
}

/** Finds hosts, the group with all its instances, and single instances of it, by name. Throws UsageError for an unknown name. */
export async function findNamed(
  fleet: Fleet,
  names: readonly string[],
  options: ReachOptions,
): Promise<(Reached | Unreached)[]> {
  const group = fleet.hosts.find(({ kind }) => kind === "group");
  const isHost = (name: string) => fleet.hosts.some((host) => host.name === name);
  const ids = group && options.target !== undefined ? names.filter((name) => !isHost(name)) : [];
  const wanted = findHosts(
    fleet,
    names.filter((name) => !ids.includes(name)),
  );
  if (!group || ids.length === 0) return findReached(fleet, wanted, options);
  const others = wanted.filter((host) => host !== group);
  const found = await findReached(fleet, [...others, group], options);
  const members = found.filter(({ host }) => host === group);
  const unknown = ids.filter((id) => !members.some(({ name }) => name === id));
  if (unknown.length > 0)
    throw new UsageError(
      `the fleet has no host, group or instance ${unknown.join(", ")}`,
      `choose from: ${[...fleet.hosts, ...members].map(({ name }) => name).join(", ")}`,
    );
  return found.filter(({ name, host }) => host !== group || wanted.includes(group) || ids.includes(name));
}

/** Milliseconds between two queries; a query itself takes about a second. */
const PAUSE = 2_000;

/** Milliseconds between two queries of hosts: `least`, or the longest pause that one of the hosts asks for. */
export const pauseFor = (hosts: readonly Reached[], least = PAUSE): number =>
  Math.max(least, ...hosts.map(({ pause = 0 }) => pause));

function byAddress(hosts: readonly Host[]): Reached[] {
  return hosts.map((host) => {
    const { name, private_ip_address: address } = host;
    if (address !== "auto") return reachBySsh(name, host, address);
    throw new UserError(`${name}: the fleet file has no private_ip_address for it`, {
      hint: "add the address, or use --target with the place where the host runs",
    });
  });
}

/**
 * Runs `work` for all hosts at once. Warns about a host that does not answer, and leaves it out. Throws only errors that every host
 * and every new attempt would meet.
 */
export async function onEach<T>(
  hosts: readonly Reached[],
  work: (host: Reached) => Promise<T>,
): Promise<Map<string, T>> {
  const results = await Promise.all(
    hosts.map(async (host) => {
      try {
        const result = await work(host);
        faults.delete(host);
        return [[host.name, result] as const];
      } catch (error) {
        if (!(error instanceof UserError) || endsAll(error)) throw error;
        if (faults.get(host) !== error.message) talk.warn(`${host.name}: ${error.message}`);
        faults.set(host, error.message);
        return [];
      }
    }),
  );
  return new Map(results.flat());
}

const endsAll = (error: UserError): boolean =>
  error.isFinal || error instanceof UsageError || error instanceof Interrupted;

/** The last warning about each host: a command that queries repeatedly prints it once. */
const faults = new WeakMap<Reached, string>();

/** The output of a script. Throws UserError if it failed, because its output is incomplete then. */
export function answerOf({ exitCode, stdout, stderr }: Finished): string {
  if (exitCode === 0) return stdout;
  const why = stderr.trim().split("\n").at(-1) || `exit ${exitCode}`;
  throw new UserError(`does not answer: ${why}`, {
    hint: "log in as root, or as a user with sudo without a password",
  });
}

/** Sets exit code 1 if the answer of a host is missing. */
export function failUnlessAll(answers: ReadonlyMap<string, unknown>, hosts: readonly Reached[]): void {
  if (answers.size < hosts.length) process.exitCode = 1;
}

/** Whether the host runs. */
export async function runs(target: Hosts, { name }: Host): Promise<boolean> {
  return (await target.list()).some((host) => host.name === name && host.state === "running");
}

export function isReached(found: Reached | Unreached): found is Reached {
  return "run" in found;
}
