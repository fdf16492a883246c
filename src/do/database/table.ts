import type pg from "pg";
import type { Reveal } from "../../compute/host/secrets.js";
import type { TableRow } from "../../compute/dispatcher/diff.js";
import type { Database } from "../../understand/fleet.js";
import { asKamailio } from "./connect.js";

/** The dispatcher table as it stands, with who has written each row, and which are drained. */
export function readTable(database: Database, reveal: Reveal): Promise<TableRow[]> {
  return asKamailio(database, reveal, async (client) => {
    const writers = (await isThere(client, "sip_proxy_destination"))
      ? "ARRAY(SELECT fleet::text FROM public.sip_proxy_destination AS o WHERE (o.setid, o.destination) = (t.setid, t.destination))"
      : "ARRAY[]::text[]";
    const drained = (await isThere(client, "sip_proxy_drained"))
      ? "EXISTS (SELECT FROM public.sip_proxy_drained AS o WHERE (o.setid, o.destination) = (t.setid, t.destination))"
      : "false";
    const { rows } = await client.query<TableRow>(
      `SELECT id, setid, destination, flags, priority, attrs, description, ${writers} AS fleets, ${drained} AS drained
       FROM public.dispatcher AS t ORDER BY id`,
    );
    return rows;
  });
}

/** Whether a table of ours is there: the first host, or command, that needs it makes it. */
async function isThere(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
    `public.${table}`,
  ]);
  return rows[0]?.there === true;
}
