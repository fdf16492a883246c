import pc from "picocolors";
import { print, printJson, talk } from "../cli/talk.js";
import { table } from "../cli/table.js";
import type { GroupStatus } from "../targets/ec2/do/group-status.js";
import { UsageError } from "../errors.js";
import { fleetGroup, type GroupOptions } from "./group.js";
import { secondsOf } from "./launch.js";
import { withAws } from "./targets.js";

/** `sip-proxy group status FLEET`. */
export async function groupStatus(file: string, options: GroupOptions): Promise<void> {
  const { fleet, group, name } = fleetGroup(file);
  await withAws(fleet.launch.ec2.region, undefined, async (aws) => {
    const found = await (
      await import("../targets/ec2/do/group-status.js")
    ).groupStatus(aws, name, group.elastic_ip_pool);
    if (!found) process.exitCode = 1;
    if (options.json) printJson(found ?? { name, there: false });
    else print(found ? statusText(found) : `there is no group ${name} in ${aws.region}\n`);
  });
}

function statusText(status: GroupStatus): string {
  const columns = ["instance", "zone", "lifecycle", "health", "version", "image", "address"] as const;
  const { version, newestVersion, previousVersion, pool } = status;
  return [
    `${pc.bold(status.name)}  ${status.instances.length} of ${status.desired} instances (${status.min} to ${status.max})`,
    `launches version ${version ?? "?"} of its template; the newest is ${newestVersion ?? "?"}` +
      (previousVersion === undefined ? "" : `, a rollback goes to ${previousVersion}`),
    ...(status.roll === undefined ? [] : [`last roll: ${status.roll}`]),
    ...(pool === undefined ? [] : [`Elastic IPs of the pool: ${pool.free} of ${pool.all} are free`]),
    "",
    table(
      columns,
      status.instances.map((instance) => columns.map((column) => String(instance[column] ?? ""))),
    ).trimEnd(),
    ...status.failures.map(({ at, what, why }) => pc.yellow(`${at}  ${what}: ${why}`)),
    "",
  ].join("\n");
}

export interface RollOptions extends GroupOptions {
  wait: boolean;
  timeout: string;
  to?: string;
}

/** `sip-proxy group roll FLEET` and `sip-proxy group rollback FLEET`. */
export function rolling(direction: "roll" | "rollback") {
  return async (file: string, options: RollOptions): Promise<void> => {
    const { fleet, group, name } = fleetGroup(file);
    const timeout = secondsOf(options.timeout);
    await withAws(fleet.launch.ec2.region, options.dryRun, async (aws) => {
      const { rollbackGroup, rollGroup } = await import("../targets/ec2/do/group-roll.js");
      const roll = { wait: options.wait, timeout, tell: (line: string) => talk.note(line) };
      const run = direction === "roll" ? rollGroup : rollbackGroup;
      tellDone(name, await run(aws, name, group, roll, versionOf(options.to)), options);
    });
  };
}

function versionOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const version = Number(text);
  if (Number.isInteger(version) && version > 0) return version;
  throw new UsageError(`--to must be the number of a version; got ${text}`);
}

export interface DeleteOptions extends GroupOptions {
  force?: boolean;
  release?: boolean;
  timeout: string;
}

/** `sip-proxy group delete FLEET`. */
export async function groupDelete(file: string, options: DeleteOptions): Promise<void> {
  const { fleet, name } = fleetGroup(file);
  const timeout = secondsOf(options.timeout);
  await withAws(fleet.launch.ec2.region, options.dryRun, async (aws) => {
    const { deleteGroup } = await import("../targets/ec2/do/group-delete.js");
    const deletion = { force: options.force === true, timeout, tell: (line: string) => talk.note(line) };
    tellDone(name, await deleteGroup(aws, name, deletion), options);
    if (!options.release) return;
    const { deleteSecurityGroup } = await import("../targets/ec2/do/security-groups.js");
    for (const done of await deleteSecurityGroup(aws, fleet.name)) tellDone(name, done, options);
  });
}

function tellDone(name: string, done: string, { dryRun, json }: GroupOptions): void {
  if (json && !dryRun) printJson({ name, done });
  else talk.say(`${name}: ${dryRun ? "(dry run) " : ""}${done}`);
}
