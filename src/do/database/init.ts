import type pg from "pg";
import { databaseLock } from "../../compute/dispatcher/seed.js";
import { scramVerifier } from "../../compute/database/scram.js";
import type { Reveal } from "../../compute/host/secrets.js";
import { UserError } from "../../errors.js";
import type { Database } from "../../understand/fleet.js";
import { withConnection, type Login } from "./connect.js";

/** What `db init` did. */
export interface InitOutcome {
  role: "created" | "there already, password set" | "there already";
  database: "created" | "there already";
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
  try {
    return await createWith(database, login, reveal);
  } catch (error) {
    if (!isMissingDatabase(error) || db_root !== "miarecdb") throw error;
    return await createWith(database, { ...login, database: fallbackRoot }, reveal);
  }
}

function isMissingDatabase(error: unknown): boolean {
  return error instanceof UserError && (error.cause as { code?: string } | undefined)?.code === "3D000";
}

function createWith(database: Database, login: Login, reveal: Reveal): Promise<InitOutcome> {
  return withConnection(database, login, reveal, async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [databaseLock]);
    return {
      role: await ensureRole(client, database, reveal),
      database: await ensureDatabase(client, database),
    };
  });
}

async function ensureRole(
  client: pg.Client,
  { dbuser_kam, dbpass_kam }: Database,
  reveal: Reveal,
): Promise<InitOutcome["role"]> {
  const { rowCount } = await client.query("SELECT FROM pg_roles WHERE rolname = $1", [dbuser_kam]);
  const exists = rowCount !== 0;
  if (!exists) await execute(client, "CREATE ROLE %I LOGIN", dbuser_kam);
  if (dbpass_kam && !dbpass_kam.resolvedOnHost) {
    await execute(
      client,
      "ALTER ROLE %I PASSWORD %L",
      dbuser_kam,
      scramVerifier(reveal(dbpass_kam, "one line", "dbpass_kam")),
    );
  }
  if (!exists) return "created";
  return dbpass_kam && !dbpass_kam.resolvedOnHost ? "there already, password set" : "there already";
}

async function ensureDatabase(
  client: pg.Client,
  { db_kam, dbuser_kam }: Database,
): Promise<InitOutcome["database"]> {
  const { rowCount } = await client.query("SELECT FROM pg_database WHERE datname = $1", [db_kam]);
  if (rowCount !== 0) return "there already";
  // a managed service's administrator is no superuser: it can give a database only to a role that it is a member of
  await execute(client, "GRANT %I TO CURRENT_USER", dbuser_kam);
  await execute(client, "CREATE DATABASE %I OWNER %I", db_kam, dbuser_kam);
  return "created";
}

/** Statements that take no parameters (CREATE, ALTER): the server quotes the values (%I names, %L literals). */
async function execute(client: pg.Client, statement: string, ...values: string[]): Promise<void> {
  const places = values.map((_, index) => `$${index + 2}::text`).join(", ");
  const { rows } = await client.query<{ sql: string }>(`SELECT format($1, ${places}) AS sql`, [
    statement,
    ...values,
  ]);
  await client.query(rows[0]?.sql ?? "");
}
