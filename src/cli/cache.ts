import type { Command } from "commander";
import { cacheList, cachePrune } from "../commands/cache.js";
import { dryRun, json } from "./options.js";

/** The commands for what this machine keeps to use it again. */
export function addCache(sipProxy: Command): void {
  const cache = sipProxy
    .command("cache")
    .summary("bases, chroots, packages, sources and disks that this machine keeps");
  cache
    .command("list")
    .summary("what there is, how large, and when it was last used")
    .addOption(json())
    .action(cacheList);
  cache
    .command("prune")
    .summary("delete what was not used for long; it is made again where it is needed")
    .option("--days <number>", "days since it was last used", "30")
    .addOption(dryRun())
    .addOption(json())
    .action(cachePrune);
}
