import { talk } from "../cli/talk.js";
import { operationsOf } from "../targets/lookup.js";
import type { PruneOptions } from "../targets/target.js";
import { UsageError } from "../errors.js";
import { loadFleet } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

/**
 * `sip-proxy image prune FLEET --target TARGET [--keep N] [--disable|--delete|--enable]`: shows which images are no longer needed,
 * and why the others stay; with --disable or --delete, disables or deletes them.
 */
export async function imagePrune(
  file: string,
  options: TargetOption & PruneOptions & { keep: string },
): Promise<void> {
  const { fleet } = loadFleet(file);
  const keep = Number(options.keep);
  if (!Number.isInteger(keep) || keep < 1)
    throw new UsageError(`--keep must be a whole number of 1 or more; got ${options.keep}`);
  const superfluous = await (await operationsOf(options.target)).prune(fleet, keep, options);
  if (!options.json) conclude(superfluous, options);
}

function conclude(count: number, { delete: deletes, disable, enable, dryRun }: PruneOptions): void {
  if (enable) talk.say(count === 0 ? "nothing to enable" : dryRun ? "" : `enabled: ${count}`);
  else if (count === 0) talk.say(`nothing to ${disable ? "disable" : "delete"}`);
  else if (!deletes && !disable) talk.say("nothing was deleted; add --delete to delete");
  else if (!dryRun) talk.good(`${disable ? "disabled" : "deleted"}: ${count}`);
}
