import type { Database } from "../understand/fleet.js";
import { serversOf, serverText } from "../understand/settings/database.js";

/** The address of the fleet's database, as data; several servers as a list in libpq's form. */
export function whereOf({ dbhost, dbport }: Database): { host: string; port: number | string } {
  const [port] = dbport;
  return { host: dbhost.join(), port: dbport.length === 1 && port !== undefined ? port : dbport.join() };
}

/** The same in words; of several servers, the one that accepts writes is used. */
export const placeOf = (database: Database): string => serversOf(database).map(serverText).join(" or ");
