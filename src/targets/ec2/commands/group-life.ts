import pc from "picocolors";
import { print, printJson, talk } from "../../../cli/talk.js";
import { table } from "../../../cli/table.js";
import { keptName } from "../compute/group/dns-records.js";
import { ownerOf } from "../compute/ownership.js";
import type { Aws } from "../do/aws.js";
import { deleteGroup } from "../do/group-delete.js";
import { rollbackGroup, rollGroup } from "../do/group-roll.js";
import { groupStatus as readStatus, type GroupStatus } from "../do/group-status.js";
import { deleteSecurityGroup } from "../do/security-groups.js";
import { UsageError } from "../../../errors.js";
import type { DryRunOptions, GroupDeleteOptions, RollOptions } from "../../target.js";
import { fleetGroup } from "./group.js";
import { secondsOf } from "../../../commands/launch.js";
import { printOutcome, withAws } from "./with-aws.js";

/** `sip-proxy group status FLEET`. */
export async function groupStatus(file: string, options: DryRunOptions): Promise<void> {
  const { fleet, group, name } = fleetGroup(file);
  await withAws(fleet.launch.ec2.region, {}, async (aws) => {
    const found = await readStatus(aws, name, group.elastic_ip_pool, keptName(fleet, aws.region));
    if (!found) process.exitCode = 1;
    if (options.json) printJson(found ?? { name, there: false });
    else print(found ? statusText(found) : `there is no group ${name} in ${aws.region}\n`);
  });
}

function statusText(status: GroupStatus): string {
  const columns = ["instance", "type", "zone", "lifecycle", "health", "version", "image", "address"] as const;
  const { version, newestVersion, previousVersion, pool } = status;
  return [
    `${pc.bold(status.name)}  ${status.instances.length} of ${status.desired} instances (${status.min} to ${status.max})`,
    `launches version ${version ?? "?"} of its template; the newest is ${newestVersion ?? "?"}` +
      (previousVersion === undefined ? "" : `, a rollback goes to ${previousVersion}`),
    ...(status.types.length === 0 ? [] : [typesText(status)]),
    ...(status.roll === undefined ? [] : [`last roll: ${status.roll}`]),
    ...(pool === undefined ? [] : [`Elastic IPs of the pool: ${pool.free} of ${pool.all} are free`]),
    ...(status.dns === undefined ? [] : [dnsText(status.dns)]),
    "",
    table(
      columns,
      status.instances
        .map((instance) => (instance.spot ? { ...instance, type: `${instance.type}, spot` } : instance))
        .map((instance) => columns.map((column) => String(instance[column] ?? ""))),
    ).trimEnd(),
    ...(status.alarms ?? [])
      .filter(({ state }) => state === "ALARM")
      .map(({ name, since, reason }) => pc.yellow(`alarm ${name} since ${since}: ${reason}`)),
    ...status.failures.map(({ at, what, why }) => pc.yellow(`${at}  ${what}: ${why}`)),
    "",
  ].join("\n");
}

function dnsText({ name, instances }: NonNullable<GroupStatus["dns"]>): string {
  if (instances === undefined)
    return pc.yellow(`${name}: has no marker of this group, or you are not permitted to read it`);
  return `${name} has the addresses of ${instances.join(", ") || "no instance"}`;
}

function typesText({ types, spotPercentage }: GroupStatus): string {
  const spot = spotPercentage === 0 ? "" : `; ${spotPercentage} % spot instances`;
  return `launches ${types.join(", ")}${spot}`;
}

/** `sip-proxy group roll FLEET` and `sip-proxy group rollback FLEET`. */
export function rolling(direction: "roll" | "rollback") {
  return async (file: string, options: RollOptions): Promise<void> => {
    const { fleet, group, host, name } = fleetGroup(file);
    const timeout = secondsOf(options.timeout);
    await withAws(fleet.launch.ec2.region, options, async (aws) => {
      const owner = ownerOf(fleet, host);
      const { wait } = options;
      const roll = { owner, wait, timeout, aside: options, tell: (line: string) => talk.note(line) };
      const run = direction === "roll" ? rollGroup : rollbackGroup;
      tellDone(aws, name, [await run(aws, name, group, roll, versionOf(options.to))], options);
    });
  };
}

function versionOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const version = Number(text);
  if (Number.isInteger(version) && version > 0) return version;
  throw new UsageError(`--to must be the number of a version; got ${text}`);
}

/** `sip-proxy group delete FLEET`. */
export async function groupDelete(file: string, options: GroupDeleteOptions): Promise<void> {
  const { fleet, host, name } = fleetGroup(file);
  const timeout = secondsOf(options.timeout);
  await withAws(fleet.launch.ec2.region, options, async (aws) => {
    const tell = (line: string) => talk.note(line);
    const dns = keptName(fleet, aws.region);
    const deletion = { owner: ownerOf(fleet, host), dns, force: options.force === true, timeout, tell };
    const done = [await deleteGroup(aws, name, deletion)];
    if (options.release) done.push(...(await deleteSecurityGroup(aws, fleet.name)));
    tellDone(aws, name, done, options);
  });
}

function tellDone(aws: Aws, name: string, done: readonly string[], { dryRun, json }: DryRunOptions): void {
  if (json) printOutcome(aws, { name, done: done.join("; ") });
  else for (const line of done) talk.say(`${name}: ${dryRun ? "(dry run) " : ""}${line}`);
}
