import { operationsOf } from "../targets/lookup.js";
import { findHosts, loadFleet } from "./load-fleet.js";
import type { TargetOption } from "./target-option.js";

/** `sip-proxy status FLEET [NAME…] --target TARGET`: shows whether each host is ready, and its last status line. */
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
