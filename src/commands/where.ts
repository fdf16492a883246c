import type { Database } from "../understand/fleet.js";
import { serversOf, serverText } from "../understand/settings/database.js";

/** Where the fleet's database is, as data: a list as libpq takes it. */
export function whereOf({ dbhost, dbport }: Database): { host: string; port: number | string } {
  const [port] = dbport;
  return { host: dbhost.join(), port: dbport.length === 1 && port !== undefined ? port : dbport.join() };
}

/** In words: of several servers the one that takes writes. */
export const placeOf = (database: Database): string => serversOf(database).map(serverText).join(" or ");
