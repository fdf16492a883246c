import { resolve } from "node:path";
import pc from "picocolors";
import { table } from "../../../cli/table.js";
import { print, printJson, talk } from "../../../cli/talk.js";
import { relayOf } from "../../../relay/registry.js";
import { relayUnits } from "../../../relay/units.js";
import type { LoadedList } from "../../../compute/dispatcher/diff.js";
import { flagsMeaning } from "../../../compute/launch/dispatcher-flags.js";
import {
  readHostStatus,
  statusScript,
  type HostStatus,
  type UnitState,
} from "../../../compute/launch/host-status.js";
import { storedImages } from "../../../do/bake/image-store.js";
import { attemptInGuest } from "../../../do/local/ssh.js";
import { findVm } from "../../../do/local/vm-store.js";
import { sshArgv } from "../../../compute/local/ssh.js";
import { UserError } from "../../../errors.js";
import type { Fleet, Host } from "../../../understand/fleet.js";
import type { Hosts } from "../../hosts.js";
import type { Reached, Unreached } from "../../reach.js";
import type { HostsNeeds } from "../../target.js";
import { refuseOtherArchitecture } from "../do/architecture.js";
import { LocalHosts, sshToLocal } from "../do/launch.js";

export function withHosts<T>(
  fleet: Fleet,
  { dryRun, image }: HostsNeeds,
  work: (hosts: Hosts) => Promise<T>,
): Promise<T> {
  const tell = { info: (line: string) => talk.note(line), warn: (line: string) => talk.warn(line) };
  return work(new LocalHosts(fleet, () => imageToLaunch(fleet, image), dryRun === true, tell));
}

async function imageToLaunch(fleet: Fleet, named: string | undefined): Promise<string> {
  refuseOtherArchitecture(fleet.image);
  if (named !== undefined) return resolve(named);
  const [last] = await storedImages(fleet.name);
  if (last) return last.path;
  throw new UserError(`there is no local image of the fleet ${fleet.name}`, {
    hint: "bake one with: bake-image FLEET --target local",
  });
}

/** Prints each host's boot, services and state of recorders. */
export async function status(fleet: Fleet, hosts: readonly Host[], json: boolean): Promise<boolean> {
  const found = await Promise.all(
    hosts.map(async (host) => ({ host, status: await hostStatus(fleet, host) })),
  );
  if (json) printJson(Object.fromEntries(found.map(({ host, status }) => [host.name, withMeanings(status)])));
  else for (const { host, status } of found) printStatus(host, status);
  return found.every(({ status }) => "ready" in status && status.ready);
}

/** The dispatcher lists that hosts have loaded; hosts without an answer are left out. */
export async function loaded(fleet: Fleet, hosts: readonly Host[]): Promise<LoadedList[]> {
  const found = await Promise.all(
    hosts.map(async (host) => ({ host: host.name, status: await hostStatus(fleet, host) })),
  );
  return found.flatMap(({ host, status }) => {
    if ("unreachable" in status) {
      talk.warn(`${host}: not reachable: ${status.unreachable}`);
      return [];
    }
    return [{ host, targets: status.targets }];
  });
}

/** The running hosts are reachable. */
export function reach(fleet: Fleet, hosts: readonly Host[]): Promise<(Reached | Unreached)[]> {
  return Promise.all(
    hosts.map(async (host) => {
      const { name } = host;
      try {
        const target = await sshToLocal(fleet, host);
        const argv = ["sudo", "-n", "bash", "-s"] as const;
        const run = (input: string, timeout: number) => attemptInGuest(target, { argv, input, timeout });
        const stream = () => Promise.resolve(sshArgv(target, argv.join(" ")));
        const runs = async () => (await findVm(fleet.name, name))?.running !== undefined;
        return { name, host, stream, run, runs };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return { name, host, why: error.message };
      }
    }),
  );
}

type Found = HostStatus | { unreachable: string };

async function hostStatus(fleet: Fleet, host: Host): Promise<Found> {
  try {
    const target = await sshToLocal(fleet, host);
    const input = statusScript(relayUnits(relayOf(fleet.image), host.settings));
    const { stdout } = await attemptInGuest(target, { argv: ["bash", "-s"], input, timeout: 30_000 });
    return readHostStatus(stdout);
  } catch (error) {
    if (error instanceof UserError) return { unreachable: error.message };
    throw error;
  }
}

function withMeanings(status: Found): object {
  if ("unreachable" in status) return status;
  return {
    ...status,
    targets: status.targets.map((target) => ({ ...target, meaning: flagsMeaning(target.flags) })),
  };
}

function printStatus(host: Host, status: Found): void {
  if ("unreachable" in status) {
    print(`${pc.bold(host.name)}  ${pc.red("not reachable")}: ${status.unreachable}\n\n`);
    return;
  }
  print(`${pc.bold(host.name)}  ${status.ready ? pc.green("ready") : pc.yellow("not ready")}\n`);
  print(table(["unit", "state", "restarts", "message"], [...status.steps, ...status.services].map(unitRow)));
  print("\n");
  print(
    table(
      ["set", "recorder", "flags", "meaning"],
      status.targets.map(({ set, uri, flags }) => [String(set), uri, flags, flagsMeaning(flags)]),
    ),
  );
  print("\n");
}

function unitRow({ unit, state, restarts, status }: UnitState): string[] {
  return [unit, state, String(restarts), status];
}
