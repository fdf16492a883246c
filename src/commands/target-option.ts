import type { TargetName } from "../targets/lookup.js";

/** `--target TARGET`. The command line accepts only names from the registry. */
export interface TargetOption {
  target: TargetName;
}
