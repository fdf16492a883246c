import { readFileSync } from "node:fs";
import pg from "pg";
import type { Reveal } from "../../compute/host/secrets.js";
import { UserError } from "../../errors.js";
import type { Database } from "../../understand/fleet.js";
import { isPathOnHost, type SecretValue } from "../../understand/settings/secret-value.js";

export interface Login {
  user: string;
  password: SecretValue | undefined;
  database: string;
}

/** Runs work on one connection, from the operator's machine. Errors say what to do, never the password. */
export async function withConnection<T>(
  database: Database,
  login: Login,
  reveal: Reveal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({
    host: database.dbhost,
    port: database.dbport,
    user: login.user,
    database: login.database,
    ...(login.password === undefined ? {} : { password: secretText(login.password, reveal) }),
    ssl: ssl(database, reveal),
    connectionTimeoutMillis: 10_000,
    application_name: "sip-proxy",
  });
  try {
    await client.connect();
  } catch (error) {
    throw connectionError(error, database, login);
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function secretText(secret: SecretValue, reveal: Reveal): string {
  if (!secret.resolvedOnHost) return reveal(secret, "one line", "the password");
  throw new UserError(
    `${secret.describe()} is a reference that hosts resolve; this command needs the password itself`,
    {
      hint: "give it for this command as ${env:NAME} or ${file:PATH}",
    },
  );
}

/** libpq's sslmode in node-postgres' terms; `allow` and `prefer` fall back to no TLS, which node-postgres cannot. */
function ssl({ dbsslmode, dbsslrootcert }: Database, reveal: Reveal): pg.ClientConfig["ssl"] {
  if (dbsslmode === "disable" || dbsslmode === "allow" || dbsslmode === "prefer") return false;
  const source = dbsslrootcert?.source;
  const isPath = source?.from === "literal" && isPathOnHost(source.value);
  const ca =
    dbsslrootcert &&
    (isPath ? readFileSync(source.value, "utf8") : reveal(dbsslrootcert, "PEM", "dbsslrootcert"));
  if (dbsslmode === "require" && ca === undefined) return { rejectUnauthorized: false };
  return {
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(dbsslmode === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** PostgreSQL's error codes that have a way out (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
function connectionError(error: unknown, { dbhost, dbport }: Database, { user, database }: Login): UserError {
  const { code = "", message } = error as { code?: string; message: string };
  const where = `PostgreSQL at ${dbhost}:${dbport}, database ${database}, as ${user}`;
  const hints: Record<string, string> = {
    "28P01": "check the password",
    "28000": "check pg_hba.conf: it must let this role in from here",
    "3D000": "check db_root: it must be a database that exists",
    ECONNREFUSED: "is the server running, and listening on that address?",
    ENOTFOUND: "check dbhost",
    ETIMEDOUT: "is the server reachable from this machine? (security groups, routes)",
  };
  return new UserError(`cannot connect to ${where}: ${message}`, {
    hint: hints[code] ?? "check dbhost, dbport and dbsslmode",
    cause: error,
  });
}
