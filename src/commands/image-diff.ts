import { print, printJson } from "../cli/talk.js";
import { diffImages, showDiff, type ImageDiff } from "../compute/image/diff.js";
import { diffLocks, isSame } from "../compute/image/lock-diff.js";
import { readLockFile } from "../do/bake/lock-file.js";
import { UsageError } from "../errors.js";
import { imageTargets, operationsOf, type TargetName } from "../targets/lookup.js";
import type { Fleet } from "../understand/fleet.js";
import type { ImageOptions } from "./image-list.js";
import { loadFleet } from "./load-fleet.js";

interface DiffOptions extends ImageOptions {
  /** Exit with 3 if there is a difference. */
  exitCode?: boolean;
}

/**
 * `sip-proxy image diff FLEET [FROM] [TO]`: compares two images of one target; without --target, the last target of the fleet.
 * `image diff A.lock B.lock`: compares two lock files, without a query to any target.
 */
export async function imageDiff(
  file: string,
  from: string | undefined,
  to: string | undefined,
  options: DiffOptions,
): Promise<void> {
  const diff = file.endsWith(".lock")
    ? await ofLocks(file, from, to)
    : await ofImages(file, from, to, options);
  if (options.json) printJson(diff);
  else print(showDiff(diff));
  if (options.exitCode && !isSame(diff)) process.exitCode = 3;
}

async function ofLocks(from: string, to: string | undefined, more: string | undefined): Promise<ImageDiff> {
  if (to === undefined || more !== undefined)
    throw new UsageError("two lock files are needed for a comparison", "sip-proxy image diff A.lock B.lock");
  return diffLocks([from, await readLockFile(from)], [to, await readLockFile(to)]);
}

async function ofImages(
  file: string,
  from: string | undefined,
  to: string | undefined,
  { target }: DiffOptions,
): Promise<ImageDiff> {
  const { fleet } = loadFleet(file);
  const operations = await operationsOf(target ?? lastTarget(fleet));
  return diffImages(...(await operations.compared(fleet, from, to)));
}

function lastTarget(fleet: Fleet): TargetName {
  const last = imageTargets(fleet).at(-1);
  if (last === undefined) throw new Error("no target has images of every fleet");
  return last;
}
