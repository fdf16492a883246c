import type { Fault } from "../fault.js";
import type { Fleet } from "../fleet.js";

/** As in libpq: one port for all servers, or one for each. */
export function everyServerHasAPort({ database: { dbhost, dbport } }: Fleet): Fault[] {
  if (dbport.length === 1 || dbport.length === dbhost.length) return [];
  return [
    {
      path: ["database", "dbport"],
      message: `must be one port for all servers, or one for each; got ${dbport.length} ports for ${dbhost.length} servers`,
    },
  ];
}
