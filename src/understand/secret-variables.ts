import type { Fleet } from "./fleet.js";
import { SecretValue } from "./settings/secret-value.js";

/** Names of the environment variables that hold the fleet's secrets. */
export function secretVariables({ database, hosts }: Fleet): string[] {
  const settings = [database, ...hosts.map((host) => host.settings)];
  return settings
    .flatMap((group) => Object.values<unknown>(group))
    .flatMap((value) =>
      value instanceof SecretValue && value.source.from === "env" ? [value.source.name] : [],
    );
}
