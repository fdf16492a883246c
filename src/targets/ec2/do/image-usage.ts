import type { SupersededVersion } from "../compute/prune/template-versions.js";
import type { Aws } from "./aws.js";
import { instancesWhere, isGone } from "./instances.js";
import { groupsLaunch, launchConfigurations } from "./usage/autoscaling.js";
import { fleetsLaunch, spotFleetsLaunch, spotRequests } from "./usage/fleets.js";
import { otherParameters, promotions } from "./usage/parameters.js";
import { templatesUse } from "./usage/templates.js";
import type { Use } from "./usage/use.js";

/** What uses AMIs in a region, and template versions that no longer count as use. */
export interface ImageUsage {
  usage: Map<string, string[]>;
  superseded: SupersededVersion[];
}

/**
 * Finds everything in the region that refers to one of these AMIs. It reads complete lists, in pages: the number of calls depends on the
 * account's templates and parameters, not on the AMIs.
 */
export async function imageUsage(
  aws: Aws,
  fleet: string,
  parameters: readonly string[],
  ids: readonly string[],
): Promise<ImageUsage> {
  if (ids.length === 0) return { usage: new Map(), superseded: [] };
  const launching = await Promise.all([groupsLaunch(aws, fleet), fleetsLaunch(aws), spotFleetsLaunch(aws)]);
  const templates = await templatesUse(
    aws,
    fleet,
    launching.flatMap((one) => one.templates),
  );
  const uses = await Promise.all([
    instances(aws, ids),
    launchConfigurations(aws),
    spotRequests(aws),
    ...parameters.map((parameter) => promotions(aws, parameter)),
    otherParameters(aws, parameters, templates.pinned),
  ]);
  const all = [...uses.flat(), ...launching.flatMap((one) => one.uses), ...templates.uses];
  return { usage: byAmi(all, new Set(ids)), superseded: templates.superseded };
}

async function instances(aws: Aws, ids: readonly string[]): Promise<Use[]> {
  const found = await instancesWhere(aws, [{ Name: "image-id", Values: [...ids] }]);
  return found
    .filter((instance) => !isGone(instance))
    .map(({ id, imageId }) => ({ id: imageId, why: `instance ${id}` }));
}

function byAmi(uses: readonly Use[], ids: ReadonlySet<string>): Map<string, string[]> {
  const usage = new Map<string, string[]>();
  for (const { id, why } of uses) if (ids.has(id)) usage.set(id, [...(usage.get(id) ?? []), why]);
  return usage;
}
