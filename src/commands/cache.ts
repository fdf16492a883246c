import { table } from "../cli/table.js";
import { count, print, printJson, talk } from "../cli/talk.js";
import { deleteEntry, listCache, unusedSince, type ListedEntry } from "../do/local/cache-entries.js";
import { hostPaths } from "../do/local/paths.js";
import { wholeNumber } from "./whole-number.js";

interface ListOptions {
  json?: boolean;
}

interface PruneOptions extends ListOptions {
  days: string;
  dryRun?: boolean;
}

/** `sip-proxy cache list`: lists the files that bakes and launches on this machine keep for later runs. */
export async function cacheList({ json }: ListOptions): Promise<void> {
  const { cache } = hostPaths();
  const entries = await listCache(cache);
  if (json) return printJson(entries);
  print(rows(entries));
  talk.say(`${mebibytes(entries)} MiB in ${cache}`);
}

/** `sip-proxy cache prune [--days N]`: deletes entries that were not used for N days. A run that needs one fetches or makes it again. */
export async function cachePrune({ days, dryRun, json }: PruneOptions): Promise<void> {
  const limit = wholeNumber("--days", days, 0, 9999);
  const entries = await listCache(hostPaths().cache);
  const old = unusedSince(entries, new Date(Date.now() - limit * 86_400_000));
  const gone: ListedEntry[] = [];
  for (const entry of old) if (dryRun || (await deleteEntry(entry))) gone.push(entry);
  if (json) return printJson(gone);
  if (gone.length > 0) print(rows(gone));
  const freed = `${count(gone, "item")}, ${mebibytes(gone)} MiB`;
  if (dryRun) talk.say(`would be deleted: ${freed}`);
  else talk.good(`deleted: ${freed}`);
}

function rows(entries: readonly ListedEntry[]): string {
  return table(
    ["kind", "name", "MiB", "last used", "notes"],
    entries.map((entry) => [
      entry.kind,
      entry.name,
      mebibytes([entry]),
      entry.used.toISOString(),
      entry.mounted ? "a container runs on it" : "",
    ]),
  );
}

function mebibytes(entries: readonly ListedEntry[]): string {
  return String(Math.ceil(entries.reduce((sum, { bytes }) => sum + bytes, 0) / 1_048_576));
}
