import { table } from "../cli/table.js";
import { print, printJson, talk } from "../cli/talk.js";
import { tellingWhatStays } from "../cli/interrupt.js";
import { runSteps, type StepTimes } from "../cli/steps.js";
import { UserError } from "../errors.js";
import type { HostOrder, Hosts, Rolling } from "../targets/hosts.js";
import { operationsOf } from "../targets/lookup.js";
import type { Fleet, Host } from "../understand/fleet.js";
import { lookAtEach } from "./dispatcher.js";
import { secondsOf } from "./launch.js";
import { findHosts, loadFleetAndWarn } from "./load-fleet.js";
import { reachHosts } from "./reach.js";
import { orders } from "./orders.js";
import { Roll, type RollOptions } from "./roll.js";
import type { TargetOption } from "./target-option.js";

/** `sip-proxy fleet status FLEET`: shows for each single host whether it is what launch would create now, and its state. */
export async function fleetStatus(
  file: string,
  { target, json }: TargetOption & { json?: boolean },
): Promise<void> {
  const loaded = loadFleetAndWarn(file);
  const { fleet } = loaded;
  const operations = await operationsOf(target);
  const rows = await operations.withHosts(fleet, {}, async (hosts) => {
    const listed = await hosts.list();
    const reached = await reachHosts(fleet, singles(fleet), { target });
    const looks = await lookAtEach(reached);
    const rolling = rollingOf(hosts);
    return Promise.all(
      orders(file, loaded, singles(fleet)).map(async (order) => {
        const { name } = order.host;
        const its = listed.find((one) => one.name === name);
        const look = looks.get(name);
        const current = await rolling.isCurrent(order);
        return {
          host: name,
          state: its?.state ?? "not launched",
          image: its?.["image"] ?? null,
          current,
          lacks: current ? ((await rolling.lacks?.(order.host)) ?? null) : null,
          ready: look?.ready ?? false,
          draining: look?.draining ?? false,
          calls: look?.count ?? null,
          limit: look?.limit ?? null,
        };
      }),
    );
  });
  if (json) printJson(rows);
  else
    print(
      table(
        columns,
        rows.map((row) => columns.map((column) => shown(row[column]))),
      ),
    );
  for (const { host, lacks } of rows)
    if (lacks !== null)
      talk.warn(
        `${host} lacks ${lacks}; to repair this: sip-proxy fleet roll FLEET ${host} --target ${target}`,
      );
  if (!rows.every(({ current, ready, lacks }) => current && ready && lacks === null)) process.exitCode = 1;
}

const columns = ["host", "state", "current", "ready", "draining", "calls", "limit", "image"] as const;

function shown(value: string | number | boolean | null): string {
  if (typeof value === "boolean") return value ? "yes" : "no";
  return String(value ?? "-");
}

/** `sip-proxy fleet roll FLEET [NAME…]`: replaces every host that is not what launch would create now, one after the other. */
export function fleetRoll(file: string, names: string[], options: RollOptions): Promise<void> {
  return roll(file, names, options, true);
}

/** `sip-proxy fleet rollback FLEET [NAME…]`: the same, with the image that hosts had before the last roll. */
export async function fleetRollback(file: string, names: string[], options: RollOptions): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  const operations = await operationsOf(options.target);
  const image =
    options.image ?? (await operations.withHosts(fleet, {}, (hosts) => rollingOf(hosts).previous()));
  if (image === undefined)
    throw new UserError("no previous image is recorded, because no roll was run from this machine", {
      hint: "name an image with --image; sip-proxy image list FLEET shows the images",
    });
  talk.note(`back to ${image}`);
  await roll(file, names, { ...options, image }, false);
}

async function roll(file: string, names: string[], options: RollOptions, remember: boolean): Promise<void> {
  const timeout = secondsOf(options.timeout);
  const loaded = loadFleetAndWarn(file);
  const { fleet } = loaded;
  const hosts = names.length > 0 ? findHosts(fleet, names) : singles(fleet);
  leaveGroup(fleet, hosts);
  const all = orders(file, loaded, hosts);
  const operations = await operationsOf(options.target);
  await operations.withHosts(fleet, options, async (target) => {
    const rolling = rollingOf(target);
    const ordersToRoll = async () => {
      const behind = await ordersBehind(rolling, all);
      if (behind.length > 0) await rolling.prepare(behind);
      return behind;
    };
    if (options.dryRun) {
      const behind = await ordersToRoll();
      return tellPlan(behind, await lackingOf(rolling, without(all, behind)), options);
    }
    await rolling.alone(async () => {
      const behind = await ordersToRoll();
      if (behind.length > 0 && remember) await rolling.remember();
      const current = without(all, behind);
      const rolls = new Roll(fleet, target, options, timeout);
      const times = await tellingWhatStays(
        () => rolls.stays,
        () => runSteps(rolls.steps(behind, current)),
      );
      tellRolled(behind, times, options);
    });
  });
}

function tellRolled(behind: readonly HostOrder[], steps: StepTimes, { json }: RollOptions): void {
  const rolled = behind.map(({ host }) => host.name);
  if (json) printJson({ rolled, steps });
  else if (rolled.length === 0) talk.good("every host is up to date");
  else talk.good(`rolled: ${rolled.join(", ")}`);
}

async function ordersBehind(rolling: Rolling, all: readonly HostOrder[]): Promise<HostOrder[]> {
  const current = await Promise.all(all.map((order) => rolling.isCurrent(order)));
  return all.filter((_, index) => !current[index]);
}

const without = (all: readonly HostOrder[], some: readonly HostOrder[]): HostOrder[] =>
  all.filter((order) => !some.includes(order));

interface Lacking {
  host: string;
  /** What the host is missing because its launch was interrupted, in words. */
  lacks: string;
}

async function lackingOf(rolling: Rolling, orders: readonly HostOrder[]): Promise<Lacking[]> {
  const found = await Promise.all(
    orders.map(async ({ host }) => ({ host: host.name, lacks: await rolling.lacks?.(host) })),
  );
  return found.flatMap(({ host, lacks: words }) => (words === undefined ? [] : { host, lacks: words }));
}

function tellPlan(behind: readonly HostOrder[], lacking: readonly Lacking[], { json }: RollOptions): void {
  const names = behind.map(({ host }) => host.name);
  if (json) {
    printJson({ would: names, lacking });
    return;
  }
  for (const { host, lacks } of lacking) talk.say(`would give ${host} what it lacks: ${lacks}`);
  if (names.length > 0) talk.say(`would drain and replace, one after the other: ${names.join(", ")}`);
  else if (lacking.length === 0) talk.say("every host is up to date");
}

/** Leaves out the group: `group roll` replaces its instances. Throws UserError if the group was named. */
function leaveGroup({ group }: Fleet, hosts: readonly Host[]): void {
  if (!group) return;
  const way = `sip-proxy group roll FLEET`;
  if (hosts.some(({ kind }) => kind === "group"))
    throw new UserError(`${group.name} is a group, not a host`, { hint: way, exitCode: 2 });
  talk.note(`instances of the group ${group.name} are not changed: ${way}`);
}

function singles({ hosts }: Fleet) {
  return hosts.filter(({ kind }) => kind === "proxy");
}

function rollingOf({ rolling }: Hosts): Rolling {
  if (rolling === undefined) throw new Error("the target does not roll single hosts");
  return rolling;
}
