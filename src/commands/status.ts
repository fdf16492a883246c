import pc from "picocolors";
import { print, printJson } from "../cli/talk.js";
import { table } from "../cli/table.js";
import { flagsMeaning } from "../compute/launch/dispatcher-flags.js";
import {
  readHostStatus,
  statusScript,
  type HostStatus,
  type UnitState,
} from "../compute/launch/host-status.js";
import { sshToLocal } from "../targets/local/do/launch.js";
import { attemptInGuest } from "../do/local/ssh.js";
import { UserError } from "../errors.js";
import { relayOf } from "../relay/registry.js";
import { relayUnits } from "../relay/units.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { findHosts, loadFleet } from "./load-fleet.js";
import { withAws, type TargetOption } from "./targets.js";

/** `sip-proxy status FLEET [NAME…]`: of each host its boot, services, and what it thinks of its recorders. */
export async function status(
  file: string,
  names: string[],
  options: TargetOption & { json?: boolean },
): Promise<void> {
  const { fleet } = loadFleet(file);
  const hosts = names.length > 0 ? findHosts(fleet, names) : fleet.hosts;
  if (options.target === "ec2") return statusOnEc2(fleet, hosts, options.json === true);
  const found = await Promise.all(
    hosts.map(async (host) => ({ host, status: await hostStatus(fleet, host) })),
  );
  if (options.json) {
    printJson(Object.fromEntries(found.map(({ host, status }) => [host.name, withMeanings(status)])));
  } else {
    for (const { host, status } of found) printStatus(host, status);
  }
  if (found.some(({ status }) => !("ready" in status) || !status.ready)) process.exitCode = 1;
}

/** Of each instance what EC2 and its console say: whether it is ready, and its last word. */
async function statusOnEc2(fleet: Fleet, hosts: readonly Host[], json: boolean): Promise<void> {
  const found = await withAws(fleet.launch.ec2.region, false, async (aws) => {
    const { instanceStatuses } = await import("../targets/ec2/do/status.js");
    const list = hosts.map(async (host) => [host.name, await instanceStatuses(aws, fleet, host)] as const);
    return Promise.all(list);
  });
  if (json) printJson(Object.fromEntries(found));
  else {
    const rows = found.flatMap(([name, instances]) =>
      instances.length === 0
        ? [[name, "", "not launched", "", "", ""]]
        : instances.map((one) => [
            name,
            one.instance,
            one.state,
            one.checks,
            one.ready ? pc.green("ready") : pc.yellow("not ready"),
            one.says,
          ]),
    );
    print(table(["name", "instance", "state", "checks", "ready", "says"], rows));
  }
  const unready = found.some(
    ([, instances]) => instances.length === 0 || instances.some(({ ready }) => !ready),
  );
  if (unready) process.exitCode = 1;
}

type Found = HostStatus | { unreachable: string };

export async function hostStatus(fleet: Fleet, host: Host): Promise<Found> {
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
  print(table(["unit", "state", "restarts", "says"], [...status.steps, ...status.services].map(unitRow)));
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
