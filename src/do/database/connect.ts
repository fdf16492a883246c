import { readFileSync } from "node:fs";
import pg from "pg";
import type { Reveal } from "../../compute/host/secrets.js";
import { UserError } from "../../errors.js";
import type { Database } from "../../understand/fleet.js";
import { connectionError, queryError, type Failure } from "./errors.js";
import { serversOf, type Server } from "../../understand/settings/database.js";
import { isPathOnHost, type SecretValue } from "../../understand/settings/secret-value.js";

export interface Login {
  user: string;
  password: SecretValue | undefined;
  database: string;
}

/** Milliseconds for a connection, and for one query. A server that does not answer is handled like one that is down. */
const CONNECT = 10_000;
const QUERY = 60_000;

/**
 * Runs work on one connection, from the operator's machine, to the first of the database's servers that accepts writes, or if none does,
 * to the first that answers. Errors say what to do, and never contain the password.
 */
export async function withConnection<T>(
  database: Database,
  login: Login,
  reveal: Reveal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const config: pg.ClientConfig = {
    user: login.user,
    database: login.database,
    ...(login.password === undefined ? {} : { password: secretText(login.password, reveal) }),
    connectionTimeoutMillis: CONNECT,
    query_timeout: QUERY,
    keepAlive: true,
    application_name: "sip-proxy",
  };
  const { client, server } = await connectToOne(
    config,
    serversOf(database),
    tlsTries(database, reveal),
  ).catch((error: unknown) => {
    throw error instanceof NoServer ? connectionError(error.failures, login) : error;
  });
  try {
    return await work(client);
  } catch (error) {
    throw queryError(error, server, login) ?? error;
  } finally {
    await end(client);
  }
}

/** The same with the role that hosts use, in the fleet's database. */
export function asKamailio<T>(
  database: Database,
  reveal: Reveal,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { dbuser_kam: user, dbpass_kam: password, db_kam } = database;
  return withConnection(database, { user, password, database: db_kam }, reveal, work);
}

interface Connected {
  client: pg.Client;
  server: Server;
}

/** No server accepts a connection; with the error of each. */
class NoServer extends Error {
  constructor(readonly failures: Failure[]) {
    super("no server takes a connection");
  }
}

async function connectToOne(
  config: pg.ClientConfig,
  servers: Server[],
  tls: readonly Tls[],
): Promise<Connected> {
  const failures: Failure[] = [];
  let [reader]: Connected[] = [];
  for (const server of servers) {
    try {
      const client = await connect({ ...config, ...server }, tls);
      if (await takesWrites(client)) {
        if (reader) await end(reader.client);
        return { client, server };
      }
      if (reader) await end(client);
      else reader = { client, server };
    } catch (error) {
      failures.push({ error, server });
    }
  }
  if (!reader) throw new NoServer(failures);
  return reader;
}

async function takesWrites(client: pg.Client): Promise<boolean> {
  const answer = client.query<{ transaction_read_only: string }>("SHOW transaction_read_only");
  const { rows } = await answer.catch(() => ({ rows: [] }));
  return rows[0]?.transaction_read_only === "off";
}

const end = (client: pg.Client) => client.end().catch(() => undefined);

type Tls = pg.ClientConfig["ssl"];

/** Connects with the first TLS mode that the server accepts. */
async function connect(config: pg.ClientConfig, [ssl, ...others]: readonly Tls[]): Promise<pg.Client> {
  const client = new pg.Client({ ...config, ssl: ssl ?? false });
  client.on("error", () => undefined); // the query that fails because of this reports it
  try {
    await client.connect();
    return client;
  } catch (error) {
    await end(client);
    const { code, message } = error as { code?: string; message: string };
    if (others.length === 0 || !(code === "28000" || message.includes("does not support SSL"))) throw error;
    return connect(config, others);
  }
}

function secretText(secret: SecretValue, reveal: Reveal): string {
  if (!secret.resolvedOnHost) return reveal(secret, "one line", "the password");
  throw new UserError(
    `${secret.describe()} is a reference that only hosts resolve, but this command needs the password`,
    {
      hint: "for this command, use a copy of the fleet file with ${env:NAME} or ${file:PATH} instead of the reference",
    },
  );
}

/** libpq's sslmode as options of node-postgres, in the order in which libpq tries them. */
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
