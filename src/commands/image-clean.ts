import { operationsOf } from "../targets/lookup.js";
import type { CleanOptions } from "../targets/target.js";
import { loadFleet } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

/** `sip-proxy image clean FLEET [--all]`: removes what killed bakes have left behind. */
export async function imageClean(
  file: string,
  { target, ...options }: TargetOption & CleanOptions,
): Promise<void> {
  const { fleet } = loadFleet(file);
  const { clean } = await operationsOf(target);
  await clean?.(fleet, options);
}
