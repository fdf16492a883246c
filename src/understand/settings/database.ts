import { hostname, oneOf, port, someOf, text } from "./types.js";
import { secret } from "./secret-kind.js";
import { optional, required, withDefault } from "./setting.js";

/** Kamailio's database URL has no escapes, so names may only have characters without a meaning in it. */
const identifier = text({
  rule: "a name of letters, digits, _ and - (up to 63 characters)",
  pattern: /^[A-Za-z_][A-Za-z0-9_-]{0,62}$/,
});

export const databaseSettings = {
  dbhost: required(
    someOf(hostname),
    "Host name or address of the PostgreSQL server. In a list (a primary and its standbys), the first server that accepts writes is used.",
    { role: true, variable: "DBHOST" },
  ),
  dbport: withDefault(
    someOf(port),
    [5432],
    "TCP port of the PostgreSQL server: one for all servers in dbhost, or one for each, in the same order.",
    { role: true, variable: "DBPORT" },
  ),
  db_kam: withDefault(identifier, "kamailio", "Kamailio's database.", {
    role: true,
    variable: "DB_KAM",
  }),
  dbuser_kam: withDefault(identifier, "kamailio", "Database role of the proxies.", {
    role: true,
    variable: "DBUSER_KAM",
  }),
  dbpass_kam: optional(secret, "Password of dbuser_kam.", {
    role: true,
    secret: true,
    defaultText: "none is sent",
  }),
  dbuser_root: optional(
    text({ rule: "a role name of up to 63 characters", max: 63 }),
    "Role that can create roles and databases, for `sip-proxy db init`.",
    { role: true, variable: "DBUSER_ROOT" },
  ),
  dbpass_root: optional(secret, "Password of dbuser_root.", { role: true, secret: true }),
  db_root: withDefault(
    identifier,
    "miarecdb",
    "Existing database to which dbuser_root connects to create db_kam. If it is miarecdb and does not exist, PostgreSQL's own database postgres is used.",
    {
      role: true,
      variable: "DB_ROOT",
    },
  ),
  dbsslmode: withDefault(
    oneOf("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "prefer",
    "libpq's sslmode for every connection to the database.",
    { variable: "DBSSLMODE" },
  ),
  dbsslrootcert: optional(
    secret,
    "CA certificates (PEM) that verify the server's certificate: an absolute path on the host, ${file:…} or ${env:…}.",
  ),
  bootstrap: withDefault(
    oneOf("operator", "first-boot"),
    "operator",
    "Who creates the role and the database: the operator with `sip-proxy db init`, or the first host that boots (hosts then get dbpass_root).",
    { variable: "BOOTSTRAP" },
  ),
};

/** One PostgreSQL server of the fleet's database. */
export interface Server {
  host: string;
  port: number;
}

/** The servers, in the order in which they are tried. */
export function serversOf({ dbhost, dbport }: { dbhost: string[]; dbport: number[] }): Server[] {
  return dbhost.map((host, index) => ({ host, port: dbport[index] ?? dbport[0] ?? 5432 }));
}

/** HOST:PORT, for messages. */
export function serverText({ host, port }: Server): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
