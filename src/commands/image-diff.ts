import { print, printJson } from "../cli/talk.js";
import { diffImages, showDiff } from "../compute/image/diff.js";
import { imageTargets, operationsOf, type TargetName } from "../targets/lookup.js";
import type { Fleet } from "../understand/fleet.js";
import type { ImageOptions } from "./image-list.js";
import { loadFleet } from "./load-fleet.js";

/**
 * `sip-proxy image diff FLEET [FROM] [TO]`: what is different between two images of one target, the last that the fleet has images for
 * unless one is given.
 */
export async function imageDiff(
  file: string,
  from: string | undefined,
  to: string | undefined,
  options: ImageOptions,
): Promise<void> {
  const { fleet } = loadFleet(file);
  const operations = await operationsOf(options.target ?? lastTarget(fleet));
  const diff = diffImages(...(await operations.compared(fleet, from, to)));
  if (options.json) printJson(diff);
  else print(showDiff(diff));
}

function lastTarget(fleet: Fleet): TargetName {
  const last = imageTargets(fleet).at(-1);
  if (last === undefined) throw new Error("no target has images of every fleet");
  return last;
}
