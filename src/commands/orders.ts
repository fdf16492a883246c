import { secretReader } from "../do/secrets.js";
import type { HostOrder } from "../targets/hosts.js";
import type { Host } from "../understand/fleet.js";
import { FaultsError, type LoadedFleet } from "./load-fleet.js";
import { renderHost } from "./render-host.js";

/** Renders the hosts to launch. Checks everything, sizes above all, before the first request to a target. Throws FaultsError. */
export function orders(file: string, { fleet, source }: LoadedFleet, hosts: readonly Host[]): HostOrder[] {
  const rendered = hosts.map((host) => renderHost(fleet, host, secretReader(file)));
  const faults = rendered.flatMap((host) => host.faults);
  if (faults.length > 0) throw new FaultsError(faults, source);
  return rendered.map(({ host, bytes }) => ({ host, userData: bytes }));
}
