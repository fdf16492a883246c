import { UserError } from "../../errors.js";
import { serverText, type Server } from "../../understand/settings/database.js";
import type { Login } from "./connect.js";

/** Hints by error code of servers, poolers, the network and TLS. */
const ways: Record<string, string> = {
  // templates/sql/drain.sql.hbs
  SP503: "calls would get 503: undrain another recorder first, or use --force",
  // https://www.postgresql.org/docs/current/errcodes-appendix.html
  "28P01": "check the password, and that the role exists",
  "28000":
    "check pg_hba.conf: it must allow this role from this address, with or without TLS (dbsslmode); check that the role exists and has LOGIN",
  "3D000": "check the name of the database",
  "42501":
    "the role lacks a right: run `sip-proxy db init` as the owner of the tables, or as a superuser; --dry-run prints the SQL",
  "42P01": "the first host that boots creates Kamailio's schema; launch one first",
  "25006": "this server is read-only, possibly a standby: set dbhost to the primary",
  "53100": "the server's disk is full: free space on it",
  "53200": "the server is out of memory",
  "53300": "the server has no free connection: raise max_connections, or use a pooler",
  "55P03": "another session holds a lock: see pg_stat_activity for idle transactions",
  "57014": "the server did not answer in time: see pg_stat_activity for sessions that hold locks",
  "57P03": "the server is starting or stopping: try again",
  "08P01":
    "a pooler refuses this: use session or transaction mode, not statement mode, and configure the database in it",
  ECONNREFUSED: "is the server running, and listening on that address?",
  ECONNRESET: "the server, or a pooler, closed the connection: see its log",
  ENOTFOUND: "check dbhost",
  EAI_AGAIN: "the resolver does not answer",
  ETIMEDOUT: "is the server reachable from this machine? (security groups, routes)",
  EHOSTUNREACH: "is the server reachable from this machine? (security groups, routes)",
  ENETUNREACH: "is the server reachable from this machine? (security groups, routes)",
  // https://nodejs.org/api/tls.html#x509-certificate-error-codes
  DEPTH_ZERO_SELF_SIGNED_CERT: "set dbsslrootcert to the server's certificate or its issuer's",
  SELF_SIGNED_CERT_IN_CHAIN: "set dbsslrootcert to the issuer's certificate",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "set dbsslrootcert to the issuer's certificate",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "set dbsslrootcert to the issuer's certificate",
  CERT_HAS_EXPIRED: "the server's certificate has expired: renew it on the server",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "dbhost must be a name that is in the server's certificate; or use dbsslmode: verify-ca",
};

/** Hints for messages without a specific code. */
const words: readonly [RegExp, string][] = [
  [/does not support SSL/, "the server has no TLS: use dbsslmode: prefer or disable"],
  [/timeout expired/, "is the server reachable from this machine? (security groups, routes)"],
  [/[Qq]uery read timeout/, "the server, or a pooler in front of it, does not answer"],
  [/terminated unexpectedly/, "the server, or a pooler, closed the connection: see its log"],
];

/** A UserError with a hint for an error of a query; undefined for any other error, which is a bug. */
export function queryError(error: unknown, server: Server, login: Login): UserError | undefined {
  if (!(error instanceof Error) || error instanceof UserError) return undefined;
  const code = codeOf(error);
  const hint = wayOut(error);
  if (hint === undefined && !isPostgres(code)) return undefined;
  return userError(
    `PostgreSQL at ${serverText(server)}, ${as(login)}: ${error.message}`,
    error,
    hint ?? `error ${code} of PostgreSQL`,
  );
}

/** The error of a connection to a server. */
export interface Failure {
  error: unknown;
  server: Server;
}

/** An error about connections to all servers. The hint is about an answer of a server, if there was one, not about the network. */
export function connectionError(failures: readonly Failure[], login: Login): UserError {
  const errors = failures.map(({ error }) => (error instanceof Error ? error : new Error(String(error))));
  const cause = errors.find((error) => isPostgres(codeOf(error))) ?? errors[0] ?? new Error();
  const hint = wayOut(cause) ?? "check dbhost, dbport and dbsslmode";
  const said = failures.map(
    ({ server }, index) =>
      `PostgreSQL at ${serverText(server)}, ${as(login)}: ${errors[index]?.message ?? ""}`,
  );
  return userError(`cannot connect to ${said.join("; ")}`, cause, hint);
}

/** PostgreSQL's code of five characters, or the system's code. */
const codeOf = (error: Error): string => (error as { code?: string }).code ?? "";

const isPostgres = (code: string): boolean => /^[0-9A-Z]{5}$/.test(code);

function wayOut(error: Error): string | undefined {
  return ways[codeOf(error)] ?? words.find(([pattern]) => pattern.test(error.message))?.[1];
}

const as = ({ user, database }: Login) => `database ${database}, as ${user}`;

/** A UserError with the server's message in one line. */
const userError = (message: string, cause: unknown, hint: string) =>
  new UserError(message.replaceAll(/\s+/g, " "), { hint, cause });

/** Whether the error means that the database does not exist: by PostgreSQL's code, or by a pooler's message. */
export function isMissingDatabase(error: unknown): boolean {
  // the error of PostgreSQL or a pooler
  const { code, message = "" } = ((error as { cause?: unknown }).cause ?? {}) as {
    code?: string;
    message?: string;
  };
  return code === "3D000" || (code === "08P01" && /no such database|does not exist/.test(message));
}
