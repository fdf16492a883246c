import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { seedSql } from "../../src/compute/dispatcher/seed.js";
import { hostTemplates } from "../../src/do/assets.js";
import { withConnection } from "../../src/do/database/connect.js";
import { initDatabase } from "../../src/do/database/init.js";
import { readTable, readTableAndRoom } from "../../src/do/database/table.js";
import { startPostgres, type Postgres } from "../../src/lab/postgres.js";
import { certificate, type Certificate } from "../support/certificates.js";
import { eventually } from "../support/eventually.js";
import { databaseAt } from "../support/database-at.js";
import { fleetOf, reveal } from "../support/fleets.js";
import { boot, listOf, newRoot, script } from "../support/host-root.js";
import { startWatcher } from "../support/watch.js";

// Errors of a database, reported unchanged in one line with a hint: on the operator's machine and on hosts.

let own: Certificate;
let other: Certificate;
let postgres: Postgres;
let tlsOnly: Postgres;
let folder: string;
let root: string;
beforeAll(async () => {
  [own, other] = await Promise.all([certificate("database.test"), certificate("other.test")]);
  postgres = await startPostgres({ hba: ["host all outsider all reject"] });
  tlsOnly = await startPostgres({ tls: own });
  folder = mkdtempSync(join(tmpdir(), "database-says-"));
  await initDatabase(fleetOf({ database: access() }).database, reveal);
  root = await hostAt(access());
  await boot(root);
});
afterAll(async () => {
  await postgres.stop();
  await tlsOnly.stop();
  rmSync(folder, { recursive: true });
});

const access = (more: object = {}) => databaseAt(postgres, more);
const hostAt = (database: object) => newRoot(mkdtempSync(join(folder, "host-")), { database });
const connection = (more: object = {}) => fleetOf({ database: access(more) }).database;
const read = (more: object = {}) => readTable(connection(more), reveal);
const seed = async () => {
  const database = connection();
  const login = { user: "kamailio", password: database.dbpass_kam, database: "kamailio" };
  const sql = seedSql(fleetOf(), hostTemplates(), { again: "apply" });
  await withConnection(database, login, reveal, (client) => client.query(sql));
};

/** Checks the errors of an operator's command and of a host for the same fault. */
async function says(act: () => Promise<unknown>, [message, way]: [RegExp, RegExp], at = root) {
  const error = (await act().then(
    () => expect.fail("it succeeded"),
    (reason: unknown) => reason,
  )) as Error & { hint?: string };
  expect(error).toMatchObject({
    name: "UserError",
    message: expect.stringMatching(message) as string,
    hint: expect.stringMatching(way) as string,
  });
  expect(error.message).not.toContain("\n");
  const { exitCode, stdout } = await script(at, "database", { args: ["once", "60"] });
  expect(exitCode).not.toBe(0);
  const line = stdout
    .split("\n")
    .find((one) => /^sip-proxy: database kamailio at 127\.0\.0\.1:\d+: /.test(one));
  expect(line).toMatch(message);
  expect(line).toMatch(/ \([^()]+(\([^()]*\))?\)$/);
}

/** SQL that causes a fault, SQL that ends it, the operator's action, and the expected message and hint. */
const states: Record<string, [string, string, () => Promise<unknown>, [RegExp, RegExp]]> = {
  "a wrong password": [
    "ALTER ROLE kamailio PASSWORD 'another'",
    "ALTER ROLE kamailio PASSWORD 'secret'",
    read,
    [/password authentication failed/, /check the password/],
  ],
  "a role without LOGIN": [
    "ALTER ROLE kamailio NOLOGIN",
    "ALTER ROLE kamailio LOGIN",
    read,
    [/not permitted to log in/, /has LOGIN/],
  ],
  "no such role": [
    "ALTER ROLE kamailio RENAME TO somebody",
    "ALTER ROLE somebody RENAME TO kamailio; ALTER ROLE kamailio PASSWORD 'secret'",
    read,
    [/password authentication failed/, /that the role exists/],
  ],
  "no such database": [
    "ALTER DATABASE kamailio RENAME TO something",
    "ALTER DATABASE something RENAME TO kamailio",
    read,
    [/database "kamailio" does not exist/, /name of the database/],
  ],
  "too many connections": [
    "ALTER ROLE kamailio CONNECTION LIMIT 0",
    "ALTER ROLE kamailio CONNECTION LIMIT -1",
    read,
    [/too many connections for role/, /raise max_connections/],
  ],
  "a server that is read-only": [
    "ALTER ROLE kamailio SET default_transaction_read_only = on",
    "ALTER ROLE kamailio RESET default_transaction_read_only",
    seed,
    [/in a read-only transaction/, /set dbhost to the primary/],
  ],
};
/** The same for SQL in Kamailio's database. */
const inDatabase: typeof states = {
  "no right": [
    "ALTER TABLE dispatcher OWNER TO postgres",
    "ALTER TABLE dispatcher OWNER TO kamailio",
    seed,
    [/permission denied for table dispatcher/, /sip-proxy db init/],
  ],
  "a full disk": [
    `CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
       RAISE EXCEPTION 'could not extend file "base/1/2": No space left on device' USING ERRCODE = 'disk_full'; END$$;
     CREATE TRIGGER no_room BEFORE INSERT OR UPDATE ON version EXECUTE FUNCTION no_room()`,
    "DROP FUNCTION no_room() CASCADE",
    seed,
    [/No space left on device/, /free space/],
  ],
};

test.each(Object.entries(states))("%s", async (_, [make, end, act, told]) => {
  await postgres.query(make);
  try {
    await says(act, told);
  } finally {
    await postgres.query(end);
  }
});

test.each(Object.entries(inDatabase))("%s", async (_, [make, end, act, told]) => {
  await postgres.query(make, "kamailio");
  try {
    await says(act, told);
  } finally {
    await postgres.query(end, "kamailio");
  }
});

test.each([
  ["a statement that takes too long", "statement_timeout", /statement timeout/, /sessions that hold locks/],
  ["a lock that somebody holds", "lock_timeout", /lock timeout/, /idle transactions/],
])("%s", async (_, setting, message, way) => {
  const holder = await postgres.connect("kamailio");
  await holder.query("BEGIN; LOCK TABLE dispatcher");
  await postgres.query(`ALTER ROLE kamailio SET ${setting} = '100ms'`);
  try {
    await expect(read()).rejects.toMatchObject({
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(way) as string,
    });
  } finally {
    await holder.end();
    await postgres.query(`ALTER ROLE kamailio RESET ${setting}`);
  }
});

test("before the first boot there is no table, and validate is told so over one connection", async () => {
  const db_kam = "empty";
  await postgres.query(`CREATE DATABASE ${db_kam} OWNER kamailio`);
  expect(await readTableAndRoom(connection({ db_kam }), reveal)).toEqual({ allowed: 200, rows: undefined });
});

test("how many connections there may be: the server's, or fewer for the role", async () => {
  expect(await readTableAndRoom(connection(), reveal)).toHaveProperty("allowed", 200);
  await postgres.query("ALTER ROLE kamailio CONNECTION LIMIT 7");
  try {
    expect(await readTableAndRoom(connection(), reveal)).toHaveProperty("allowed", 7);
  } finally {
    await postgres.query("ALTER ROLE kamailio CONNECTION LIMIT -1");
  }
});

test("a role that pg_hba.conf keeps out", async () => {
  await postgres.query("CREATE ROLE outsider LOGIN PASSWORD 'secret'");
  const outside = await hostAt(access({ dbuser_kam: "outsider" }));
  await script(outside, "configure", { wait: 60 });
  await says(
    () => read({ dbuser_kam: "outsider" }),
    [/pg_hba\.conf rejects connection/, /check pg_hba\.conf/],
    outside,
  );
});

describe("a server with TLS alone", () => {
  interface Tls {
    dbsslmode?: string;
    /** The CA certificate that hosts and operators get. */
    issuer?: "own" | "other";
  }
  const over = ({ issuer, ...more }: Tls = {}) => {
    const dbsslrootcert = issuer && { own, other }[issuer].cert;
    return access({ dbport: tlsOnly.port, ...more, ...(issuer && { dbsslrootcert }) });
  };
  beforeAll(async () => {
    await initDatabase(fleetOf({ database: over() }).database, reveal);
  });

  test.each<[string, Tls]>([
    ["by default", {}],
    ["with require", { dbsslmode: "require" }],
    ["with verify-ca and its certificate", { dbsslmode: "verify-ca", issuer: "own" }],
  ])("takes db init, a boot, looks and readers %s", async (_, tls) => {
    const database = over(tls);
    expect(await initDatabase(fleetOf({ database }).database, reveal)).toMatchObject({
      database: "exists",
    });
    const at = await hostAt(database);
    await boot(at);
    expect(listOf(at)).toHaveLength(2);
    expect(await readTable(fleetOf({ database }).database, reveal)).toHaveLength(2);
    const watcher = startWatcher(at);
    await eventually(async () => expect(await watcher.look()).toMatchObject({ rows: 2, kept: true }));
    await watcher.stop();
  });

  test.each<[string, Tls, RegExp, RegExp]>([
    ["TLS that is not wanted", { dbsslmode: "disable" }, /no encryption/, /with or without TLS/],
    [
      "a certificate of somebody else",
      { dbsslmode: "verify-ca", issuer: "other" },
      /certificate/,
      /dbsslrootcert/,
    ],
    [
      "a certificate of another name",
      { dbsslmode: "verify-full", issuer: "own" },
      /altnames|does not match/,
      /name that is in/,
    ],
  ])("%s is told", async (_, tls, message, way) => {
    const database = over(tls);
    await expect(readTable(fleetOf({ database }).database, reveal)).rejects.toMatchObject({
      message: expect.stringMatching(message) as string,
      hint: expect.stringMatching(way) as string,
    });
    const at = await hostAt(database);
    await script(at, "configure", { wait: 60 });
    const { exitCode, stdout } = await script(at, "database", { args: ["once", "60"] });
    expect(exitCode).not.toBe(0);
    expect(stdout).toMatch(
      /^sip-proxy: database kamailio at .*(certificate|no encryption|does not match).* \(.+\)$/m,
    );
  });
});
