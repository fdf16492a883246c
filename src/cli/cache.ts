import type { Command } from "commander";
import { cacheList, cachePrune } from "../commands/cache.js";
import { dryRun, json } from "./options.js";

/** The commands for the cache on this machine. */
export function addCache(sipProxy: Command): void {
  const cache = sipProxy
    .command("cache")
    .summary("cached base systems, chroots, packages, sources and disks on this machine");
  cache
    .command("list")
    .summary("list the entries with their size and last use")
    .addOption(json())
    .action(cacheList);
  cache
    .command("prune")
    .summary("delete entries that were not used recently; they are created again when needed")
    .option("--days <number>", "days since the last use", "30")
    .addOption(dryRun())
    .addOption(json())
    .action(cachePrune);
}
