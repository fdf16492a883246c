import { readFileSync } from "node:fs";
import pg from "pg";
import type { Reveal } from "../../compute/host/secrets.js";
import { UserError } from "../../errors.js";
import type { Database } from "../../understand/fleet.js";
import { connectionError, queryError } from "./errors.js";
import { isPathOnHost, type SecretValue } from "../../understand/settings/secret-value.js";

export interface Login {
  user: string;
  password: SecretValue | undefined;
  database: string;
}

/** Milliseconds for a connection, and for one query: a silent server is no worse than one that is down. */
const CONNECT = 10_000;
const QUERY = 60_000;

/** Runs work on one connection, from the operator's machine. Errors say what to do, never the password. */
export async function withConnection<T>(
  database: Database,
  login: Login,
  reveal: Reveal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const config: pg.ClientConfig = {
    host: database.dbhost,
    port: database.dbport,
    user: login.user,
    database: login.database,
    ...(login.password === undefined ? {} : { password: secretText(login.password, reveal) }),
    connectionTimeoutMillis: CONNECT,
    query_timeout: QUERY,
    keepAlive: true,
    application_name: "sip-proxy",
  };
  const client = await connect(config, tlsTries(database, reveal)).catch((error: unknown) => {
    throw connectionError(error, database, login);
  });
  try {
    return await work(client);
  } catch (error) {
    throw queryError(error, database, login) ?? error;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** The same as the role that hosts have, in the fleet's database. */
export function asKamailio<T>(
  database: Database,
  reveal: Reveal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { dbuser_kam: user, dbpass_kam: password, db_kam } = database;
  return withConnection(database, { user, password, database: db_kam }, reveal, work);
}

type Tls = pg.ClientConfig["ssl"];

/** Connects with the first kind of TLS that the server takes. */
async function connect(config: pg.ClientConfig, [ssl, ...others]: readonly Tls[]): Promise<pg.Client> {
  const client = new pg.Client({ ...config, ssl: ssl ?? false });
  client.on("error", () => undefined); // the query that it ends tells of it
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    const { code, message } = error as { code?: string; message: string };
    if (others.length === 0 || !(code === "28000" || message.includes("does not support SSL"))) throw error;
    return connect(config, others);
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

/** libpq's sslmode in node-postgres' terms, in the order in which libpq tries. */
function tlsTries({ dbsslmode, dbsslrootcert }: Database, reveal: Reveal): Tls[] {
  const source = dbsslrootcert?.source;
  const isPath = source?.from === "literal" && isPathOnHost(source.value);
  const ca =
    dbsslrootcert &&
    (isPath ? readFileSync(source.value, "utf8") : reveal(dbsslrootcert, "PEM", "dbsslrootcert"));
  const unverified = { rejectUnauthorized: false };
  const verified = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
  const anyName = { ...verified, checkServerIdentity: () => undefined };
  const tries: Record<Database["dbsslmode"], Tls[]> = {
    disable: [false],
    allow: [false, unverified],
    prefer: [unverified, false],
    require: [ca === undefined ? unverified : anyName],
    "verify-ca": [anyName],
    "verify-full": [verified],
  };
  return tries[dbsslmode];
}
