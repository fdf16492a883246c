import type { Path } from "../fault.js";
import type { Host, ProxySettings } from "../fleet.js";

/** Where the first of these settings that was given stands (on the host, its group, or the fleet); else the host itself. */
export function placeOf(host: Host, ...names: readonly (keyof ProxySettings)[]): Path {
  const given = names.map((name) => host.origins.get(name)).find((origin) => origin !== undefined);
  return given ?? host.path;
}
