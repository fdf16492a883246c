import { operationsOf } from "../targets/lookup.js";
import { findHosts, loadFleet } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

/** `sip-proxy status FLEET [NAME…] --target TARGET`: of each host whether it is ready, and what it says. */
export async function status(
  file: string,
  names: string[],
  { target, json }: TargetOption & { json?: boolean },
): Promise<void> {
  const { fleet } = loadFleet(file);
  const hosts = names.length > 0 ? findHosts(fleet, names) : fleet.hosts;
  const operations = await operationsOf(target);
  if (!(await operations.status(fleet, hosts, json === true))) process.exitCode = 1;
}
