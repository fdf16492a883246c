import type { Fault } from "../fault.js";
import type { Fleet } from "../fleet.js";

/** As libpq takes lists. */
export function everyServerHasAPort({ database: { dbhost, dbport } }: Fleet): Fault[] {
  if (dbport.length === 1 || dbport.length === dbhost.length) return [];
  return [
    {
      path: ["database", "dbport"],
      message: `must be one port for all servers of dbhost, or as many as they are; got ${dbport.length} for ${dbhost.length}`,
    },
  ];
}
