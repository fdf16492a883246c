import { operationsOf } from "../targets/lookup.js";
import type { DryRunOptions } from "../targets/target.js";
import { loadFleet } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

/** `sip-proxy image promote FLEET [IMAGE]`: publishes an image, by default the newest, for launches and groups. */
export async function imagePromote(
  file: string,
  image: string | undefined,
  { target, ...options }: TargetOption & DryRunOptions,
): Promise<void> {
  const { fleet } = loadFleet(file);
  const { promote } = await operationsOf(target);
  await promote?.(fleet, image, options);
}
