import type { TargetName } from "../targets/lookup.js";

/** `--target TARGET`; the command line takes names of the registry only. */
export interface TargetOption {
  target: TargetName;
}
