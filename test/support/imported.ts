import { SecretValue } from "../../src/understand/settings/secret-value.js";
import { understand } from "../../src/understand/understand.js";

/** The meaning of a fleet file in a form to compare: files with the same meaning are equal. Throws if it has faults. */
export function meaningOf(text: string): unknown {
  const { fleet, faults } = understand(text, "fleet.yaml");
  if (!fleet) throw new Error(JSON.stringify(faults, null, 2));
  const { hosts, recorders, database, image } = fleet;
  const byName = <T extends { name: string }>(list: readonly T[]) =>
    [...list].sort((a, b) => a.name.localeCompare(b.name));
  const secrets = Object.entries(database).map(([name, value]) => [
    name,
    value instanceof SecretValue ? value.source : value,
  ]);
  return {
    image,
    database: Object.fromEntries(secrets) as Record<string, unknown>,
    hosts: byName(hosts).map(({ name, public_ip_address, private_ip_address, settings }) => ({
      ...{ name, public_ip_address, private_ip_address },
      settings,
    })),
    recorders: byName(recorders),
  };
}
