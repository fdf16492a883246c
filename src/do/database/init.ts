import pg from "pg";
import { databaseLock } from "../../compute/host/contract.js";
import { preparedPassword, scramVerifier } from "../../compute/database/scram.js";
import type { Reveal } from "../../compute/host/secrets.js";
import { UserError } from "../../errors.js";
import type { Database } from "../../understand/fleet.js";
import { readAsset } from "../assets.js";
import { withConnection, type Login } from "./connect.js";
import { isMissingDatabase } from "./errors.js";
import { runStatements, type Variables } from "./statements.js";

/** SQL files that hosts also run if they create the database themselves. */
const shared = "templates/rootfs/usr/share/sip-proxy";
const assets = {
  role: `${shared}/create-role.sql`,
  database: `${shared}/create-database.sql`,
  repair: `${shared}/repair-database.sql`,
  ownership: "templates/sql/take-ownership.sql",
};

/** What `db init` has done. */
export interface InitOutcome {
  role: "created" | "exists, password set" | "exists, password unchanged" | "exists";
  database: "created" | "exists";
  /** The statements that gave the role missing rights in a database that another role has created. */
  repaired: string[];
}

export interface InitOptions {
  /** Whether to make the role the owner of tables that belong to other roles. */
  takeOwnership?: boolean;
}

/** Used if db_root has the Ansible role's default and does not exist: PostgreSQL's maintenance database. */
const fallbackRoot = "postgres";

/** Creates Kamailio's role and database with the administrator's credentials. Idempotent. */
export async function initDatabase(
  database: Database,
  reveal: Reveal,
  options: InitOptions = {},
): Promise<InitOutcome> {
  const { dbuser_root: user, dbpass_root: password, db_root, dbuser_kam, dbpass_kam } = database;
  if (user === undefined) {
    throw new UserError("database.dbuser_root is not given", {
      hint: 'add dbuser_root, and dbpass_root: "${env:NAME}", for the role that may create roles and databases',
    });
  }
  const verifier =
    dbpass_kam && !dbpass_kam.resolvedOnHost ? verifierOf(reveal(dbpass_kam, "one line", "dbpass_kam")) : "";
  const variables = { role: dbuser_kam, database: database.db_kam, password: verifier };
  const login = { user, password, database: db_root };
  const created = await createWith(database, login, reveal, variables).catch((error: unknown) => {
    if (!isMissingDatabase(error) || db_root !== "miarecdb") throw error;
    return createWith(database, { ...login, database: fallbackRoot }, reveal, variables);
  });
  return { ...created, repaired: await repair(database, login, reveal, variables, options) };
}

export function verifierOf(password: string): string {
  const prepared = preparedPassword(password);
  if (prepared !== undefined) return scramVerifier(prepared);
  throw new UserError(
    "dbpass_kam has characters that SASLprep (RFC 4013) prohibits together with characters that it changes: some clients could not log in",
    { hint: "do not use soft hyphens, zero-width spaces and ligatures, or do not use emoji" },
  );
}

/** The SQL of `db init` for psql, with asterisks instead of the password. */
export function initSql({ dbuser_kam, db_kam }: Database, { takeOwnership }: InitOptions = {}): string {
  const values = [
    `\\set role '${dbuser_kam}'`,
    `\\set database '${db_kam}'`,
    "\\set password '********'",
    `\\set lock ${databaseLock}`,
  ];
  const transaction = (...names: (keyof typeof assets)[]) => [
    begin.replace("$1", ":lock"),
    ...names.map((name) => readAsset(assets[name])),
    "COMMIT;",
  ];
  return [
    ...values,
    ...transaction("role"),
    readAsset(assets.database),
    `\\connect ${pg.escapeIdentifier(db_kam)}`,
    ...transaction("repair", ...(takeOwnership ? (["ownership"] as const) : [])),
    "",
  ].join("\n");
}

/** Hosts and operators take turns by a lock, with a timeout. In one transaction, since a pooler may run each on another connection. */
const begin = `BEGIN;
SET LOCAL lock_timeout = '30s';
SET LOCAL statement_timeout = '50s';
SELECT pg_advisory_xact_lock($1);`;

async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query(begin.replace("$1", String(databaseLock)));
  const result = await work();
  await client.query("COMMIT");
  return result;
}

function repair(
  database: Database,
  login: Login,
  reveal: Reveal,
  variables: Variables,
  { takeOwnership = false }: InitOptions,
): Promise<string[]> {
  return withConnection(database, { ...login, database: database.db_kam }, reveal, (client) =>
    inTransaction(client, async () => {
      const ran = await runStatements(client, assets.repair, variables);
      if (takeOwnership) ran.push(...(await runStatements(client, assets.ownership, variables)));
      return ran.flat();
    }),
  );
}

function createWith(
  database: Database,
  login: Login,
  reveal: Reveal,
  variables: Variables,
): Promise<Omit<InitOutcome, "repaired">> {
  return withConnection(database, login, reveal, async (client) => {
    const [role, , password] = await inTransaction(client, () =>
      runStatements(client, assets.role, variables),
    );
    const created = await createDatabase(client, variables);
    return {
      role: roleOutcome(role?.length === 1, variables["password"] !== "", password?.length === 1),
      database: created ? "created" : "exists",
    };
  });
}

function roleOutcome(isNew: boolean, hasPassword: boolean, isSet: boolean): InitOutcome["role"] {
  if (isNew) return "created";
  if (!hasPassword) return "exists";
  return isSet ? "exists, password set" : "exists, password unchanged";
}

/** Codes if another session creates the database at the same time. 55006: the template is in use meanwhile. */
const createdMeanwhile = ["42P04", "23505"];
const templateInUse = "55006";

/** Creates the database; true if it did not exist. Must not run in a transaction. */
async function createDatabase(client: pg.Client, variables: Variables, tries = 20): Promise<boolean> {
  try {
    const [created] = await runStatements(client, assets.database, variables);
    return created?.length === 1;
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (createdMeanwhile.includes(code)) return false;
    if (code !== templateInUse || tries === 0) throw error;
    await new Promise((resolve) => setTimeout(resolve, 250));
    return createDatabase(client, variables, tries - 1);
  }
}
