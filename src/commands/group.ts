import { operationsOf } from "../targets/lookup.js";
import type { GroupOptions } from "../targets/target.js";
import type { TargetOption } from "./target-option.js";

/** `sip-proxy group VERB FLEET`, for a target that has groups. */
export function groupCommand<V extends keyof GroupOptions>(verb: V) {
  return async (file: string, options: TargetOption & GroupOptions[V]): Promise<void> => {
    const { groups } = await operationsOf(options.target);
    if (groups === undefined) throw new Error(`${options.target} has no groups`);
    await groups[verb](file, options);
  };
}
