import { resolve } from "node:path";
import { operationsOf } from "../targets/lookup.js";
import { refuseWeakKeys } from "../do/signing-keys.js";
import type { BakeOptions } from "../targets/target.js";
import { loadFleetAndWarn } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

interface Options extends TargetOption, Omit<BakeOptions, "locked"> {
  /** Path of a lock file; true: the lock file beside the fleet file. */
  locked?: string | true;
}

/** `bake-image FLEET --target TARGET`. */
export async function bake(file: string, { target, locked, ...options }: Options): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  await refuseWeakKeys(fleet.image, file);
  const lock = locked === true ? file.replace(/(\.ya?ml)?$/, ".lock") : locked;
  const held = lock === undefined ? {} : { locked: resolve(lock) };
  await (await operationsOf(target)).bake(fleet, resolve(file), { ...options, ...held });
}
