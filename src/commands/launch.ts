import { print, printJson, talk } from "../cli/talk.js";
import { table } from "../cli/table.js";
import { userDataLimit } from "../compute/user-data/size.js";
import type { Hosts, ListedHost } from "../targets/hosts.js";
import { operationsOf } from "../targets/lookup.js";
import { UsageError, UserError } from "../errors.js";
import type { Host } from "../understand/fleet.js";
import { findHosts, loadFleet, loadFleetAndWarn } from "./load-fleet.js";
import { orders } from "./orders.js";
import type { TargetOption } from "./target-option.js";

export interface LaunchOptions extends TargetOption {
  image?: string;
  wait: boolean;
  timeout: string;
  dryRun?: boolean;
  json?: boolean;
}

/** `sip-proxy launch FLEET NAME… --target TARGET`. */
export async function launch(file: string, names: string[], options: LaunchOptions): Promise<void> {
  const loaded = loadFleetAndWarn(file);
  const { fleet } = loaded;
  const hosts = findHosts(fleet, names);
  const ordered = orders(file, loaded, hosts);
  const timeout = secondsOf(options.timeout);
  const operations = await operationsOf(options.target);
  await operations.withHosts(fleet, options, async (target) => {
    const outcomes: Outcome[] = [];
    for (const order of ordered) {
      talk.note(`${order.host.name}: user-data has ${order.userData.length} of ${userDataLimit} bytes`);
      outcomes.push(tellOutcome(order.host, await target.launch(order), options));
    }
    if (options.wait && !options.dryRun) await allReady(target, hosts, timeout);
    if (options.json) printOutcomes(target, outcomes, options);
  });
}

/** What was done to a host, or would be done in a dry run. */
export interface Outcome {
  name: string;
  done: string;
}

export function tellOutcome({ name }: Host, done: string, { dryRun }: { dryRun?: boolean }): Outcome {
  talk.say(`${name}: ${dryRun ? "(dry run) " : ""}${done}`);
  return { name, done };
}

export function printOutcomes(target: Hosts, outcomes: Outcome[], { dryRun }: { dryRun?: boolean }): void {
  printJson(dryRun ? { would: outcomes, calls: target.calls?.() ?? [] } : outcomes);
}

/** Waits for hosts that boot at the same time. Reports each when it becomes ready; a failure of one does not hide the others. */
async function allReady(target: Hosts, hosts: readonly Host[], timeout: number): Promise<void> {
  const results = await Promise.allSettled(
    hosts.map(async (host) => {
      const line = await target.waitUntilReady(host, timeout);
      talk.good(`${host.name}: ${line.replace("sip-proxy: ", "")}`);
    }),
  );
  const failures = results.flatMap((result) =>
    result.status === "rejected" ? [result.reason as unknown] : [],
  );
  for (const failure of failures.slice(1)) if (failure instanceof UserError) talk.bad(failure.message);
  if (failures.length > 0) throw failures[0];
}

/** A number of seconds from the command line, in milliseconds. */
export function secondsOf(text: string): number {
  const seconds = Number(text);
  if (Number.isFinite(seconds) && seconds >= 0 && text.trim() !== "") return seconds * 1000;
  throw new UsageError(`--timeout must be a number of seconds; got ${text}`);
}

/** `sip-proxy list FLEET --target TARGET`. */
export async function list(file: string, options: TargetOption & { json?: boolean }): Promise<void> {
  const { fleet } = loadFleet(file);
  const operations = await operationsOf(options.target);
  const hosts = await operations.withHosts(fleet, {}, (target) => target.list());
  if (options.json) printJson(hosts);
  else print(hostTable(hosts));
}

function hostTable(hosts: readonly ListedHost[]): string {
  const columns = Object.keys(hosts[0] ?? { name: "", state: "" });
  return table(
    columns,
    hosts.map((host) => columns.map((column) => String(host[column] ?? ""))),
  );
}
