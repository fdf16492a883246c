import type { Reveal } from "../../compute/host/secrets.js";
import type { Database } from "../../understand/fleet.js";
import { asKamailio } from "./connect.js";

/** How many connections the server allows the role in its database. Undefined behind a pooler, which hands its own out. */
export function allowedConnections(database: Database, reveal: Reveal): Promise<number | undefined> {
  return asKamailio(database, reveal, async (client) => {
    const { rows } = await client.query<{ process: number; allowed: number }>(
      `SELECT pg_backend_pid() AS process,
         least(current_setting('max_connections')::integer, nullif(rolconnlimit, -1), nullif(datconnlimit, -1)) AS allowed
       FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`,
    );
    // the process that let it in; pg's types do not tell of it
    const { processID } = client as typeof client & { processID: number };
    return rows[0]?.process === processID ? rows[0].allowed : undefined;
  });
}
