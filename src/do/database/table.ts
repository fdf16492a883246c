import type pg from "pg";
import type { Reveal } from "../../compute/host/secrets.js";
import type { TableRow } from "../../compute/dispatcher/diff.js";
import type { Database } from "../../understand/fleet.js";
import { asKamailio } from "./connect.js";

/** The current dispatcher table, with the writer of each row, and which rows are drained. */
export function readTable(database: Database, reveal: Reveal): Promise<TableRow[]> {
  return asKamailio(database, reveal, rowsOf);
}

/** The table (undefined if it does not exist yet) and the number of connections that the server allows, over one connection. */
export function readTableAndRoom(
  database: Database,
  reveal: Reveal,
): Promise<{ rows: TableRow[] | undefined; allowed: number | undefined }> {
  return asKamailio(database, reveal, async (client) => ({
    allowed: await allowedConnections(client),
    rows: (await isThere(client, "dispatcher")) ? await rowsOf(client) : undefined,
  }));
}

async function rowsOf(client: pg.Client): Promise<TableRow[]> {
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
}

/** How many connections the server allows the role in its database. Undefined behind a pooler, which shares its own connections. */
async function allowedConnections(client: pg.Client): Promise<number | undefined> {
  const { rows } = await client.query<{ process: number; allowed: number }>(
    `SELECT pg_backend_pid() AS process,
       least(current_setting('max_connections')::integer, nullif(rolconnlimit, -1), nullif(datconnlimit, -1)) AS allowed
     FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`,
  );
  // id of the server's process; it is missing in pg's types
  const { processID } = client as typeof client & { processID: number };
  return rows[0]?.process === processID ? rows[0].allowed : undefined;
}

/** Whether one of sip-proxy's tables exists: the first host or command that needs it creates it. */
async function isThere(client: pg.Client, table: string): Promise<boolean> {
  const { rows } = await client.query<{ there: boolean }>("SELECT to_regclass($1) IS NOT NULL AS there", [
    `public.${table}`,
  ]);
  return rows[0]?.there === true;
}
