import pg from "pg";
import { databaseLock } from "../../compute/host/contract.js";
import { scramVerifier } from "../../compute/database/scram.js";
import type { Reveal } from "../../compute/host/secrets.js";
import { UserError } from "../../errors.js";
import type { Database } from "../../understand/fleet.js";
import { readAsset } from "../assets.js";
import { withConnection, type Login } from "./connect.js";

/** Hosts that create the database themselves run the same. */
const statements = "templates/rootfs/usr/share/sip-proxy/create-database.sql";
const repairs = "templates/sql/repair-database.sql";

/** What `db init` did. */
export interface InitOutcome {
  role: "created" | "there already, password set" | "there already";
  database: "created" | "there already";
  /** The statements that gave the role what it lacked in a database that somebody else made. */
  repaired: string[];
}

/** The role's default for db_root; where it does not exist, PostgreSQL's own maintenance database does. */
const fallbackRoot = "postgres";

/** Creates Kamailio's role and database with the administrator's credentials; can be run again. */
export async function initDatabase(database: Database, reveal: Reveal): Promise<InitOutcome> {
  const { dbuser_root: user, dbpass_root: password, db_root } = database;
  if (user === undefined) {
    throw new UserError("database.dbuser_root is not given", {
      hint: 'add dbuser_root, and dbpass_root: "${env:NAME}", for the role that may create roles and databases',
    });
  }
  const login = { user, password, database: db_root };
  const created = await createWith(database, login, reveal).catch((error: unknown) => {
    if (!isMissingDatabase(error) || db_root !== "miarecdb") throw error;
    return createWith(database, { ...login, database: fallbackRoot }, reveal);
  });
  const isNew = created.database === "created";
  return { ...created, repaired: isNew ? [] : await repair(database, login, reveal) };
}

/** The SQL of `db init` for psql, without the password. */
export function initSql({ dbuser_kam, db_kam }: Database): string {
  const role = `SELECT set_config('sip_proxy.role', ${pg.escapeLiteral(dbuser_kam)}, false);`;
  const others = `SELECT set_config('sip_proxy.password', '', false), set_config('sip_proxy.database', ${pg.escapeLiteral(db_kam)}, false);`;
  const connect = `\\connect ${pg.escapeIdentifier(db_kam)}`;
  return [role, others, readAsset(statements), connect, role, readAsset(repairs)].join("\n");
}

/** In one transaction; hosts that set up the database wait for it, and it for them. */
function repair(database: Database, login: Login, reveal: Reveal): Promise<string[]> {
  return withConnection(database, { ...login, database: database.db_kam }, reveal, async (client) => {
    await client.query("BEGIN; SET LOCAL lock_timeout = '30s'");
    await client.query("SELECT pg_advisory_xact_lock($1)", [databaseLock]);
    await client.query("SELECT set_config('sip_proxy.role', $1, true)", [database.dbuser_kam]);
    const ran = await runStatements(client, repairs);
    await client.query("COMMIT");
    return ran.flat();
  });
}

function isMissingDatabase(error: unknown): boolean {
  return error instanceof UserError && (error.cause as { code?: string } | undefined)?.code === "3D000";
}

function createWith(
  database: Database,
  login: Login,
  reveal: Reveal,
): Promise<Omit<InitOutcome, "repaired">> {
  return withConnection(database, login, reveal, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [databaseLock]);
    const { dbuser_kam, dbpass_kam, db_kam } = database;
    const password =
      dbpass_kam && !dbpass_kam.resolvedOnHost
        ? scramVerifier(reveal(dbpass_kam, "one line", "dbpass_kam"))
        : "";
    await client.query(
      "SELECT set_config('sip_proxy.role', $1, false), set_config('sip_proxy.password', $2, false), set_config('sip_proxy.database', $3, false)",
      [dbuser_kam, password, db_kam],
    );
    const [role, , , created] = await runStatements(client, statements);
    const found = password === "" ? "there already" : "there already, password set";
    return {
      role: role?.length === 0 ? found : "created",
      database: created?.length === 0 ? "there already" : "created",
    };
  });
}

/** What psql does with \gexec: runs what each query gives. Gives the statements of each. */
async function runStatements(client: pg.Client, asset: string): Promise<string[][]> {
  const ran: string[][] = [];
  for (const query of readAsset(asset).split("\\gexec").slice(0, -1)) {
    const { rows } = await client.query<{ format: string }>(query);
    for (const { format } of rows) await client.query(format);
    ran.push(rows.map(({ format }) => format));
  }
  return ran;
}
