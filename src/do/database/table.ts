import type { Reveal } from "../../compute/host/secrets.js";
import type { TableRow } from "../../compute/dispatcher/diff.js";
import type { Database } from "../../understand/fleet.js";
import { withConnection } from "./connect.js";

/** The dispatcher table as it stands, with who has written each row. */
export function readTable(database: Database, reveal: Reveal): Promise<TableRow[]> {
  const { dbuser_kam: user, dbpass_kam: password, db_kam } = database;
  return withConnection(database, { user, password, database: db_kam }, reveal, async (client) => {
    const { rows: known } = await client.query<{ known: boolean }>(
      "SELECT to_regclass('public.sip_proxy_destination') IS NOT NULL AS known",
    );
    const writers = known[0]?.known
      ? "ARRAY(SELECT fleet::text FROM public.sip_proxy_destination AS o WHERE (o.setid, o.destination) = (t.setid, t.destination))"
      : "ARRAY[]::text[]";
    const { rows } = await client.query<TableRow>(
      `SELECT id, setid, destination, flags, priority, attrs, description, ${writers} AS fleets
       FROM public.dispatcher AS t ORDER BY id`,
    );
    return rows;
  });
}
