import type { Path } from "../fault.js";
import type { Host, ProxySettings } from "../fleet.js";

/** The place of the first of these settings that the file has, on the host, its group or the fleet; otherwise of the host itself. */
export function placeOf(host: Host, ...names: readonly (keyof ProxySettings)[]): Path {
  const given = names.map((name) => host.origins.get(name)).find((origin) => origin !== undefined);
  return given ?? host.path;
}
