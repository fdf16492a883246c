import { resolve } from "node:path";
import { operationsOf } from "../targets/lookup.js";
import type { BakeOptions } from "../targets/target.js";
import { loadFleetAndWarn } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

/** `bake-image FLEET --target TARGET`. */
export async function bake(file: string, { target, ...options }: TargetOption & BakeOptions): Promise<void> {
  const { fleet } = loadFleetAndWarn(file);
  await (await operationsOf(target)).bake(fleet, resolve(file), options);
}
